"""A deterministic simulation: the real runner on the real embedded engine, in virtual time, with seeded faults.

    python -m tests.campaigns.simulate --seeds 3000          # the campaign
    python -m tests.campaigns.simulate --seed 1234 --verbose # replays one seed exactly

Each seed makes a small deployment of two workers and an enqueuer, whose AWS calls are throttled, answered late or
not at all, delivered twice, or are the last thing that their process does. Dead processes are started again. When
the storm is over and everything has come to rest, the guarantees G1 to G6 are checked on rows, queues and on what
the handlers saw; and that what somebody has cancelled, and was told so, never started afterwards.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import random
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel

from infra.local.engine import Engine
from infra.local.lambda_.mapping import EventSourceMapping, Mapping
from queues import Context, Discard, Exponential, NewJob, Options, Snooze, job
from queues.catalog import Catalog
from queues.clients import Clients
from queues.dead_letters import SWEEP_AT_LEAST_EVERY
from queues.errors import EnqueueFailed
from queues.job import Envelope, Job, Status
from queues.jobtype import JobType
from queues.runtime import Runtime, assemble
from queues.settings import Settings
from tests.campaigns.faults import FaultyClient, ProcessDead, Rates
from tests.campaigns.simulate_cancel import Cancels
from tests.campaigns.virtual import VirtualLoop, run_virtual

#: Seconds of virtual time in which faults are injected, and in which all must come to rest afterwards.
STORM = 300
CALM = 7_200
#: Starts of a simulated job: more than the faults are likely to burn.
ATTEMPTS = 5
KINDS = ("ok", "flaky", "bad", "discard", "snooze", "slow", "invalid", "hang")


class Input(BaseModel):
    """What a simulated job does."""

    kind: str
    seconds: float = 0.0


@dataclass
class Seen:
    """What the handlers saw of one job."""

    #: [attempt, start, end] of each run; the end of a run whose process died is the time of death.
    runs: list[list[float]] = field(default_factory=list)
    returned: int = 0


class Violation(AssertionError):
    """A guarantee that did not hold; `trace` tells what had happened."""

    trace: Sequence[str] = ()


@dataclass
class World:
    """One seed's deployment."""

    loop: VirtualLoop
    rng: random.Random
    engine: Engine
    settings: Settings
    seen: dict[str, Seen] = field(default_factory=lambda: defaultdict(Seen))
    accepted: dict[str, str] = field(default_factory=dict)
    rates: Rates = field(default_factory=Rates)
    processes: list[Process] = field(default_factory=list)
    restarts: int = 0
    trace: list[str] = field(default_factory=list)
    cancels: Cancels = field(default_factory=Cancels)

    def note(self, text: str) -> None:
        self.trace.append(f"{self.loop.time():10.3f}  {text}")

    def types(self, process: Process) -> Catalog:
        """The job types, bound to a process so that what ran where is known."""

        @job("sim", attempts=ATTEMPTS, backoff=Exponential(2, cap=20), timeout=60, concurrency=8, batch_size=4)
        async def sim(data: Input, ctx: Context) -> str:
            return await self.work(process, data, ctx)

        return Catalog([sim])

    async def work(self, process: Process, data: Input, ctx: Context) -> str:
        seen = self.seen[ctx.job_id]
        run = [ctx.attempt, self.loop.time(), -1.0]
        seen.runs.append(run)
        process.runs.append(run)
        self.note(f"{process.name} runs {ctx.job_id} attempt {ctx.attempt}")
        try:
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
            seen.returned += 1
            return "done"
        finally:
            if run[2] < 0:
                run[2] = self.loop.time()


