"""Flows under crashes, duplicates and several at once: ends count once, steps start once, and so does the callback."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from queues import Context, Discard, Status
from queues.flows.flow import Flow, Result, Step, chain, group
from queues.flows.state import FlowState
from queues.flows.store import FlowStore
from queues.outcome import Settlement
from tests.core.house import LEASE, MINUTE, House, Order, Process, housed
from tests.core.interleaving import Death, Player, every_order, players
from tests.core.interleaving import Order as Turns
from tests.core.test_flows import counts, fails_at, run, statuses


def diamond(on_failure: Any = "fail", **more: Any) -> Flow:
    """One, then two side by side, then one with their results; and a last job."""
    first = Step("work", {"size": 1}, name="a", undo=Step("other", {"size": 71}))
    pair = [Step("work", {"size": size}, name=f"b{size}", after=("a",)) for size in (2, 3)]
    then = Step("work", {"size": 4, "given": [Result("b2"), Result("b3")]}, name="c")
    last = Step("other", {"size": 99})
    return Flow(first, *pair, then, on_failure=on_failure, on_end=last, **more)


async def heal(house: House) -> None:
    """What a worker that comes later does for some minutes."""
    for _ in range(4):
        await run(house)
        await asyncio.sleep(MINUTE)
        await house.maintain()
        await house.runtime.flowing.round()
    await run(house)


async def starts(house: House) -> Counter[str]:
    """How many jobs were made for each step, and for the end."""
    made = (await house.queue.list(limit=200)).jobs
    return Counter(job.id.partition(":")[2] for job in made)


async def check(house: House, flow: FlowState, expected: tuple[Any, ...]) -> None:
    """The flow has ended as expected, its counts are those of its steps, and its last job was made once."""
    done = await house.queue.flows.get(flow.id)
    assert counts(done) == expected
    assert done.due is None
    found = Counter((await statuses(house, flow)).values())
    assert (found["completed"], found["failed"], found["cancelled"]) == expected[1:4]
    assert (await starts(house))[":end"] == (1 if done.round == 1 else 2)


# --- deaths -------------------------------------------------------------------------------------------------------


async def each_death(house: House, story: Any) -> int:
    """Plays a story with a process that dies at its first call, its second, and so on; answers how many there are."""
    calls, call = 1_000, 0
    while call < calls:
        for after in (False, True):
            dying = house.process()
            await dying.runtime.store.add_tenant("default")
            player = Player(dying, Death(call, after))
            await story(player)
            if player.calls <= call:
                calls = player.calls
        call += 1
    return calls


async def play(player: Player, work: Any) -> None:
    await Turns([]).play((player, work))


@housed
async def test_killed_as_it_starts_a_flow_it_is_there_as_a_whole_or_not_at_all(house: House) -> None:
    numbers = iter(range(10_000))

    async def story(player: Player) -> None:
        name = f"f{next(numbers)}"
        await play(player, player.process.runtime.queue.flows.start(diamond(), flow_id=name))
        # Asking again makes it, or answers it.
        flow = await house.queue.flows.start(diamond(), flow_id=name)
        await heal(house)
        done = await house.queue.flows.get(flow.id)
        assert counts(done) == ("completed", 4, 0, 0, 0)

    assert await each_death(house, story) >= 5


async def left_to_the_rounds(house: House) -> FlowState:
    """A flow that stops: its first step has failed and owes nothing, its others wait, whoever began to stop it died."""
    flows = FlowStore(house.dynamodb, house.settings)
    flow = await house.queue.flows.start(diamond())
    fails_at(house, 1)
    # As if its own process had died between phase and work: it meets a flow that stops already, whose work is owed.
    stopping = {"phase": {"S": "stopping"}, "outcome": {"S": "failed"}}
    assert await flows.change(flow, stopping, due=house.loop.epoch_ms() + 1_000) is not None
    await house.deliver()
    left = await house.queue.flows.get(flow.id)
    assert (left.phase.value, left.failed, left.cancelled) == ("stopping", 1, 0)
    await asyncio.sleep(2)
    return left


@housed
async def test_killed_in_the_round_that_stops_a_flow_it_is_ended_by_a_later_one(house: House) -> None:
    """Steps that never started have no job that owes their end: nobody but a round can act on it."""

    async def story(player: Player) -> None:
        flow = await left_to_the_rounds(house)
        await play(player, player.process.runtime.flowing.round())
        await heal(house)
        done = await house.queue.flows.get(flow.id)
        assert counts(done)[:4] == ("failed", 0, 1, 3)
        assert done.due is None

    assert await each_death(house, story) >= 6


@pytest.mark.parametrize(
    ("policy", "bad", "turn"),
    [("fail", 0, 1), ("fail", 2, 1), ("continue", 2, 1), ("compensate", 2, 1), ("compensate", 2, 2), ("fail", 0, 2)],
)
@housed
async def test_killed_at_any_call_as_members_end_it_comes_to_its_end(
    house: House, policy: Any, bad: int, turn: int
) -> None:
    """`turn`: the delivery in which the process dies."""

    async def story(player: Player) -> None:
        fails_at(house, bad)
        flow = await house.queue.flows.start(diamond(policy))
        for _ in range(turn):
            await house.deliver()
            await house.deliver("other")
        await play(player, _deliver(player.process))
        await heal(house)
        await check_one(house, flow, bad, policy)

    await each_death(house, story)


async def _deliver(process: Process) -> None:
    await process.deliver()
    await process.deliver("other")


async def check_one(house: House, flow: FlowState, bad: int, policy: str) -> None:
    done = await house.queue.flows.get(flow.id)
    if not bad:
        assert counts(done) == ("completed", 4, 0, 0, 0)
    elif policy == "continue":
        assert counts(done) == ("completed", 3, 1, 0, 0)
    else:
        # Whether the other of the pair came to its end before it could be cancelled, is open.
        assert (done.status, done.failed, done.completed + done.cancelled) == ("failed", 1, 3)
        assert (await statuses(house, flow))["c"] == "cancelled"
    assert done.due is None
    found = Counter((await statuses(house, flow)).values())
    assert (found["completed"], found["failed"], found["cancelled"]) == (done.completed, done.failed, done.cancelled)
    assert (await house.queue.get(f"{flow.id}::end")).ended
    undone = policy == "compensate" and bad
    shown = {one.step.node.name: one.step.undone for one in await house.queue.flows.steps(flow.id)}
    assert (shown["a"] is not None) == bool(undone)


@pytest.mark.parametrize("verb", ["cancel", "retry"])
@housed
async def test_killed_at_any_call_of_a_cancel_or_a_retry(house: House, verb: str) -> None:
    async def story(player: Player) -> None:
        fails_at(house, 2)
        flow = await house.queue.flows.start(diamond())
        await house.deliver()
        if verb == "retry":
            await run(house)
        fails_at(house)
        await play(player, getattr(player.process.runtime.queue.flows, verb)(flow.id))
        await heal(house)
        done = await house.queue.flows.get(flow.id)
        # Before its first write nothing was asked for.
        if verb == "retry":
            assert done.status in ("completed", "failed")
        else:
            assert (done.status, done.failed, done.open) == ("cancelled" if done.cancelled else "completed", 0, 0)
            assert ((await statuses(house, flow))["c"] == "cancelled") == (done.status == "cancelled")
        assert (counts(done)[0] == "failed") == (done.round == 1 and verb == "retry")
        assert done.due is None

    assert await each_death(house, story) >= 3


# --- several at once, and twice -----------------------------------------------------------------------------------


@housed
async def test_two_members_that_end_at_once_start_what_follows_once(house: House) -> None:
    """In every order of their processes' calls."""
    stories = 0

    async def story(turns: Turns) -> None:
        nonlocal stories
        stories += 1
        fails_at(house)
        flow = await house.queue.flows.start(Flow(*diamond().parts), flow_id=f"s{stories}")
        await house.deliver()
        one, two = await players(house, 2)
        jobs = [await _ended(house, f"{flow.id}:b{size}") for size in (2, 3)]
        pays = [(player, _pay(player.process, job)) for player, job in zip((one, two), jobs, strict=True)]
        await turns.play(*pays)
        await run(house)
        assert counts(await house.queue.flows.get(flow.id)) == ("completed", 4, 0, 0, 0)
        assert (await house.queue.get(f"{flow.id}:c")).attempt == 1

    # Not all there are, which are thousands: those in which the last calls are made in any order.
    await _some_orders(story, 60)
    assert stories == 60


