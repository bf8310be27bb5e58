"""Runs the event source mappings of one engine: a poller for each enabled row whose function this process has.

The rows are the truth. A long wait inside the engine ends the moment one of them changes, and the pollers follow: a
mapping that was disabled or deleted stops polling at once, a changed one is replaced by a poller with the new settings.
Invocations under way are left to finish; their slots (slots.py) are not given to anybody else meanwhile.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import orjson

from infra.local.clients import DirectClient
from infra.local.engine import DEFAULT_ENDPOINT, Engine
from infra.local.errors import AwsError
from infra.local.lambda_.functions import Function
from infra.local.lambda_.invoker import Mapping
from infra.local.lambda_.level_slots import LevelSlots, SharedSlots
from infra.local.lambda_.mapping import EventSourceMapping
from infra.local.lambda_.patterns import filter_of
from infra.local.lambda_.slots import Slots
from infra.local.lambda_.wakes import MAPPINGS_CHANGED
from infra.local.request import Request, Wait
from queues.clock import Clock

log = logging.getLogger(__name__)

#: Milliseconds after which an undisturbed wait looks at the rows again.
LOOK_AGAIN = 3_600_000
#: Seconds after which a look that failed is repeated.
AFTER_FAILURE = 1.0
#: Seconds beyond a function's timeout that a replaced poller may take to put its invocations' ends away.
END_MARGIN = 30.0

#: Enabled mappings, with what their function has reserved (null: nothing).
ENABLED = """
SELECT m.uuid, m.region, m.function, m.source_arn, m.config, c.reserved
FROM lambda_mappings AS m LEFT JOIN lambda_concurrency AS c ON c.region = m.region AND c.function = m.function
WHERE m.enabled AND (m.transition IS NULL OR m.transition <> 'Deleting')
ORDER BY m.uuid
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An enabled row, as `ENABLED` finds it."""

    uuid: str
    region: str
    function: str
    source_arn: str
    #: JSON.
    config: str
    reserved: int | None


def watch(request: Request, params: dict[str, Any]) -> dict[str, Any] | Wait:
    """An operation of the pollers' own: the enabled mappings, once they are other than `params["seen"]`."""
    wanted = [Wanted(*row) for row in request.db.execute(ENABLED)]
    if wanted == params["seen"]:
        return Wait(MAPPINGS_CHANGED, request.now + LOOK_AGAIN, None)
    return {"wanted": wanted}


@dataclass(slots=True, eq=False)
class Poller:
    """A mapping at work."""

    wanted: Wanted
    mapping: EventSourceMapping
    task: asyncio.Task[None]
    #: Seconds that its invocations may need.
    patience: float


class Pollers:
    """`start()` them when the engine has its functions, and `stop()` them before it is closed."""

    def __init__(self, engine: Engine, *, clock: Clock, new_id: Callable[[], str]):
        self._engine = engine
        self._clock, self._new_id = clock, new_id
        self._pollers: dict[str, Poller] = {}
        self._slots: dict[str, Slots] = {}
        #: By the function's ARN: of those whose queues share them.
        self._shared: dict[str, SharedSlots] = {}
        #: Pollers that have been told to stop, and the tasks that see to it.
        self._ending: dict[Poller, asyncio.Task[None]] = {}
        self._follower: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins with the rows as they are."""
        self._follower = asyncio.create_task(self._follow())

    async def stop(self, grace: float) -> None:
        """Stops all polling at once and gives running invocations `grace` seconds; see EventSourceMapping.stop."""
        if self._follower is not None:
            self._follower.cancel()
            await asyncio.wait({self._follower})
        pollers = [*self._pollers.values(), *self._ending]
        await asyncio.gather(*(poller.mapping.stop(grace) for poller in pollers))
        for task in self._ending.values():
            task.cancel()
        await asyncio.gather(*(poller.task for poller in pollers), *self._ending.values(), return_exceptions=True)

    async def _follow(self) -> None:
        seen: list[Wanted] | None = None
        while True:
            try:
                # A closing engine answers a wait with nothing.
                seen = (await self._engine.submit(watch, {"seen": seen})).get("wanted", seen)
                self._obey(seen or [])
            except AwsError as error:
                log.warning("the event source mappings cannot be read: %s", error)
                await asyncio.sleep(AFTER_FAILURE)

    def _obey(self, rows: list[Wanted]) -> None:
        wanted = {row.uuid: row for row in rows if self._function(row) is not None}
        for uuid, poller in list(self._pollers.items()):
            if wanted.get(uuid) != poller.wanted:
                del self._pollers[uuid]
                self._end(poller)
        for uuid, row in wanted.items():
            function = self._function(row)
            if uuid not in self._pollers and function is not None:
                self._pollers[uuid] = self._begin(row, function)

    def _function(self, row: Wanted) -> Function | None:
        function = self._engine.functions.get(row.function)
        return function if function is not None and function.region == row.region else None

    def _begin(self, row: Wanted, function: Function) -> Poller:
        config = mapping_of(row, function)
        slots = self._slots_of(row, function)
        slots.resize(config.maximum_concurrency)
        mapping = EventSourceMapping(
            config,
            function.invoke,
            DirectClient(self._engine, "sqs", row.region, checked=False),
            clock=self._clock,
            new_id=self._new_id,
            slots=slots,
        )
        task = asyncio.create_task(mapping.run())
        return Poller(row, mapping, task, function.timeout + END_MARGIN)

    def _slots_of(self, row: Wanted, function: Function) -> Slots | LevelSlots:
        """The slots of a mapping: its own, or its level's part in those of the function."""
        if row.source_arn not in function.weights:
            return self._slots.setdefault(row.uuid, Slots(0))
        weights = function.weights
        shared = self._shared.setdefault(function.arn, SharedSlots(0, list(weights.values())))
        most = function.concurrency
        shared.resize(most if row.reserved is None else min(most, row.reserved))
        return shared.levels[list(weights).index(row.source_arn)]

    def _end(self, poller: Poller) -> None:
        task = asyncio.create_task(poller.mapping.stop(poller.patience))
        self._ending[poller] = task
        task.add_done_callback(lambda _: self._ending.pop(poller))


def mapping_of(row: Wanted, function: Function) -> Mapping:
    """A row in the terms of the poller."""
    config = orjson.loads(row.config)
    window = config["MaximumBatchingWindowInSeconds"]
    concurrency = config["ScalingConfig"].get("MaximumConcurrency", function.concurrency)
    account, queue = row.source_arn.split(":")[4:]
    return Mapping(
        queue_url=f"{DEFAULT_ENDPOINT}/{account}/{queue}",
        queue_arn=row.source_arn,
        function_name=row.function,
        function_arn=function.arn,
        region=row.region,
        batch_size=config["BatchSize"],
        batching_window=window,
        maximum_concurrency=concurrency if row.reserved is None else min(concurrency, row.reserved),
        function_timeout=function.timeout,
        visibility_timeout=None if function.lease is None else math.ceil(function.lease + window),
        reports_failures="ReportBatchItemFailures" in config["FunctionResponseTypes"],
        filter=filter_of(config["FilterCriteria"]),
    )
