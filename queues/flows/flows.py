"""IO: what users call to start, see and change the flows of one tenant: `queue.flows`."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from queues.audit.acting import Acting, audited
from queues.enqueue import Enqueuer
from queues.errors import FlowNotFound, InvalidOption, WrongFlowStatus
from queues.flows.conductor import Conductor
from queues.flows.flow import MAX_LIMIT, Flow
from queues.flows.plan import plan_of
from queues.flows.state import FlowState, Phase, StepState, job_id
from queues.job import Job
from queues.rows import partition_key

#: Seconds between two looks of `wait`, at first and at the most.
FIRST_LOOK, SLOWEST_LOOK = 0.01, 0.5
#: How often a flow may change under one request.
TRIES = 5
_FLOW_ID = re.compile(r"[A-Za-z0-9_-]{1,48}")


@dataclass(frozen=True, slots=True)
class FlowPage:
    """Some flows, and the id before which there are more; None at the end."""

    flows: list[FlowState]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class ShownStep:
    """A step, and its job as it stands; None if it has none yet, or none any more."""

    step: StepState
    job_id: str
    job: Job | None


class Flows:
    """All methods may raise botocore's errors besides those that they name; `flow_id` is always a flow's."""

    def __init__(self, conductor: Conductor, enqueuer: Enqueuer):
        self._conductor, self._enqueuer, self._clock = conductor, enqueuer, enqueuer.clock
        self._tenant = enqueuer.tenant
        #: In whose name control actions are recorded, if in anybody's.
        self.acting: Acting | None = None

    async def start(self, flow: Flow, *, flow_id: str | None = None, by: str | None = None) -> FlowState:
        """Starts a flow; when this returns, it will come to its end. `by` says who started it.

        With a `flow_id` (1 to 48 of A-Z a-z 0-9 _ -) that is taken, the flow that has it is the answer. UnknownJobType,
        InvalidData, InvalidOption, PayloadTooLarge say why not.
        """
        if flow_id is not None and not _FLOW_ID.fullmatch(flow_id):
            raise InvalidOption("flowId", flow_id, "use 1 to 48 of the characters A-Z a-z 0-9 _ -")
        plan, now, making = plan_of(flow, self._enqueuer.catalog), self._clock(), self._enqueuer.new_id()
        new = FlowState(
            id=flow_id or making,
            tenant=self._tenant,
            name=plan.name,
            on_failure=plan.on_failure,
            on_end=plan.on_end,
            making=making,
            phase=Phase.RUNNING,
            total=len(plan.nodes),
            created_at=now,
            created_by=by,
            due=now + self._conductor.check_after,
        )
        await self._enqueuer.store.add_tenant(self._tenant)
        there = await self._conductor.flows.add(new, plan, now)
        if there is not None:
            return there
        with self._enqueuer.observer.starting(new.id, self._tenant, new.total):
            return await self._conductor.work(new) or await self.get(new.id)

    async def get(self, flow_id: str) -> FlowState:
        """The flow as it stands, or FlowNotFound."""
        found = await self._conductor.flows.get(self._tenant, flow_id, self._clock())
        if found is None:
            raise FlowNotFound(flow_id)
        return found

    async def list(self, *, limit: int = 50, cursor: str | None = None) -> FlowPage:
        """One page of flows, the last id first: of ids that were not chosen, the newest. InvalidOption."""
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidOption("limit", limit, f"give 1 to {MAX_LIMIT}")
        if cursor is not None and not _FLOW_ID.fullmatch(cursor):
            raise InvalidOption("cursor", cursor[:80], "pass the cursor of the page before")
        return FlowPage(*await self._conductor.flows.page(self._tenant, cursor, limit, self._clock()))

    async def steps(self, flow_id: str, *, limit: int = 100, after: int = -1) -> Sequence[ShownStep]:
        """Steps and their jobs, in their order, from the one after that place on. FlowNotFound, InvalidOption."""
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidOption("limit", limit, f"give 1 to {MAX_LIMIT}")
        flow = await self.get(flow_id)
        found = [(step, job_id(flow, step)) for step in await self._conductor.steps.steps(flow, after, limit)]
        store, now = self._enqueuer.store, self._clock()
        jobs = {job.id: job for job in await store.rows(map(self._entry, (name for _, name in found)), now)}
        mine = {name: job for name, job in jobs.items() if job.flow_id == flow.id}
        return [ShownStep(step, name, mine.get(name)) for step, name in found]

    def _entry(self, job_id: str) -> dict[str, dict[str, str]]:
        return {"pk": {"S": partition_key(self._tenant, job_id)}}

    async def wait(
        self, flow_id: str, *, timeout: float | None = None, on_progress: Callable[[FlowState], None] | None = None
    ) -> FlowState:
        """Waits until the flow has ended; `on_progress` sees each look. TimeoutError after `timeout` seconds."""
        pause = FIRST_LOOK
        async with asyncio.timeout(timeout):
            while True:
                flow = await self.get(flow_id)
                if on_progress is not None:
                    on_progress(flow)
                if flow.ended:
                    return flow
                await asyncio.sleep(pause)
                pause = min(SLOWEST_LOOK, pause * 1.5)

    @audited("flow.cancel", "flow_id")
    async def cancel(self, flow_id: str) -> FlowState:
        """Cancels a flow: starts no further step, cancels what waits, asks what runs to end. FlowNotFound,
        WrongFlowStatus."""
        for _ in range(TRIES):
            flow = await self.get(flow_id)
            if flow.phase in (Phase.STOPPING, Phase.CANCELLED):
                return flow
            if flow.phase is not Phase.RUNNING:
                raise WrongFlowStatus(flow.id, flow.phase, "cancel", "running")
            if await self._conductor.enter(flow, Phase.STOPPING, outcome=Phase.CANCELLED) is not None:
                break
        return await self.get(flow_id)

    @audited("flow.retry", "flow_id")
    async def retry(self, flow_id: str) -> FlowState:
        """Runs the steps of a flow that have failed, were cancelled or undone once more, as new jobs, and what comes
        after them. FlowNotFound, WrongFlowStatus."""
        flow = await self.get(flow_id)
        if not flow.ended or not flow.failed + flow.cancelled:
            raise WrongFlowStatus(flow.id, flow.phase, "retry", "ended with steps that have failed or were cancelled")
        if await self._conductor.enter(flow, Phase.RESETTING) is None:
            raise WrongFlowStatus(flow.id, "on its way", "retry", "at rest; somebody else was faster")
        return await self.get(flow_id)
