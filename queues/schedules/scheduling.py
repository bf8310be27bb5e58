"""Where the rest of a process meets its schedules. The parts behind are imported when they are first needed: most
processes serve no tick and make no schedule, and a cold start is its imports."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from queues.settings import Settings
from queues.sqs import JobQueues

if TYPE_CHECKING:
    from queues.catalog import Catalog
    from queues.clock import Clock, OutOfTime
    from queues.control.bulk_store import BulkStore
    from queues.control.pauses import WhilePaused
    from queues.endings import Endings
    from queues.enqueue import Enqueuer
    from queues.schedules.changes import Changes
    from queues.schedules.eventbridge import EventBridge
    from queues.schedules.paused import PausedTimes
    from queues.schedules.schedules import Schedules
    from queues.schedules.store import ScheduleStore
    from queues.schedules.tick import Tick
    from queues.schedules.ticks import Ticks


@dataclass(frozen=True, slots=True)
class Scheduling:
    """What the schedules of all tenants share. `check_after`: as the jobs' store has it."""

    dynamodb: Any
    #: None in a process that makes no schedules.
    scheduler: Any
    queues: JobQueues
    settings: Settings
    check_after: int

    def of(self, enqueuer: Enqueuer) -> Schedules:
        """The schedules of a tenant."""
        from queues.schedules.schedules import Schedules

        return Schedules(self._store(), self._eventbridge(), enqueuer)

    def ticks(self, endings: Endings) -> Ticks:
        """What the runner does with ticks."""
        from queues.control.rows import ControlRows
        from queues.schedules.ticks import Ticks

        return Ticks(endings, self._store(), ControlRows(endings.store, self.dynamodb, self.settings))

    def changes(self, catalog: Catalog, tenant: str, clock: Clock) -> Changes:
        """A tenant's schedules as rows and code together say that they are."""
        from queues.schedules.changes import Changes

        return Changes(self._store(), self._eventbridge(), catalog, tenant, clock)

    def while_paused(self, endings: Endings, bulks: BulkStore) -> WhilePaused:
        """What a round does about schedules whose queues are paused."""
        made: list[PausedTimes] = []

        async def round(types: Collection[str], out_of_time: OutOfTime) -> int:
            if not made:
                from queues.schedules.paused import PausedTimes

                made.append(PausedTimes(self.ticks(endings), bulks))
            return await made[0].round(types, out_of_time)

        return round

    async def reconcile(self, catalog: Catalog, clock: Clock) -> None:
        """Brings the schedules that code declares up to date; see reconcile.py."""
        from queues.schedules.declared import TENANT
        from queues.schedules.reconcile import reconcile

        await reconcile(self.changes(catalog, TENANT, clock), self.settings.jobs)

    def _store(self) -> ScheduleStore:
        from queues.schedules.store import ScheduleStore

        return ScheduleStore(self.dynamodb, self.settings.table, self.check_after)

    def _eventbridge(self) -> EventBridge:
        from queues.schedules.eventbridge import EventBridge

        return EventBridge(self.scheduler, self.queues, self.settings)


def read_tick(body: str) -> Tick | None:
    """The tick that a message's body is, or None if it is none."""
    from queues.schedules import tick

    return tick.read_tick(body)
