"""IO: the jobs of steps that are ready: their data filled with results, their rows written, their messages sent.

What holds if the process dies between a step's start and its message: the job's row waits, and the reaper sends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from queues.endings import Endings
from queues.enqueue import Enqueuer
from queues.errors import JobyardError, Unopenable
from queues.flows.flowing import WORD
from queues.flows.plan import Work
from queues.flows.references import filled, references
from queues.flows.rows import place_of
from queues.flows.state import FlowState, Place, StepState, StepStatus, job_id, last_job_id, ready
from queues.flows.steps import End, StepStore
from queues.job import MARK, Job
from queues.options import NewJob
from queues.schedules.options import from_json


@dataclass(frozen=True, slots=True)
class Starter:
    """Makes the jobs of flows."""

    endings: Endings
    steps: StepStore

    async def ready_ones(self, flow: FlowState, candidates: Iterable[int]) -> None:
        """Starts those of these steps that wait for nobody any more, and what comes after one that could not be."""
        while candidates := await self._ready_ones(flow, candidates):
            if flow.on_failure != "continue":
                return

    async def _ready_ones(self, flow: FlowState, candidates: Iterable[int]) -> list[int]:
        """Starts what is ready; answers what comes after those that could not be started."""
        found = await self.steps.steps_at(flow.tenant, place_of(flow), candidates)
        waiting = [step for step in found.values() if step.waits]
        looked_at = [order for step in waiting if not step.node.counts for order in step.node.after]
        before = found | await self.steps.steps_at(flow.tenant, place_of(flow), set(looked_at) - found.keys())
        failed = await self.start(flow, [one for one in waiting if ready(one, _those(one, before), flow.on_failure)])
        return [order for step in failed for order in (*step.node.feeds, *step.node.counts_for)]

    async def start(self, flow: FlowState, chosen: Sequence[StepState]) -> list[StepState]:
        """Starts these steps; one whose job cannot be made has failed, and is in the answer."""
        if not chosen:
            return []
        now = self.endings.clock()
        results = await self.results(flow, [order for step in chosen for order in step.node.uses.values()])
        made: list[tuple[StepState, Job]] = []
        refused: list[End] = []
        for step in chosen:
            try:
                made.append((step, self.job_of(flow, step, results, now)))
            except JobyardError as error:
                refused.append(End(step, StepStatus.FAILED, error=str(error)))
        rows = await self._enqueuer(flow).rows_of([job for _, job in made])
        jobs, taken = await self.steps.start(
            flow, [(step, row) for (step, _), row in zip(made, rows, strict=True)], now
        )
        refused += [End(step, StepStatus.FAILED, error="another job has the id of its job") for step in taken]
        if refused:
            await self.steps.mark(flow, refused, started=False)
        for job in jobs:
            await self._enqueuer(flow).announce(job)
        return [end.step for end in refused]

    async def first(self, flow: FlowState, chosen: Sequence[StepState]) -> list[Job]:
        """The jobs of steps that count as started, made where they are missing; a step that cannot have one has failed.

        Such steps wait for nobody, or a process was killed over their start.
        """
        now = self.endings.clock()
        jobs: list[tuple[StepState, Job]] = []
        refused: list[End] = []
        results = await self.results(flow, [order for step in chosen for order in step.node.uses.values()])
        for step in chosen:
            try:
                jobs.append((step, self.job_of(flow, step, results, now)))
            except JobyardError as error:
                refused.append(End(step, StepStatus.FAILED, error=str(error)))
        there = await self._enqueuer(flow).put_all([job for _, job in jobs], now)
        for (step, job), met in zip(jobs, there, strict=True):
            if met.flow != job.flow:
                refused.append(End(step, StepStatus.FAILED, error="another job has the id of its job"))
        if refused:
            await self.steps.mark(flow, refused)
        return [job for job in there if job.flow_id == flow.id]

    async def undo(self, flow: FlowState, step: StepState) -> bool:
        """Makes the job that undoes a step; False if it cannot be made."""
        assert step.node.undo is not None
        now = self.endings.clock()
        results = await self.results(flow, step.node.uses.values())
        try:
            job = self._job(flow, step.node.undo, job_id(flow, step, undo=True), results, now)
        except JobyardError:
            return False
        place = replace(place_of(flow, step.node.order), round=step.round, undo=True)
        await self._enqueuer(flow).put(replace(job, owes=(WORD,), flow=place.encode()), named=True)
        return True

    async def last(self, flow: FlowState) -> None:
        """Makes the job that runs when the flow has ended. JobyardError if it cannot be made."""
        assert flow.on_end is not None
        now = self.endings.clock()
        job = self._job(flow, flow.on_end, last_job_id(flow), {}, now, flow.summary())
        await self._enqueuer(flow).put(job, named=True)

    async def results(self, flow: FlowState, orders: Iterable[int]) -> dict[str, Any]:
        """What these steps have returned, by their names; None of those that have not completed.

        Instead of what cannot be had any more, why not: an Unopenable.
        """
        wanted = set(orders)
        found = await self.steps.steps_at(flow.tenant, place_of(flow), wanted) if wanted else {}
        return {one.node.name: await self._result(flow, one) for one in found.values()}

    async def _result(self, flow: FlowState, step: StepState) -> Any:
        """A step's result, wherever it is: large or sensitive ones are with the step's job."""
        text = step.result_json
        if text is not None and text.startswith(MARK):
            job = await self.endings.store.get(flow.tenant, job_id(flow, step), self.endings.clock())
            text = None if job is None else (await self.endings.payloads.opened(job)).result_json
            if text is None or text.startswith(MARK):
                return Unopenable(f"the result of {step.node.name!r} cannot be had any more")
        return orjson.loads(text) if text else None

    def job_of(self, flow: FlowState, step: StepState, results: Mapping[str, Any], now: int) -> Job:
        """A step's job, or the error that says why there can be none."""
        job = self._job(flow, step.node.work, job_id(flow, step), results, now)
        place = replace(place_of(flow, step.node.order), round=step.round)
        return replace(job, owes=(WORD,), flow=place.encode())

    def _job(
        self,
        flow: FlowState,
        work: Work,
        name: str,
        results: Mapping[str, Any],
        now: int,
        summary: Mapping[str, Any] | None = None,
    ) -> Job:
        for used in references(work.data):
            if isinstance(results.get(used), Unopenable):
                raise results[used]
        data = filled(work.data, results, summary)
        return self._enqueuer(flow).build(NewJob(work.type, data, from_json(work.options, name)), now)

    def _enqueuer(self, flow: FlowState) -> Enqueuer:
        end = self.endings
        return Enqueuer(end.store, end.queues, end.catalog, flow.tenant, end.clock, _no_id, end.payloads, end.observer)


def ended_step(step: StepState, place: Place) -> bool:
    """Whether a job of that place says anything new of the step."""
    return step.round == place.round and step.status is StepStatus.PENDING


def _those(step: StepState, steps: Mapping[int, StepState]) -> list[StepState]:
    return [] if step.node.counts else [steps[order] for order in step.node.after]


def _no_id() -> str:
    raise AssertionError("a flow names its jobs itself")