@dataclass(eq=False)
class Process:
    """One worker process: its own clients, runner, mapping, reaper and dead-letter consumer."""

    world: World
    name: str
    alive: bool = True
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)
    runs: list[list[float]] = field(default_factory=list)
    died: asyncio.Event = field(default_factory=asyncio.Event)

    def die(self) -> None:
        """Ends at once, as by kill -9: no task of it makes another call."""
        if self.alive:
            self.alive = False
            self.world.note(f"{self.name} dies")
            for run in self.runs:
                if run[2] < 0:
                    run[2] = self.world.loop.time()
            self.died.set()

    def note(self, text: str) -> None:
        self.world.note(f"{self.name} {text}")

    def assemble(self) -> Runtime:
        world = self.world

        def faulty(service: str) -> FaultyClient:
            inner = world.engine.client(service)
            return FaultyClient(inner, world.rng, world.rates, self.die, lambda: self.alive, self.note)

        clients = Clients(faulty("sqs"), faulty("dynamodb"))
        clock = world.loop.epoch_ms
        return assemble(clients, world.types(self), world.settings, clock=clock, random=world.rng, worker=self.name)

    async def run(self) -> None:
        """Works until it dies."""
        try:
            runtime = self.assemble()
            (job_type,) = runtime.catalog
            mapping = self.mapping(runtime, job_type, await runtime.queues.url(job_type.name))
            self.tasks = [
                asyncio.ensure_future(mapping.run()),
                asyncio.ensure_future(self.maintain(runtime)),
            ]
            await self.died.wait()
        except (ClientError, BotoCoreError, ProcessDead):
            self.die()
        for task in [*self.tasks, *list(mapping_tasks(self))]:
            task.cancel()

    def mapping(self, runtime: Runtime, job_type: JobType[Any, Any], url: str) -> EventSourceMapping:
        async def invoke(event: dict[str, Any], context: Any) -> Any:
            task = asyncio.current_task()
            assert task is not None
            self.tasks.append(task)
            return await job_type.lambda_handler.invoke(event, context, runtime.runner)

        shape = Mapping(
            url, "arn:aws:sqs:us-east-1:000000000000:q", "sim", "arn:aws:lambda:::sim", "us-east-1",
            batch_size=4, batching_window=0, maximum_concurrency=2, function_timeout=900,
            visibility_timeout=round(self.world.settings.lease),
        )  # fmt: skip
        rng = self.world.rng
        return EventSourceMapping(
            shape, invoke, runtime.clients.sqs, clock=self.world.loop.epoch_ms,
            new_id=lambda: f"{rng.getrandbits(64):016x}", random=rng.random,
        )  # fmt: skip

    async def maintain(self, runtime: Runtime) -> None:
        while True:
            await asyncio.sleep(self.world.settings.reap_every)
            try:
                await runtime.reaper.round()
                await runtime.dead_letters.round()
            except (ClientError, BotoCoreError):
                continue
            except ProcessDead:
                return


def mapping_tasks(process: Process) -> Sequence[asyncio.Task[Any]]:
    """The tasks of a dead process that still are about: they meet ProcessDead at their next call."""
    return [task for task in process.tasks if not task.done()]


async def keep_alive(world: World, slot: int) -> None:
    """Starts a worker process again whenever it has died, as a supervisor does."""
    while True:
        process = Process(world, f"w{slot}.{world.restarts}")
        world.restarts += 1
        world.processes.append(process)
        await process.run()
        await asyncio.sleep(world.rng.uniform(0.1, 5))


async def enqueue_all(world: World) -> None:
    """Callers that enqueue for a while, some twice with the same id, some in bulk, and try again when told nothing."""
    rng = world.rng
    for number in range(rng.randint(8, 24)):
        kind = rng.choice(KINDS)
        data = {"kind": kind, "seconds": rng.choice([0, 0, 0.1, 3, 45]) if kind != "slow" else rng.uniform(20, 55)}
        options = Options(job_id=f"j{number}", delay=rng.choice([0, 0, 0, 5, 1000]))
        copies = 2 if rng.random() < 0.3 else 1
        await asyncio.gather(*(enqueue(world, kind, data, options) for _ in range(copies)))
        await asyncio.sleep(rng.expovariate(0.1))
    await bulk(world)


async def enqueue(world: World, kind: str, data: dict[str, Any], options: Options) -> None:
    """One caller: asks again, with the same id, until it has been told that the job is accepted."""
    while True:
        process = Process(world, "caller")
        try:
            runtime = process.assemble()
            made = await runtime.queue.enqueue("sim", data, options)
        except (ClientError, BotoCoreError, ProcessDead, EnqueueFailed):
            await asyncio.sleep(world.rng.uniform(0.1, 3))
            continue
        world.accepted[made.id] = kind
        world.note(f"accepted {made.id} {kind} {data['seconds']}")
        return


