"""One seed of the simulation, from an empty account through the storm to rest, and the guarantees on what is left."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping
from itertools import cycle, pairwise
from typing import Any

from infra.local.engine import Engine
from queues.clients import Clients
from queues.dead_letters import SWEEP_AT_LEAST_EVERY
from queues.job import Envelope, Job, Status
from queues.merge import Merge
from queues.rows import OPEN, OWING
from queues.runtime import Runtime, assemble
from queues.settings import Settings
from tests.campaigns.simulation.cancels import Cancels
from tests.campaigns.simulation.flowing import Flowing
from tests.campaigns.simulation.limited import Limited
from tests.campaigns.simulation.plain import Plain
from tests.campaigns.simulation.recurring import Recurring
from tests.campaigns.simulation.uniques import Uniques
from tests.campaigns.simulation.world import Process, Seen, Violation, World, keep_alive, require
from tests.campaigns.virtual import VirtualLoop, run_virtual

#: Seconds of virtual time in which faults are injected, and in which all must come to rest afterwards.
STORM = 300
CALM = 7_200
#: Worker processes at once.
WORKERS = 2
#: Of each new process in turn, by seed: some have one shard, some several, some are about to change the number.
SHARDS = ((1,), (1,), (3,), (1, 4, 2))
#: What some seeds have besides plain jobs and people who cancel them, and the share of seeds that have each.
BESIDES = (Uniques, Recurring, Limited, Flowing)
SHARE = 0.4


def run_seed(seed: int) -> World:
    """Runs one seed to its end; raises Violation if a guarantee does not hold."""
    return run_virtual(lambda loop: _simulate(loop, seed))


async def _simulate(loop: VirtualLoop, seed: int) -> World:
    rng = random.Random(seed)
    engine = Engine(None, clock=loop.epoch_ms, random=random.Random(seed))
    world = World(loop, rng, engine, Settings(lease=rng.choice([5, 12, 30]), reap_every=10))
    world.shards = cycle(SHARDS[seed % len(SHARDS)])
    plain = Plain(world)
    world.subjects += [plain, Cancels(world, plain)]
    world.subjects += [subject(world) for subject in BESIDES if rng.random() < SHARE]
    honest = assemble(
        Clients(engine.client("sqs"), engine.client("dynamodb"), engine.client("scheduler")),
        Process(world, "honest").catalog(), world.settings, clock=loop.epoch_ms, random=rng, worker="honest",
    )  # fmt: skip
    await honest.create_resources()
    keepers = [asyncio.ensure_future(keep_alive(world, slot)) for slot in range(WORKERS)]
    await asyncio.gather(*(subject.act() for subject in world.subjects))
    await asyncio.sleep(STORM)
    world.rates.stop()
    await _rest(world, honest)
    try:
        await _check(world, honest)
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


async def _rest(world: World, honest: Runtime) -> None:
    """Waits until nothing is open any more and the dead letters have been swept, or CALM is over."""
    end = world.loop.time() + CALM
    while world.loop.time() < end:
        await asyncio.sleep(30)
        if not await _open(honest) and await _messages(honest) == 0:
            await asyncio.sleep(2 * SWEEP_AT_LEAST_EVERY / 1000)
            return


async def _open(honest: Runtime) -> bool:
    """Whether a job has not ended, or something is owed to it, or a flow has not."""
    shards = await honest.store.shards_of("default")
    if await Merge(honest.store, "default", [OPEN, OWING], shards).page(1):
        return True
    return not all(flow.ended for flow in (await honest.queue.flows.list(limit=200)).flows)


async def _messages(honest: Runtime) -> int:
    """Messages in all queues but the dead-letter queues."""
    return sum([(await honest.queues.depth(name)).total for name in honest.catalog.names])


async def _check(world: World, honest: Runtime) -> None:
    """What holds of every job, and what each subject promises."""
    rows = await _rows(honest)
    for subject in world.subjects:
        await subject.check(rows, honest)
    for row in rows.values():
        require(row.ended, f"G1 {row.id}: still {row.status} at rest")
        _check_attempts(row, world.seen[row.id])
    failed = sorted(row.id for row in rows.values() if row.status is Status.FAILED)
    letters = await _dead_letters(world, honest)
    missing, extra = Counter(failed) - Counter(letters), Counter(letters) - Counter(failed)
    require(not missing, f"G1 failed jobs without a dead letter: {sorted(missing)}")
    require(not extra, f"G1 dead letters too many: {sorted(extra)}")
    require(await _messages(honest) == 0, "G1 a queue is not empty at rest")


async def _rows(honest: Runtime) -> Mapping[str, Job]:
    rows: dict[str, Job] = {}
    cursor = None
    while True:
        page = await honest.queue.list(limit=200, cursor=cursor)
        rows |= {row.id: row for row in page.jobs}
        cursor = page.cursor
        if cursor is None:
            return rows


def _check_attempts(row: Job, seen: Seen) -> None:
    """One job's row against what its handler saw."""
    runs = sorted(seen.runs, key=lambda run: run[1])
    for one, other in pairwise(runs):
        require(one[2] <= other[1], f"G2 {row.id}: two attempts at once: {runs}")
    numbers = [run[0] for run in runs]
    require(len(set(numbers)) == len(numbers), f"G2 {row.id}: an attempt ran twice: {runs}")
    require(row.attempt >= len(runs), f"G3 {row.id}: {len(runs)} runs, but {row.attempt} counted")
    require(row.attempt <= row.max_attempts, f"G3 {row.id}: {row.attempt} of {row.max_attempts} attempts")
    require(len(row.history) == row.attempt, f"G3 {row.id}: attempt {row.attempt}, history {row.history}")
    require(all(a.finished_at is not None for a in row.history), f"G4 {row.id}: an attempt has no end")


async def _dead_letters(world: World, honest: Runtime) -> list[str]:
    """The ids in the dead-letter queues; the message that was no envelope must be there once, too."""
    sqs: Any = world.engine.client("sqs")
    found, strange = [], 0
    for name in honest.catalog.names:
        url = await honest.queues.dead_letter_url(name)
        while messages := (await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=3600)).get(
            "Messages"
        ):
            for message in messages:
                try:
                    found.append(Envelope.decode(message["Body"]).id)
                except ValueError:
                    strange += 1
    require(strange >= 1, "G5 the message that is no envelope is not in the DLQ")
    return found