async def _some_orders(story: Any, count: int) -> None:
    class Enough(Exception):
        pass

    played = 0

    async def counted(turns: Turns) -> None:
        nonlocal played
        if played == count:
            raise Enough
        played += 1
        await story(turns)

    try:
        await every_order(counted)
    except Enough:
        return


async def _ended(house: House, job_id: str) -> Any:
    """A job that has completed, and for which nobody has paid yet."""
    store = house.runtime.store
    claimed = await store.claim("default", job_id, f"by/{job_id}", house.loop.epoch_ms())
    fate = Settlement(Status.COMPLETED, "completed", result_json='{"size":1}')
    options = house.runtime.catalog.get("work").options
    assert await store.settle(claimed, fate, house.loop.epoch_ms(), options)  # type: ignore[arg-type]
    return await house.queue.get(job_id)


async def _pay(process: Process, job: Any) -> None:
    await process.runtime.runner.endings.conclude(job)


@housed
async def test_an_end_that_is_told_again_and_again_counts_once(house: House) -> None:
    fails_at(house)
    flow = await house.queue.flows.start(Flow(group(*(Step("work", {"size": n}) for n in range(5)))))
    await house.deliver(count=3)
    jobs = [one.job for one in await house.queue.flows.steps(flow.id) if one.job is not None and one.job.ended]
    processes = [house.process() for _ in range(3)]
    payers = [one.runtime.runner.endings.debts._payers["flow"] for one in processes]
    await asyncio.gather(*(payer(job) for payer in payers for job in jobs for _ in range(3)))
    assert counts(await house.queue.flows.get(flow.id)) == ("running", 3, 0, 0, 2)