async def bulk(world: World) -> None:
    """A bulk enqueue without ids: only what is acknowledged is counted on."""
    process = Process(world, "bulk")
    jobs = [NewJob("sim", {"kind": "ok"}) for _ in range(world.rng.randint(1, 30))]
    try:
        made = await process.assemble().queue.enqueue_many(jobs)
    except EnqueueFailed as error:
        made = list(error.accepted)
    except (ClientError, BotoCoreError, ProcessDead):
        made = []
    world.accepted |= {one.id: "ok" for one in made}


async def simulate(loop: VirtualLoop, seed: int) -> World:
    """One seed, from an empty account to rest; raises Violation."""
    rng = random.Random(seed)
    engine = Engine(None, clock=loop.epoch_ms, random=random.Random(seed))
    settings = Settings(lease=rng.choice([5, 12, 30]), reap_every=10)
    world = World(loop, rng, engine, settings)
    honest = assemble(
        Clients(engine.client("sqs"), engine.client("dynamodb")), world.types(Process(world, "honest")), settings,
        clock=loop.epoch_ms, random=rng, worker="honest",
    )  # fmt: skip
    await honest.create_resources()
    keepers = [asyncio.ensure_future(keep_alive(world, slot)) for slot in range(2)]
    url = await honest.queues.url("sim")
    await engine.client("sqs").send_message(QueueUrl=url, MessageBody="not an envelope")

    def canceller() -> Runtime:
        return Process(world, "canceller").assemble()

    await asyncio.gather(enqueue_all(world), world.cancels.make(loop, rng, world.accepted, canceller, world.note))
    await asyncio.sleep(STORM)
    world.rates.stop()
    await rest(world, honest)
    try:
        await check(world, honest)
    except Violation as violation:
        violation.trace = world.trace
        raise
    finally:
        for keeper in keepers:
            keeper.cancel()
        for process in world.processes:
            process.die()
        await asyncio.sleep(1)
        await engine.close()
    return world


async def rest(world: World, honest: Runtime) -> None:
    """Waits until nothing is open any more and the dead letters have been swept, or CALM is over."""
    end = world.loop.time() + CALM
    while world.loop.time() < end:
        await asyncio.sleep(30)
        entries, _ = await honest.store.keys("default#open", start=None, limit=1)
        if not entries and (await honest.queues.depth("sim")).total == 0:
            await asyncio.sleep(2 * SWEEP_AT_LEAST_EVERY / 1000)
            return


async def check(world: World, honest: Runtime) -> None:
    """The guarantees, on what is left when all is at rest."""
    rows: dict[str, Job] = {}
    cursor = None
    while True:
        page = await honest.queue.list(limit=200, cursor=cursor)
        rows |= {row.id: row for row in page.jobs}
        cursor = page.cursor
        if cursor is None:
            break
    for job_id, kind in world.accepted.items():
        require(job_id in rows, f"G1 {job_id}: accepted, but there is no row")
        check_job(kind, rows[job_id], world.seen[job_id])
        wrong = world.cancels.complaint(rows[job_id], world.seen[job_id].runs)
        require(wrong is None, f"cancel {job_id}: {wrong}")
    for row in rows.values():
        require(row.ended, f"G1 {row.id}: still {row.status} at rest")
    letters = await dead_letters(world, honest)
    failed = sorted(row.id for row in rows.values() if row.status is Status.FAILED)
    missing, extra = Counter(failed) - Counter(letters), Counter(letters) - Counter(failed)
    require(not missing, f"G1 failed jobs without a dead letter: {sorted(missing)}")
    require(not extra, f"G1 dead letters too many: {sorted(extra)}")
    depth = await honest.queues.depth("sim")
    require(depth.total == 0, f"G1 the queue is not empty at rest: {depth}")


