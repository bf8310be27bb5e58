"""Flows of chains and groups whose steps may fail, and a job at the end of each, which is made exactly once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

from queues import Context, Discard, Exponential, Flow, Step, chain, group, job
from queues.errors import EnqueueFailed
from queues.job import Job, Status
from queues.jobtype import JobType
from queues.runtime import Runtime
from tests.campaigns.simulation.world import TROUBLE, Process, World, require

ATTEMPTS = 5
POLICIES: tuple[Literal["fail", "continue"], ...] = ("fail", "continue")


class Part(BaseModel):
    """What a step does."""

    seconds: float = 0.0
    fails: bool = False


@dataclass
class Flowing:
    """Which flows were accepted."""

    world: World
    accepted: set[str] = field(default_factory=set)

    def types(self, process: Process) -> Sequence[JobType[Any, Any]]:
        @job("sim-step", attempts=ATTEMPTS, backoff=Exponential(2, cap=20), timeout=60)
        async def step(data: Part, ctx: Context) -> None:
            with process.running(ctx):
                await asyncio.sleep(data.seconds)
                if data.fails:
                    raise Discard("it is meant to fail")

        @job("sim-end", attempts=ATTEMPTS, backoff=Exponential(2, cap=20), timeout=60)
        async def end(data: dict[str, Any], ctx: Context) -> dict[str, Any]:
            with process.running(ctx):
                return data

        return [step, end]

    async def act(self) -> None:
        rng = self.world.rng
        for number in range(rng.randint(1, 3)):
            await self._start(f"flow-{number}", self._flow())
            await asyncio.sleep(rng.expovariate(0.05))

    def _flow(self) -> Flow:
        rng = self.world.rng

        def step() -> Step:
            return Step("sim-step", Part(seconds=rng.choice([0, 0, 1, 20]), fails=rng.random() < 0.1))

        side = group(*(chain(step(), step()) if rng.random() < 0.4 else step() for _ in range(rng.randint(1, 5))))
        return Flow(chain(step(), side, step()), on_failure=rng.choice(POLICIES), on_end=Step("sim-end"))

    async def _start(self, flow_id: str, flow: Flow) -> None:
        """One caller: asks again, with the same id, until it has been told that the flow is accepted."""
        while True:
            try:
                made = await self.world.client().queue.flows.start(flow, flow_id=flow_id)
            except (*TROUBLE, EnqueueFailed):
                await asyncio.sleep(self.world.rng.uniform(0.1, 3))
                continue
            self.accepted.add(made.id)
            self.world.note(f"accepted {made.id}")
            return

    async def check(self, rows: Mapping[str, Job], honest: Runtime) -> None:
        for flow_id in sorted(self.accepted):
            await self._check(flow_id, rows, honest)

    async def _check(self, flow_id: str, rows: Mapping[str, Job], honest: Runtime) -> None:
        flow = await honest.queue.flows.get(flow_id)
        require(flow.ended, f"flow {flow_id}: still running at rest: {flow}")
        steps = await honest.queue.flows.steps(flow_id, limit=200)
        found = [one.step.status.value for one in steps]
        counted = {"completed": flow.completed, "failed": flow.failed, "cancelled": flow.cancelled}
        require(counted == {word: found.count(word) for word in counted}, f"flow {flow_id}: {counted} of {found}")
        wanted = "completed" if flow.failed == flow.cancelled == 0 else flow.status
        require(flow.status == wanted, f"flow {flow_id}: {flow.status} with {counted}")
        jobs = {one.step.node.order: one.job for one in steps}
        for one in steps:
            status = "none" if one.job is None else one.job.status.value
            agree = status == one.step.status.value or (status == "none" and found[one.step.node.order] != "completed")
            require(agree, f"flow {flow_id}: {one.step.node.name} is {one.step.status}, its job {status}")
            self._check_order(flow_id, one.job, [jobs[order] for order in one.step.node.after])
        last = [row for row in rows.values() if row.type == "sim-end" and row.data["id"] == flow_id]
        require(len(last) == 1, f"flow {flow_id}: {len(last)} jobs at its end")
        told = {word: last[0].data[word] for word in ("status", *counted)}
        require(told == {"status": flow.status, **counted}, f"flow {flow_id}: its last job was told {told}")
        returned = len([run for run in self.world.seen[last[0].id].runs if run[2] >= 0])
        require(last[0].status is not Status.COMPLETED or returned > 0, f"flow {flow_id}: its last job never ran")

    def _check_order(self, flow_id: str, made: Job | None, before: Sequence[Job | None]) -> None:
        """A step's job must not start before those of all steps that it comes after have ended."""
        if made is None or not self.world.seen[made.id].runs:
            return
        for one in before:
            ended = one is not None and one.finished_at is not None and one.finished_at <= made.history[0].started_at
            require(
                ended, f"flow {flow_id}: {made.id} started before {one.id if one else 'a step before it'} had ended"
            )