@pytest.mark.parametrize("bad", [False, True])
@housed
async def test_many_workers_at_once_come_to_one_end(house: House, *, bad: bool) -> None:
    told: list[str] = []

    async def handler(order: Order, ctx: Context) -> Any:
        await asyncio.sleep(order.size % 3 / 10)
        if bad and order.size == 50:
            raise Discard("no")
        return order.size

    async def last(_order: Order, ctx: Context) -> Any:
        told.append(ctx.job_id)

    house.handlers |= {"work": handler, "other": last}
    parts = [Step("work", {"size": n}) for n in range(100)]
    policy: Any = "continue" if bad else "fail"
    flow = await house.queue.flows.start(
        Flow(chain(group(*parts), Step("work", {"size": 1})), on_failure=policy, on_end=Step("other", {}))
    )
    processes = [house.process() for _ in range(4)]
    for _ in range(10):
        await asyncio.gather(*(_deliver(process) for process in processes))
    await asyncio.sleep(LEASE)
    await heal(house)
    await check(house, flow, ("completed", 100, 1, 0, 0) if bad else ("completed", 101, 0, 0, 0))
    assert told == [f"{flow.id}::end"]


@housed
async def test_a_step_whose_start_meets_the_cancel_runs_or_never_does(house: House) -> None:
    """One process ends a step, after which the next starts; another cancels the flow; in many orders of their calls."""
    ends: Counter[tuple[Any, ...]] = Counter()
    stories = 0

    async def story(turns: Turns) -> None:
        nonlocal stories
        stories += 1
        fails_at(house)
        flow = await house.queue.flows.start(
            Flow(chain(Step("work", {"size": 1}, name="a"), Step("work", {"size": 2}, name="b"))), flow_id=f"c{stories}"
        )
        job = await _ended(house, f"{flow.id}:a")
        one, two = await players(house, 2)
        await turns.play((one, _pay(one.process, job)), (two, two.process.runtime.queue.flows.cancel(flow.id)))
        await heal(house)
        done = await house.queue.flows.get(flow.id)
        ends[counts(done)] += 1
        assert done.ended
        assert done.completed + done.cancelled == 2

    await _some_orders(story, 40)
    assert ends.total() == 40
