"""Runs what is due, one message after the other, through the very parts that production uses.

For each enabled event source mapping: receive, build the event, invoke the Lambda entry point, settle the row, delete
or hide the message; then a round of the reaper and of the dead-letter consumer. A mapping that is disabled is not
polled, as a paused queue is not. Only what a worker does side by side is done in order: functions by their names,
messages as they are received, one invocation at a time.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from infra.local.engine import Engine
from infra.local.lambda_.functions import Function, Invoke
from infra.local.lambda_.mapping import EventSourceMapping
from infra.local.lambda_.pollers import Wanted, mapping_of, watch
from infra.local.sqs.ahead import occupied as occupied_queues
from queues.clock import Clock
from queues.job import Attempt, Envelope, Job
from queues.runtime import Runtime
from queues.testing.errors import NeverEnds

#: A queue by its region and name.
Place = tuple[str, str]

#: Types that an endless drain names, the most frequent first.
NAMED = 3


@dataclass(frozen=True, slots=True, repr=False)
class Ran:
    """One attempt that was made, and the job as it stood right after it."""

    job: Job
    attempt: Attempt

    @property
    def type(self) -> str:
        return self.job.type

    @property
    def outcome(self) -> str:
        """completed, failed, timeout, lost, discarded, snoozed, cancelled, invalid, expired, newer or interrupted."""
        return self.attempt.outcome or ""

    @property
    def error(self) -> str | None:
        """What went wrong, as `Type: message`."""
        return self.attempt.error

    @property
    def result(self) -> Any:
        """What the handler returned, as plain JSON values."""
        return self.job.result

    def __repr__(self) -> str:
        error = f", {self.error}" if self.error else ""
        return f"<{self.type} {self.job.id} attempt {self.attempt.number}: {self.outcome}{error}>"


class Drain:
    """All the work of a worker, done when it is asked for."""

    def __init__(self, engine: Engine, runtime: Runtime, client: Callable[[str], Any], clock: Clock, seed: int):
        """`client` makes an SQS client for a region."""
        self._engine, self._runtime, self._client, self._clock = engine, runtime, client, clock
        self._random = random.Random(seed).random  # noqa: S311 (jitter)

    async def run(self, limit: int) -> list[Ran]:
        """Goes on until nothing is due; NeverEnds once more than `limit` messages were delivered."""
        ran: list[Ran] = []
        delivered = 0
        while True:
            occupied = (await self._engine.submit(occupied_queues, {}))["queues"]
            count = 0
            for mapping in await self._mappings(occupied, ran):
                count += await mapping.once()
                if delivered + count > limit:
                    raise NeverEnds(_endless(limit, ran))
            delivered += count
            if not count and not await self._maintain(occupied):
                return ran

    async def _mappings(self, occupied: set[Place], ran: list[Ran]) -> list[EventSourceMapping]:
        rows: list[Wanted] = (await self._engine.submit(watch, {"seen": None}))["wanted"]
        found = [(row, self._engine.functions.get(row.function)) for row in rows if _place(row.source_arn) in occupied]
        return [
            self._mapping(row, function, ran)
            for row, function in sorted(found, key=_turn)
            if function is not None and function.region == row.region
        ]

    def _mapping(self, row: Wanted, function: Function, ran: list[Ran]) -> EventSourceMapping:
        # While the clock stands there is nothing to gather a batch from, later.
        config = replace(mapping_of(row, function), maximum_concurrency=1, batching_window=0)
        return EventSourceMapping(
            config,
            self._recorded(function.invoke, ran),
            self._client(row.region),
            clock=self._clock,
            new_id=self._engine.new_id,
            random=self._random,
        )

    def _recorded(self, invoke: Invoke, ran: list[Ran]) -> Invoke:
        """The function, which notes what became of the jobs that it was invoked with."""

        async def invoke_and_look(event: Any, context: Any) -> Any:
            names = [name for record in event["Records"] if (name := _job_named(record["body"])) is not None]
            before = {name: job.attempt for name in names if (job := await self._look(name)) is not None}
            try:
                return await invoke(event, context)
            finally:
                for name, attempt in before.items():
                    job = await self._look(name)
                    if job is not None:
                        ran.extend(Ran(job, made) for made in job.history if made.number > attempt)

        return invoke_and_look

    async def _look(self, name: tuple[str, str]) -> Job | None:
        return await self._runtime.store.get(*name, self._clock())

    async def _maintain(self, occupied: set[Place]) -> bool:
        """One round of what mends; whether it changed anything."""
        settings, names = self._runtime.settings, self._runtime.catalog.names
        reaped = await self._runtime.reaper.round()
        letters = any((settings.region, settings.dead_letter_queue(name)) in occupied for name in names)
        changed = await self._runtime.dead_letters.round() if letters else 0
        return bool(reaped.lost or reaped.resent or reaped.buried or changed)


def _turn(pair: tuple[Wanted, Function | None]) -> tuple[str, int]:
    """Functions by their names; the queues of one, which are its levels of priority, the most urgent first."""
    row, function = pair
    levels = list(function.weights) if function is not None else []
    return row.function, levels.index(row.source_arn) if row.source_arn in levels else 0


def _place(queue_arn: str) -> Place:
    _, _, _, region, _, name = queue_arn.split(":")
    return region, name


def _job_named(body: str) -> tuple[str, str] | None:
    """Tenant and id of the job that a message stands for, if it does for one."""
    try:
        envelope = Envelope.decode(body)
    except ValueError:
        return None
    return envelope.tenant, envelope.id


def _endless(limit: int, ran: list[Ran]) -> str:
    counts = Counter(one.type for one in ran).most_common(NAMED)
    most = ", ".join(f"{count} of {name!r}" for name, count in counts) or "none of a job"
    return (
        f"more than {limit} messages were delivered ({most}) and there are more; "
        "if no job enqueues or snoozes itself for ever, allow more with limit="
    )
