"""Where the rest of a process meets its flows. The parts behind are imported when they are first needed: most processes
serve no flow, and a cold start is its imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from queues.clock import OutOfTime, never
from queues.job import Job
from queues.settings import Settings

if TYPE_CHECKING:
    from queues.control.control import Control
    from queues.enqueue import Enqueuer
    from queues.flows.conductor import Conductor
    from queues.flows.flows import Flows

#: The word that a flow's jobs owe (debts.py).
WORD = "flow"


class Flowing:
    """What the flows of all tenants share."""

    def __init__(self, dynamodb: Any, settings: Settings, control: Control):
        self._db, self._settings, self._control = dynamodb, settings, control
        self._made: Conductor | None = None
        control.endings.debts.register(WORD, self._pay)

    def of(self, enqueuer: Enqueuer) -> Flows:
        """The flows of a tenant."""
        from queues.flows.flows import Flows

        return Flows(self._conductor(), enqueuer)

    async def round(self, out_of_time: OutOfTime = never) -> int:
        """Does what is owed to flows, of all tenants; answers to how many. Call it every few seconds."""
        return await self._conductor().round(out_of_time)

    async def _pay(self, job: Job) -> None:
        with self._control.endings.observer.following(job):
            await self._conductor().pay(job)

    def _conductor(self) -> Conductor:
        if self._made is None:
            from queues.flows.conductor import Conductor
            from queues.flows.start import Starter
            from queues.flows.steps import StepStore
            from queues.flows.store import FlowStore

            check_after = self._control.store.check_after
            steps = StepStore(self._db, self._settings, check_after)
            starter = Starter(self._control.endings, steps)
            self._made = Conductor(FlowStore(self._db, self._settings), steps, starter, self._control, check_after)
        return self._made