def check_job(kind: str, row: Job, seen: Seen) -> None:
    """One job's row against what its handler saw."""
    wanted = Status.FAILED if kind in ("bad", "discard", "hang", "invalid") else Status.COMPLETED
    burnt = [attempt for attempt in row.history if attempt.outcome in ("lost", "timeout", "failed")]
    unlucky = any(attempt.outcome == "lost" for attempt in row.history) and len(burnt) >= ATTEMPTS
    if kind == "invalid":
        wanted = Status.COMPLETED  # an unknown kind just returns
    cancelled = row.status is Status.CANCELLED
    fair = row.status is wanted or cancelled or (row.status is Status.FAILED and unlucky)
    require(fair, f"G1 {row.id} {kind}: {row}")
    runs = sorted(seen.runs, key=lambda run: run[1])
    for one, other in pairwise(runs):
        require(one[2] <= other[1], f"G2 {row.id}: two attempts at once: {runs}")
    numbers = [run[0] for run in runs]
    require(len(set(numbers)) == len(numbers), f"G2 {row.id}: an attempt ran twice: {runs}")
    require(row.attempt >= len(runs), f"G3 {row.id}: {len(runs)} runs, but {row.attempt} counted")
    require(row.attempt <= row.max_attempts, f"G3 {row.id}: {row.attempt} of {row.max_attempts} attempts")
    require(len(row.history) == row.attempt, f"G3 {row.id}: attempt {row.attempt}, history {row.history}")
    require(all(a.finished_at is not None for a in row.history), f"G4 {row.id}: an attempt has no end")
    if kind == "discard" and not unlucky and not cancelled:
        require(row.history[-1].outcome == "discarded", f"G5 {row.id}: {row.history}")
    if row.status is Status.COMPLETED:
        require(row.result == "done", f"G1 {row.id}: completed without its result")


async def dead_letters(world: World, honest: Runtime) -> list[str]:
    """The ids in the DLQ; the message that was no envelope must be there once, too."""
    sqs = world.engine.client("sqs")
    url = await honest.queues.dead_letter_url("sim")
    found, strange = [], 0
    while True:
        reply = await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=3600)
        messages = reply.get("Messages", [])
        if not messages:
            break
        for message in messages:
            try:
                found.append(Envelope.decode(message["Body"]).id)
            except ValueError:
                strange += 1
    require(strange >= 1, "G5 the message that is no envelope is not in the DLQ")
    return found


def require(holds: bool, sentence: str) -> None:
    if not holds:
        raise Violation(sentence)


def run_seed(seed: int) -> World:
    """Runs one seed to its end; raises Violation if a guarantee does not hold."""
    return run_virtual(lambda loop: simulate(loop, seed))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of one seed."""

    seed: int
    violation: str | None
    jobs: int
    starts: int
    trace: list[str]


def judge(seed: int) -> Verdict:
    """Runs one seed and says what came of it."""
    logging.disable(logging.CRITICAL)
    try:
        world = run_seed(seed)
    except Violation as violation:
        return Verdict(seed, str(violation), 0, 0, list(violation.trace))
    return Verdict(seed, None, len(world.accepted), world.restarts, world.trace)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=2_000, help="how many seeds to run (default 2000)")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seed", type=int, help="run only this seed")
    parser.add_argument("--verbose", action="store_true", help="print what happened, in order")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count(), help="processes to share the seeds (default: cores)"
    )
    options = parser.parse_args()
    seeds = [options.seed] if options.seed is not None else range(options.first, options.first + options.seeds)
    began, jobs, starts, failures = time.monotonic(), 0, 0, 0
    with ProcessPoolExecutor(options.processes) as pool:
        for done, verdict in enumerate(pool.map(judge, seeds, chunksize=4), 1):
            jobs, starts = jobs + verdict.jobs, starts + verdict.starts
            if verdict.violation:
                failures += 1
                print(f"seed {verdict.seed}: {verdict.violation}", flush=True)
            if options.verbose:
                print("\n".join(verdict.trace))
            if sys.stderr.isatty():
                print(f"\r{done} of {len(seeds)} seeds", end="", file=sys.stderr, flush=True)
    seconds = time.monotonic() - began
    print(f"{len(seeds)} seeds, {jobs} jobs, {starts} process starts in {seconds:.0f} s: {failures} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
