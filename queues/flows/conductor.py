"""IO: takes flows on: notes how their steps have ended, starts what that makes ready, stops, undoes, resets, ends them.

Every step's job owes the word `flow` (debts.py): whatever ends it, `pay` is called until all that follows is done.
Everything here is safe to repeat: ends are counted once (steps.py), a step starts once, jobs have ids of their own, and
a flow's phase changes by conditional writes.

What holds if the process dies
- before the note of a step's end: the job still owes it; the reaper pays.
- between the note and the starts that follow: the same. The note is not repeated, the starts are.
- between a change of phase and its work: the flow is owed something, and a round does the work.
- between a flow's steps and its own row: nothing was promised; rows of steps that nobody looks at go after a year.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from queues.clock import OutOfTime, never
from queues.control.control import Control
from queues.errors import JobyardError, WrongStatus
from queues.flows.flow import MAX_STEPS
from queues.flows.rows import place_of
from queues.flows.start import Starter, ended_step
from queues.flows.state import (
    KEEP_SECONDS,
    FlowState,
    Phase,
    Place,
    StepState,
    StepStatus,
    Verdict,
    again,
    end_of,
    judge,
)
from queues.flows.steps import MARKS, PAGE, End, StepStore
from queues.flows.store import FlowStore
from queues.flows.transaction import Gone
from queues.job import Job, Status
from queues.rows import number, string

log = logging.getLogger("jobyard.flows")

#: Steps up to which whoever changes a flow's phase does the work at once; that of a larger one is left to the rounds,
#: so that no job and no request has to wait for it.
AT_ONCE = 300
_STATUSES = {
    Status.COMPLETED: StepStatus.COMPLETED,
    Status.FAILED: StepStatus.FAILED,
    Status.CANCELLED: StepStatus.CANCELLED,
}
#: A job that has ended, its place, and, once that is noted, what follows from it: one task for all that go together.
_Paid = tuple[Place, Job, "asyncio.Future[asyncio.Task[None]]"]


@dataclass(slots=True)
class Conductor:
    """One a process."""

    flows: FlowStore
    steps: StepStore
    starter: Starter
    control: Control
    #: Milliseconds after which a round looks at a flow whose work was begun by somebody else.
    check_after: int
    #: Ends of jobs that wait until those before them are noted, by tenant and making.
    _waiting: dict[tuple[str, str, str], list[_Paid]] = field(default_factory=dict)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    # --- a member has ended ---------------------------------------------------------------------------------

    async def pay(self, job: Job) -> None:
        """Does what follows from the end of a flow's job. Safe to repeat."""
        assert job.flow is not None
        place = Place.decode(job.flow)
        if place.undo:
            await self._undone(job, place)
            return
        key = (job.tenant, place.flow_id, place.making)
        noted: asyncio.Future[asyncio.Task[None]] = asyncio.get_running_loop().create_future()
        if key in self._waiting:
            self._waiting[key].append((place, job, noted))
        else:
            self._waiting[key] = [(place, job, noted)]
            self._task(self._note_all(key))
        # Whoever waits may be told to stop, and must not take the others' work along.
        await asyncio.shield(await noted)

    def _task(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _note_all(self, key: tuple[str, str, str]) -> None:
        # What comes in the same turn of the loop, and while others are written, goes together.
        await asyncio.sleep(0)
        waiting = self._waiting[key]
        while waiting:
            batch, waiting[:] = waiting[:MARKS], waiting[MARKS:]
            try:
                following = self._task(self._follow(await self._note(key[0], batch)))
            except BaseException as error:
                for _, _, noted in batch:
                    if not noted.done():
                        noted.set_exception(error)
            else:
                for _, _, noted in batch:
                    if not noted.done():
                        noted.set_result(following)
        del self._waiting[key]

    async def _note(self, tenant: str, batch: list[_Paid]) -> FlowState | None:
        """Notes how these steps have ended, and starts what that makes ready; answers the flow as it then is."""
        place = batch[0][0]
        flow = await self._get(tenant, place)
        if flow is None:
            return None
        known = await self.steps.steps_at(tenant, place, (one.order for one, _, _ in batch))
        ends = {
            one.order: _end(known[one.order], job)
            for one, job, _ in batch
            if one.order in known and ended_step(known[one.order], one)
        }
        try:
            await self.steps.mark(flow, list(ends.values()))
        except Gone:
            return None
        flow = await self._get(tenant, place)
        following = {order for step in known.values() for order in (*step.node.feeds, *step.node.counts_for)}
        if flow is None or not following or flow.phase is not Phase.RUNNING or judge(flow) is Verdict.STOP:
            return flow
        await self.starter.ready_ones(flow, following)
        return await self._get(tenant, place)

    async def _follow(self, flow: FlowState | None) -> None:
        """Brings a flow into the phase that its counts ask for."""
        while flow is not None and (verdict := judge(flow)) is not Verdict.GO_ON:
            phase, outcome = (Phase.STOPPING, Phase.FAILED) if verdict is Verdict.STOP else (end_of(flow), None)
            if phase is Phase.UNDOING:
                outcome = Phase.FAILED
            if await self.enter(flow, phase, outcome=outcome) is not None:
                return
            flow = await self._get(flow.tenant, place_of(flow))

    async def enter(self, flow: FlowState, phase: Phase, *, outcome: Phase | None = None) -> FlowState | None:
        """Brings a flow into a phase and does the work that this asks for; None if somebody else has changed it."""
        now = self.starter.endings.clock()
        at_once = flow.total <= AT_ONCE or phase not in (Phase.STOPPING, Phase.RESETTING)
        values = {"phase": string(phase.value)}
        removes: list[str] = []
        if outcome is not None:
            values["outcome"] = string(outcome.value)
        due: int | None = now + self.check_after if at_once else now
        if phase is Phase.RESETTING:
            values["round"] = number(flow.round + 1)
            removes = ["outcome", "ended_at", "expires_at"]
        if phase in (Phase.COMPLETED, Phase.FAILED, Phase.CANCELLED):
            values |= {"ended_at": number(now), "expires_at": number(now // 1000 + KEEP_SECONDS)}
            due = due if flow.on_end is not None else None
        changed = await self.flows.change(flow, values, due=due, removes=removes)
        if changed is None or changed.due is None or not at_once:
            return changed
        return await self.work(changed) or changed

    # --- what is owed to a flow -----------------------------------------------------------------------------

    async def round(self, out_of_time: OutOfTime = never) -> int:
        """Does what is owed to flows and was cut short, or was left to the rounds; answers to how many."""
        done = 0
        for tenant, flow_id in await self.flows.owed(self.starter.endings.clock()):
            if out_of_time():
                break
            try:
                now = self.starter.endings.clock()
                flow = await self.flows.get(tenant, flow_id, now)
                if flow is None or flow.due is None:
                    continue
                taken = await self.flows.change(flow, {}, due=now + self.check_after, if_due=flow.due)
                if taken is not None:
                    await self.work(taken)
                    done += 1
            except (ClientError, BotoCoreError, OSError, JobyardError, Gone) as error:
                log.warning("flow %s: will be looked at again: %s", flow_id, error)
        return done

    async def work(self, flow: FlowState) -> FlowState | None:
        """Does what is owed to a flow in its phase, and notes that; None if somebody has changed its phase."""
        match flow.phase:
            case Phase.RUNNING:
                await self._start_all(flow)
            case Phase.STOPPING:
                await self._stop_all(flow)
            case Phase.RESETTING:
                await self._reset_all(flow)
                changed = await self.flows.change(flow, {"phase": string(Phase.RUNNING.value)}, due=flow.due)
                return None if changed is None else await self.work(changed)
            case Phase.UNDOING:
                return await self._undo_next(flow, MAX_STEPS)
            case Phase.COMPLETED | Phase.FAILED | Phase.CANCELLED:
                await self._last(flow)
        return await self._let_go(flow)

    async def _let_go(self, flow: FlowState) -> FlowState | None:
        """Notes that nothing is owed to a flow any more, if its counts ask for nothing; else does that first, since
        they may have come to their end while nobody but this process could act on it. None as `work`."""
        while True:
            seen = await self._get(flow.tenant, place_of(flow))
            if seen is None or (seen.phase, seen.round) != (flow.phase, flow.round):
                return None
            if judge(seen) is not Verdict.GO_ON:
                await self._follow(seen)
                return await self._get(flow.tenant, place_of(flow))
            changed = await self.flows.change(seen, {}, due=None, if_counts=True)
            if changed is not None:
                return changed

    async def _start_all(self, flow: FlowState) -> None:
        async for page in self._pages(flow):
            started = [step for step in page if step.started and step.status is StepStatus.PENDING]
            await self._put(flow, started)
            await self.starter.ready_ones(flow, [step.node.order for step in page if step.waits])

    async def _stop_all(self, flow: FlowState) -> None:
        """Cancels every step that has not ended: those that have a job with it, the others for good."""
        async for page in self._pages(flow):
            waiting = [End(step, StepStatus.CANCELLED) for step in page if step.waits]
            await self.steps.mark(flow, waiting, started=False)
            if waiting:
                # One that was started between look and note has a job now.
                page = list((await self.steps.steps_at(flow.tenant, place_of(flow), _orders(page))).values())
            jobs = await self._put(flow, [one for one in page if one.started and one.status is StepStatus.PENDING])
            await asyncio.gather(*(self._cancel(job) for job in jobs))

    async def _cancel(self, job: Job) -> None:
        try:
            await self.control.cancel(job, "its flow")
        except WrongStatus as met:
            # It has ended meanwhile; its debt is paid by whoever ended it.
            log.debug("%s", met)

    async def _put(self, flow: FlowState, started: list[StepState]) -> list[Job]:
        return await self.starter.first(flow, started) if started else []

    async def _reset_all(self, flow: FlowState) -> None:
        async for page in self._pages(flow):
            await self.steps.reset(flow, [step for step in page if again(step, flow.round)])

    async def _undo_next(self, flow: FlowState, before: int) -> FlowState | None:
        """Begins to undo the last step before that place that is to be undone; after the first one, the flow ends."""
        while page := await self.steps.steps_before(flow, before, PAGE):
            for step in page:
                if step.node.undo is None or step.status is not StepStatus.COMPLETED or step.undone is not None:
                    continue
                if await self.starter.undo(flow, step):
                    return await self.flows.change(flow, {}, due=None)
                await self.steps.mark_undone(flow, step, StepStatus.FAILED)
            before = page[-1].node.order
        return await self.enter(flow, flow.outcome or Phase.FAILED)

    async def _undone(self, job: Job, place: Place) -> None:
        flow = await self._get(job.tenant, place)
        if flow is None or flow.phase is not Phase.UNDOING:
            return
        step = (await self.steps.steps_at(job.tenant, place, [place.order])).get(place.order)
        if step is not None and step.round == place.round:
            await self.steps.mark_undone(flow, step, _STATUSES[job.status])
            await self._undo_next(flow, place.order)

    async def _last(self, flow: FlowState) -> None:
        if flow.on_end is None:
            return
        try:
            await self.starter.last(flow)
        except JobyardError as error:
            log.warning("flow %s: its last job cannot be made: %s", flow.id, error)

    async def _pages(self, flow: FlowState) -> AsyncIterator[list[StepState]]:
        at = -1
        while page := await self.steps.steps(flow, at):
            at = page[-1].node.order
            yield page

    async def _get(self, tenant: str, place: Place) -> FlowState | None:
        """The flow, unless another has its id by now."""
        flow = await self.flows.get(tenant, place.flow_id, self.starter.endings.clock())
        return flow if flow is not None and flow.making == place.making else None


def _end(step: StepState, job: Job) -> End:
    error = f"{job.error.type}: {job.error.message}"[:300] if job.error is not None else None
    return End(step, _STATUSES[job.status], job.result_json if step.node.kept else None, error)


def _orders(page: list[StepState]) -> list[int]:
    return [step.node.order for step in page]
