"""IO: the way through a type's limits, which each of its attempts takes before it is claimed.

The job's row is read first: what does not wait takes nobody's place. Then the job takes a place in each limit's
row, in their order; where one is full, those it has taken are given back. Then it is claimed. A place is held under
the claim's name and for a lease, and the claim's own lease begins when the first place was taken, however long the
calls took; after the attempt the places are given back.

What holds if the process dies
- before a place is taken: nothing has happened. The message comes back.
- between place and claim: no attempt is counted. The place is taken for held until its time is over; whoever needs it
  then reads the job's row, which knows nothing of that claim, and takes it. A start that a rate has counted stays
  counted.
- between claim and end: the attempt ends as lost, with its lease, and the place with it.
- between settlement and giving back: the place is held until its time is over, one lease after it was taken or looked
  at.
A claim that comes after all, long after its place was taken, finds its own lease over and does not run (`runner.py`).
A bound may thus be missed downwards, for a lease; upwards never.

Clocks: hosts that disagree by a second or more may see each other's leases as over too early, here as everywhere.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import blake2b
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from queues.clock import Clock
from queues.deadline import too_late
from queues.errors import Unopenable, Unreadable
from queues.job import MARK, ErrorInfo, Job, Status
from queues.jobtype import JobType
from queues.outcome import Interrupted, Outcome, Refused
from queues.payloads import PLAIN, Payloads
from queues.store import JobStore, Unclaimed
from queues.throttle import slots, window
from queues.throttle.cells import Cells, Change, Contended
from queues.throttle.rule import Concurrency, Rate
from queues.throttle.scope import KeyFault, Scope, scopes_of
from queues.throttle.state import Answer, Ask, Full, Granted, State

log = logging.getLogger("jobyard.throttle")

#: Milliseconds after which a job asks again when its limit's row was too busy to answer; doubled at random.
BUSY = 1_000
#: Holders whose time is over that one request looks at: each costs the read of a job.
MAX_LOOKS = 25


#: Of holders, by name: the tag that was looked for, and until when it lives; None: it is gone.
Found = dict[str, tuple[str, int | None]]


@dataclass(slots=True)
class Held:
    """The places of one attempt."""

    #: Epoch ms: the time of its claim, and so of its start: when the first of its places was taken.
    at: int
    holder: str
    tag: str
    places: tuple[tuple[Scope, Granted], ...] = ()
    #: The data that they are for.
    data_json: str | None = None
    #: Why the job cannot be run at all.
    fault: Refused | None = None
    #: Whether its places were given back.
    left: bool = False

    def instead(self, claimed: Job) -> Outcome | None:
        """What the attempt comes to without being made, if the job is not what its places were taken for."""
        if self.fault is None and self.data_json not in (None, claimed.data_json):
            # A debounce gave it other data: it goes back, and takes the places of those.
            return Interrupted()
        return self.fault


@dataclass(slots=True)
class Throttle:
    """The limits of one process's job types."""

    store: JobStore
    cells: Cells
    clock: Clock
    #: Uniform in [0, 1).
    random: Callable[[], float]
    #: Milliseconds for which a claim holds.
    lease: int
    payloads: Payloads = PLAIN
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    #: By limit: a look at its holders that is under way, for all who need it.
    _looks: dict[str, asyncio.Task[Found]] = field(default_factory=dict)

    async def enter(self, job_type: JobType[Any, Any], tenant: str, job_id: str, name: str) -> Held | Full | Unclaimed:
        """Places for the claim `name` of a job, or when to ask again, or the job as it stands if it does not wait."""
        now = self.clock()
        job = await self.store.get(tenant, job_id, now)
        if job is None or job.status is not Status.WAITING:
            return Unclaimed(job)
        held = Held(now, f"{tenant}#{job_id}", tag_of(name))
        if too_late(job, now) is not None:
            # It will not be run.
            return held
        try:
            scopes = scopes_of(job_type, await self._readable(job_type, job))
        except (Unreadable, Unopenable):
            # Nor will this: the attempt says why.
            return held
        except KeyFault as error:
            return replace(held, fault=Refused(ErrorInfo("InvalidKey", str(error))))
        return await self._through(scopes, replace(held, data_json=job.data_json), tenant)

    async def _readable(self, job_type: JobType[Any, Any], job: Job) -> Job:
        """The job with its data, if that is elsewhere and a limit's key is made of it."""
        if job.data_json.startswith(MARK) and any(limit.key is not None for limit in job_type.options.limits):
            return replace(job, data_json=await self.payloads.data(job))
        return job

    async def _through(self, scopes: tuple[Scope, ...], held: Held, tenant: str) -> Held | Full:
        random = self.random()

        def ask() -> Ask:
            # When it is decided: the read before may have taken long, and what is counted is the start.
            now = self.clock()
            return Ask(held.holder, held.tag, tenant, now, now + self.lease, random)

        for scope in scopes:
            try:
                answer = await self._take(scope, ask)
            except Contended:
                answer = Full(self.clock() + round(BUSY * (1 + random)))
            except asyncio.CancelledError:
                # The process is stopping. The place may yet be taken: it is given back after that.
                taken = replace(held, places=(*held.places, (scope, Granted(held.at))))
                self._apart(self.undo(taken, sure=False))
                raise
            if isinstance(answer, Full):
                await self.undo(held)
                return answer
            held = replace(held, places=(*held.places, (scope, answer)))
        # The claim's lease is over no later than any place's time.
        return replace(held, at=min((granted.at for _, granted in held.places), default=held.at))

    async def _take(self, scope: Scope, ask: Callable[[], Ask]) -> Answer:
        rule = scope.limit
        if isinstance(rule, Rate):
            return await self.cells.change(scope.pk, lambda state: _change(state, window.take(rule, state, ask())))
        answer = await self.cells.change(scope.pk, lambda state: _change(state, slots.take(rule, state, ask())))
        if isinstance(answer, Full) and answer.overdue:
            found = await self._looked(scope.pk, answer.overdue[:MAX_LOOKS], self.clock())
            answer = await self.cells.change(
                scope.pk, lambda state: _change(state, slots.take(rule, slots.seen(state, found), ask()))
            )
        return answer

    async def _looked(self, pk: str, names: tuple[str, ...], now: int) -> Found:
        look = self._looks.get(pk)
        if look is None:
            look = self._looks[pk] = asyncio.get_running_loop().create_task(self._look(pk, names, now))
            look.add_done_callback(lambda _: self._looks.pop(pk))
        return await asyncio.shield(look)

    async def _look(self, pk: str, names: tuple[str, ...], now: int) -> Found:
        """Until when those who hold a place live, as their jobs' rows say."""
        holders = (await self.cells.rows.read(pk)).state.holders
        there = [(name, holders[name]) for name in names if name in holders]
        pairs = [name.split("#", 1) for name, _ in there]
        jobs = await asyncio.gather(*(self.store.get(tenant, job_id, now) for tenant, job_id in pairs))
        return {
            name: (holder.tag, _lives_until(job, holder.tag, now))
            for (name, holder), job in zip(there, jobs, strict=True)
        }

    async def leave(self, held: Held) -> None:
        """The attempt is over: its places are free. What does not work now does so when their time is over.

        Before the job's message is seen to: its next attempt may ask at once, and must not meet the last one's place.
        """
        if held.left:
            return
        held.left, now = True, self.clock()
        for scope, _ in held.places:
            if isinstance(scope.limit, Concurrency):
                await self._free(scope, partial(slots.leave, name=held.holder, tag=held.tag, now=now, ran=True))

    async def undo(self, held: Held, *, sure: bool = True) -> None:
        """The attempt did not take place: its places are free, and its starts do not count.

        Not `sure`: whether they were taken at all is not known; what cannot be told apart stays counted.
        """
        for scope, granted in held.places:
            rule = scope.limit
            if isinstance(rule, Concurrency):
                free = partial(slots.leave, name=held.holder, tag=held.tag, now=held.at, ran=False)
                await self._free(scope, free)
            elif sure:
                await self._free(scope, partial(_give_back, rule=rule, at=granted.at))

    async def _free(self, scope: Scope, free: Callable[[State], State]) -> None:
        try:
            await self.cells.change(scope.pk, lambda state: Change(free(state), None))
        except (Contended, ClientError, BotoCoreError, OSError) as error:
            log.warning("a place of limit %s is not given back before its time is over: %s", scope.pk, error)

    def _apart(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def tag_of(name: str) -> str:
    """A claim's name in short, for a row that holds many of them."""
    return blake2b(name.encode(), digest_size=6).hexdigest()


def _lives_until(job: Job | None, tag: str, now: int) -> int | None:
    if job is None or job.status is not Status.ACTIVE or job.lease_until is None or job.lease_until <= now:
        return None
    return job.lease_until if job.worker is not None and tag_of(job.worker) == tag else None


def _change(before: State, after: tuple[State, Answer]) -> Change[Answer]:
    state, answer = after
    return Change(state, answer, binding=isinstance(answer, Granted))


def _give_back(state: State, *, rule: Rate, at: int) -> State:
    return window.give_back(rule, state, at)
