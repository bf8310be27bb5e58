"""Jobs that succeed, fail, snooze, hang and are discarded: enqueued one by one, some twice, and in bulk."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel

from queues import Context, Discard, Exponential, NewJob, Options, Snooze, job
from queues.errors import EnqueueFailed
from queues.job import Job, Status
from queues.jobtype import JobType
from queues.runtime import Runtime
from tests.campaigns.simulation.faults import ProcessDead
from tests.campaigns.simulation.world import Process, World, require

#: Starts of a job: more than the faults are likely to burn.
ATTEMPTS = 5
KINDS = ("ok", "flaky", "bad", "discard", "snooze", "slow", "invalid", "hang")


class Input(BaseModel):
    """What a job does."""

    kind: str
    seconds: float = 0.0


@dataclass
class Plain:
    """Which jobs were accepted, and of what kind they are."""

    world: World
    accepted: dict[str, str] = field(default_factory=dict)

    def types(self, process: Process) -> Sequence[JobType[Any, Any]]:
        @job("sim", attempts=ATTEMPTS, backoff=Exponential(2, cap=20), timeout=60, concurrency=8, batch_size=4)
        async def sim(data: Input, ctx: Context) -> str:
            with process.running(ctx) as seen:
                await _work(data, ctx)
                seen.returned += 1
                return "done"

        return [sim]

    async def act(self) -> None:
        rng = self.world.rng
        await self.world.engine.client("sqs").send_message(
            QueueUrl=await self._queue_url(), MessageBody="not an envelope"
        )
        for number in range(rng.randint(8, 24)):
            kind = rng.choice(KINDS)
            data = {"kind": kind, "seconds": rng.choice([0, 0, 0.1, 3, 45]) if kind != "slow" else rng.uniform(20, 55)}
            options = Options(job_id=f"j{number}", delay=rng.choice([0, 0, 0, 5, 1000]))
            copies = 2 if rng.random() < 0.3 else 1
            await asyncio.gather(*(self._enqueue(kind, data, options) for _ in range(copies)))
            await asyncio.sleep(rng.expovariate(0.1))
        await self._bulk()

    async def _queue_url(self) -> str:
        name = self.world.settings.queue("sim")
        reply = await self.world.engine.client("sqs").get_queue_url(QueueName=name)
        url: str = reply["QueueUrl"]
        return url

    async def _enqueue(self, kind: str, data: dict[str, Any], options: Options) -> None:
        """One caller: asks again, with the same id, until it has been told that the job is accepted."""
        while True:
            try:
                made = await self.world.client().queue.enqueue("sim", data, options)
            except (ClientError, BotoCoreError, ProcessDead, EnqueueFailed):
                await asyncio.sleep(self.world.rng.uniform(0.1, 3))
                continue
            self.accepted[made.id] = kind
            self.world.note(f"accepted {made.id} {kind} {data['seconds']}")
            return

    async def _bulk(self) -> None:
        """A bulk enqueue without ids: only what is acknowledged is counted on."""
        jobs = [NewJob("sim", {"kind": "ok"}) for _ in range(self.world.rng.randint(1, 30))]
        try:
            made = await self.world.client().queue.enqueue_many(jobs)
        except EnqueueFailed as error:
            made = list(error.accepted)
        except (ClientError, BotoCoreError, ProcessDead):
            made = []
        self.accepted |= {one.id: "ok" for one in made}

    async def check(self, rows: Mapping[str, Job], honest: Runtime) -> None:
        for job_id, kind in self.accepted.items():
            require(job_id in rows, f"G1 {job_id}: accepted, but there is no row")
            _check(kind, rows[job_id])


async def _work(data: Input, ctx: Context) -> None:
    if data.kind == "hang":
        await asyncio.sleep(1e6)
    await asyncio.sleep(data.seconds)
    ctx.progress(50, "half way")
    if data.kind == "bad" or (data.kind == "flaky" and ctx.attempt < 2):
        raise ValueError(data.kind)
    if data.kind == "discard":
        raise Discard("never")
    if data.kind == "snooze" and ctx.attempt < 2:
        raise Snooze(30)


def unlucky(row: Job, attempts: int = ATTEMPTS) -> bool:
    """Whether a job may have failed because its processes died under it."""
    burnt = [attempt for attempt in row.history if attempt.outcome in ("lost", "timeout", "failed")]
    return any(attempt.outcome == "lost" for attempt in row.history) and len(burnt) >= attempts


def _check(kind: str, row: Job) -> None:
    """How a job of that kind may have ended."""
    # A kind that nobody knows just returns.
    wanted = Status.FAILED if kind in ("bad", "discard", "hang") else Status.COMPLETED
    cancelled = row.status is Status.CANCELLED
    fair = row.status is wanted or cancelled or (row.status is Status.FAILED and unlucky(row))
    require(fair, f"G1 {row.id} {kind}: {row}")
    if kind == "discard" and not unlucky(row) and not cancelled:
        require(row.history[-1].outcome == "discarded", f"G5 {row.id}: {row.history}")
    if row.status is Status.COMPLETED:
        require(row.result == "done", f"G1 {row.id}: completed without its result")
