"""IO: rounds that remove what is one too many, and what TTL has left lying.

A round goes through all tenants' completed, failed and cancelled jobs, a partition of the index after the other, by
which all of its shards are meant here. A partition is counted in one go, so that what is retried or deleted between two
rounds is not counted; if there is no time for that, the next round begins it anew.

What holds if the process dies
- between two deletions: what is gone is gone, what is left is as much one too many as it was. Another process takes the
  round over once the hold on it has run out, from the partition that was saved last.
- between a deletion and its answer: the same; the counts of what was removed leave that one out.
- after the last deletion, before that is saved: the partitions since are gone through once more, and nothing is found.
- before its run's beginning or its end is remembered: the run is not told of, or told of as lost.
A run that cannot be remembered is made all the same.

Left to TTL alone, since no index finds them: keys of unique jobs and operations on many jobs that have ended. Never
removed are tenants, since processes remember those that they have made known; paused queues; and schedules.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from queues.catalog import Catalog
from queues.cleaning.rows import HOLD, CleanerRows, Turn
from queues.cleaning.rule import ENDS, OVERDUE, Rule, rule_of
from queues.cleaning.run import Cleaned, End, Run
from queues.cleaning.walk import walk
from queues.clock import Clock, OutOfTime, never
from queues.job import Status
from queues.shards import partition
from queues.store import JobStore

if TYPE_CHECKING:
    from queues.runtime import Runtime

log = logging.getLogger("jobyard.cleaner")

#: Rows deleted together, and rows a second at the most: half of what one partition of the index takes, so that jobs of
#: the same tenant can end meanwhile. (DynamoDB quotas: 1,000 write units a second for a partition)
CHUNK = 100
DELETES_A_SECOND = 500
#: Milliseconds after which it is saved how far a round is.
SAVE_AFTER = 30_000


def cleaner_of(runtime: Runtime) -> Cleaner:
    """A process's cleaner. No part of the runtime: functions and the API start without it."""
    rows = CleanerRows(runtime.clients.dynamodb, runtime.settings)
    clock, every = runtime.runner.endings.clock, runtime.settings.clean_every
    return Cleaner(runtime.store, rows, runtime.catalog, clock, runtime.runner.worker, every)


class _TakenOver(Exception):
    """Another process has the round by now."""


@dataclass(frozen=True, slots=True)
class _Partition:
    """One tenant's jobs of one end, in all shards."""

    tenant: str
    shards: int
    end: Status

    @property
    def place(self) -> str:
        """Its place in a round, however many shards it has."""
        return partition(self.tenant, self.end.value, 0)


@dataclass(slots=True)
class Cleaner:
    """Call `round` every `every` seconds; several cleaners at once do no harm, and one of them works."""

    store: JobStore
    rows: CleanerRows
    catalog: Catalog
    clock: Clock
    #: This process's name.
    holder: str
    #: Seconds.
    every: float
    _saved_at: int = 0

    async def round(self, out_of_time: OutOfTime = never, *, anyway: bool = False) -> Cleaned | None:
        """One round over all tenants, or until `out_of_time`: the next call goes on there. None if another process is
        at it, or, unless `anyway`, the last round began less than half of `every` ago."""
        now = self.clock()
        turn = await self.rows.take(self.holder, now, now if anyway else now - round(self.every * 500))
        if turn is None:
            return None
        self._saved_at = now
        done = Cleaned()
        run = Run(begun_at=now, by=self.holder, by_hand=anyway, done=done)
        await self._remember(run)
        try:
            place = await self._go_on(turn, done, out_of_time)
        except _TakenOver:
            log.warning("another process has taken the cleaning over")
            await self._remember(run.ended(End.TAKEN_OVER, self.clock()))
            return done
        except Exception as error:
            await self._remember(run.ended(End.FAILED, self.clock(), error))
            raise
        # First, so that a run that has ended never looks as if its process had died.
        await self._remember(run.ended(End.CUT if place else End.DONE, self.clock()))
        await self.rows.save(Turn(turn.begun_at, place), self.holder, 0)
        if done.types:
            log.info("removed %d jobs beyond their type's count, %d overdue", done.over_count, done.overdue)
        return done

    async def _remember(self, run: Run) -> None:
        try:
            await self.rows.remember(run)
        except (ClientError, BotoCoreError, OSError) as error:
            log.warning("a run of the cleaner is not remembered as %s: %s", run.end, error)

    async def count(self) -> Cleaned:
        """What a round would remove now, without doing it. Of what is overdue it may be less."""
        done, rules, now = Cleaned(), self._rules(), self.clock()
        for one in await self._partitions():
            async for found in walk(self.store, one.tenant, one.shards, one.end, rules[one.end], now):
                done.looked_at += found.looked_at
                done.add(found.entries, found.entries, overdue=found.overdue)
        return done

    def _rules(self) -> dict[Status, Rule]:
        return {end: rule_of(self.catalog, end) for end in ENDS}

    async def _partitions(self) -> list[_Partition]:
        tenants = await self.store.tenants()
        found = [_Partition(tenant, shards, end) for tenant, shards in tenants.items() for end in ENDS]
        return sorted(found, key=lambda one: one.place)

    async def _go_on(self, turn: Turn, done: Cleaned, out_of_time: OutOfTime) -> str:
        """Answers the partition at which it ran out of time; nothing at the end."""
        rules = self._rules()
        left = [one for one in await self._partitions() if one.place >= turn.place]
        for index, one in enumerate(left):
            here = Turn(turn.begun_at, one.place)
            if out_of_time():
                return here.place
            try:
                complete = await self._partition(one, rules[one.end], here, done, out_of_time)
            except (ClientError, BotoCoreError, OSError) as error:
                log.warning("ended jobs in %s: will be looked at again: %s", here.place, error)
                done.skip(here.place, error)
                continue
            if complete:
                continue
            if index > 0:
                return here.place
            # It had all the time that there was. The others must not wait for it for ever.
            log.warning("%s has more ended jobs than can be counted in one round's time", here.place)
            return left[1].place if len(left) > 1 else ""
        return ""

    async def _partition(self, one: _Partition, rule: Rule, here: Turn, done: Cleaned, out_of_time: OutOfTime) -> bool:
        """Whether it came to the end of it."""
        now = self.clock()
        async with aclosing(walk(self.store, one.tenant, one.shards, one.end, rule, now)) as pages:
            async for found in pages:
                done.looked_at += found.looked_at
                for at in range(0, len(found.entries), CHUNK):
                    chunk = found.entries[at : at + CHUNK]
                    gone = await self.rows.delete(chunk, (now - OVERDUE) // 1000 if found.overdue else None)
                    done.add(chunk, gone, overdue=found.overdue)
                    await self._hold(here)
                    if out_of_time():
                        return False
                    await asyncio.sleep(len(chunk) / DELETES_A_SECOND)
                await self._hold(here)
                if out_of_time():
                    return False
        return True

    async def _hold(self, here: Turn) -> None:
        """Says from time to time that it is still at it, and where."""
        now = self.clock()
        if now - self._saved_at < SAVE_AFTER:
            return
        self._saved_at = now
        if not await self.rows.save(here, self.holder, now + HOLD):
            raise _TakenOver
