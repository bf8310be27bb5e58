"""Flows: what runs after what, with which data; what a failure means; cancel and retry; what is counted, the cost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from queues import Context, Discard, Status
from queues.errors import FlowNotFound, WrongFlowStatus
from queues.flows.flow import Chain, Flow, Result, Step, chain, group
from queues.flows.state import FlowState
from tests.core.house import MINUTE, House, Order, housed

TYPES = ("work", "other")


async def run(house: House, turns: int = 50) -> None:
    """Delivers until nothing comes any more."""
    for _ in range(turns):
        if not [message for name in TYPES for message in await house.deliver(name)]:
            return


def adds(house: House) -> list[int]:
    """Every job answers its size and one; the sizes are noted in the order in which they came."""
    seen: list[int] = []

    async def handler(order: Order, _ctx: Context) -> Any:
        seen.append(order.size)
        return {"size": order.size + 1}

    house.handlers |= dict.fromkeys(TYPES, handler)
    return seen


def fails_at(house: House, *sizes: int) -> list[int]:
    """The same, but jobs of these sizes fail."""
    seen: list[int] = []

    async def handler(order: Order, _ctx: Context) -> Any:
        seen.append(order.size)
        if order.size in sizes:
            raise Discard("no")
        return {"size": order.size + 1}

    house.handlers |= dict.fromkeys(TYPES, handler)
    return seen


def counts(flow: FlowState) -> tuple[str, int, int, int, int]:
    return flow.status, flow.completed, flow.failed, flow.cancelled, flow.open


async def statuses(house: House, flow: FlowState) -> dict[str, str]:
    return {one.step.node.name: one.step.status.value for one in await house.queue.flows.steps(flow.id, limit=200)}


# --- order and data -----------------------------------------------------------------------------------------------


@housed
async def test_in_a_chain_each_is_given_the_result_of_the_one_before(house: House) -> None:
    seen = adds(house)
    flow = await house.queue.flows.start(Flow(chain(Step("work", {"size": 1}), Step("other"), Step("work"))))
    assert counts(flow) == ("running", 0, 0, 0, 3)
    assert len((await house.queue.list()).jobs) == 1, "the others are not there yet"
    await run(house)
    assert seen == [1, 2, 3]
    done = await house.queue.flows.get(flow.id)
    assert (counts(done), done.progress) == (("completed", 3, 0, 0, 0), 100)
    steps = await house.queue.flows.steps(flow.id)
    assert [(one.job_id, one.job.result if one.job else None) for one in steps] == [
        (f"{flow.id}:work-1", {"size": 2}),
        (f"{flow.id}:other-1", {"size": 3}),
        (f"{flow.id}:work-2", {"size": 4}),
    ]
    assert {one.job.flow_id for one in steps if one.job} == {flow.id}


@housed
async def test_after_a_group_comes_one_job_with_all_results(house: House) -> None:
    given: list[Any] = []

    async def collect(order: Order, ctx: Context) -> Any:
        given.append((await house.queue.get(ctx.job_id)).data)

    adds(house)
    house.handlers["other"] = collect
    parts = [Step("work", {"size": size}) for size in range(30)]
    then = Step("other", {"size": 7, "all": Result()})
    flow = await house.queue.flows.start(Flow(group(*parts, then=then)))
    await run(house)
    assert given == [{"size": 7, "all": [{"size": size + 1} for size in range(30)]}]
    assert counts(await house.queue.flows.get(flow.id)) == ("completed", 31, 0, 0, 0)


@housed
async def test_steps_run_when_all_that_they_come_after_has_ended(house: House) -> None:
    ran: list[str] = []

    async def handler(_order: Order, ctx: Context) -> Any:
        ran.append(ctx.job_id.rpartition(":")[2])

    house.handlers |= dict.fromkeys(TYPES, handler)
    flow = Flow(
        Step("work", {}, name="d", after=("b", "c")),
        Step("work", {}, name="b", after=("a",)),
        Step("other", {}, name="c", after=("a",)),
        Step("work", {}, name="a"),
        Step("other", {}, name="e"),
    )
    await house.queue.flows.start(flow)
    await run(house)
    assert sorted(ran) == ["a", "b", "c", "d", "e"]
    assert ran.index("a") < min(ran.index("b"), ran.index("c")) < max(ran.index("b"), ran.index("c")) < ran.index("d")


@housed
async def test_a_flow_within_a_flow(house: House) -> None:
    seen = adds(house)
    inner = Flow(chain(Step("work", {"size": 5}, name="a"), Step("work", Result("a"), name="b")), name="inner")
    flow = await house.queue.flows.start(Flow(chain(Step("work", {"size": 1}, name="a"), inner, Step("other"))))
    await run(house)
    assert seen == [1, 5, 6, 7]
    assert list(await statuses(house, flow)) == ["a", "inner.a", "inner.b", "other-1"]


@housed
async def test_data_that_does_not_fit_fails_its_step_with_the_reason(house: House) -> None:
    async def handler(_order: Order, _ctx: Context) -> Any:
        return {"size": "huge"}

    house.handlers["work"] = handler
    flow = await house.queue.flows.start(Flow(chain(Step("work", {}), Step("other"), Step("other"))))
    await run(house)
    assert counts(await house.queue.flows.get(flow.id)) == ("failed", 1, 1, 1, 0)
    step = (await house.queue.flows.steps(flow.id))[1]
    assert step.job is None
    assert "size" in (step.step.error or "")


# --- failures -----------------------------------------------------------------------------------------------------


@housed
async def test_a_failure_stops_the_flow(house: House) -> None:
    seen = fails_at(house, 2)
    waiting = Step("work", {"size": 9}, name="later", options=_delayed())
    flow = await house.queue.flows.start(Flow(chain(Step("work", {"size": 2}, name="bad"), Step("other")), waiting))
    await run(house)
    assert seen == [2]
    assert counts(await house.queue.flows.get(flow.id)) == ("failed", 0, 1, 2, 0)
    assert (await house.queue.get(f"{flow.id}:later")).status is Status.CANCELLED
    await asyncio.sleep(3 * MINUTE)
    await run(house)
    assert seen == [2]


@housed
async def test_a_failure_that_does_not_matter(house: House) -> None:
    given: list[Any] = []

    async def collect(_order: Order, ctx: Context) -> Any:
        given.append((await house.queue.get(ctx.job_id)).data)

    fails_at(house, *range(0, 30, 3))
    house.handlers["other"] = collect
    parts = [Step("work", {"size": size}) for size in range(30)]
    flow = Flow(group(*parts, then=Step("other", {"all": Result()})), on_failure="continue")
    started = await house.queue.flows.start(flow)
    await run(house)
    assert given == [{"all": [None if size % 3 == 0 else {"size": size + 1} for size in range(30)]}]
    assert counts(await house.queue.flows.get(started.id)) == ("completed", 21, 10, 0, 0)


@housed
async def test_what_was_done_is_undone_the_last_first(house: House) -> None:
    undone: list[Any] = []

    async def undo(_order: Order, ctx: Context) -> Any:
        undone.append((await house.queue.get(ctx.job_id)).data)

    fails_at(house, 3)
    house.handlers["other"] = undo
    steps = [Step("work", {"size": 1} if n == 1 else ..., name=f"s{n}", undo=Step("other")) for n in (1, 2, 3, 4)]
    flow = await house.queue.flows.start(Flow(Chain(tuple(steps)), on_failure="compensate"))
    await run(house)
    assert undone == [{"size": 3}, {"size": 2}], "each is given what its step has returned"
    assert counts(await house.queue.flows.get(flow.id)) == ("failed", 2, 1, 1, 0)


@housed
async def test_the_last_job_is_told_how_the_flow_has_ended(house: House) -> None:
    told: list[Any] = []

    async def last(_order: Order, ctx: Context) -> Any:
        told.append((await house.queue.get(ctx.job_id)).data)

    for bad, status in ((99, "completed"), (1, "failed")):
        fails_at(house, bad)
        house.handlers["other"] = last
        flow = Flow(Step("work", {"size": 1}), name="parts", on_end=Step("other"))
        started = await house.queue.flows.start(flow)
        await run(house)
        assert (told[-1]["id"], told[-1]["name"], told[-1]["status"]) == (started.id, "parts", status)
    assert len(told) == 2


# --- cancel and retry ---------------------------------------------------------------------------------------------


@housed
async def test_a_flow_that_is_cancelled_starts_nothing_more(house: House) -> None:
    seen = adds(house)
    flow = await house.queue.flows.start(
        Flow(chain(group(*(Step("work", {"size": size}) for size in range(15))), Step("other", {})))
    )
    await house.deliver(count=5)
    done = await house.queue.flows.cancel(flow.id)
    assert counts(done) == ("cancelled", 5, 0, 11, 0)
    await run(house)
    assert len(seen) == 5
    assert await house.queue.flows.cancel(flow.id) == done
    with pytest.raises(WrongFlowStatus):
        await house.queue.flows.cancel((await finished(house)).id)


async def finished(house: House) -> FlowState:
    flow = await house.queue.flows.start(Flow(Step("work", {})))
    await run(house)
    return await house.queue.flows.get(flow.id)


@housed
async def test_a_running_step_of_a_cancelled_flow_is_asked_to_end(house: House) -> None:
    async def long(_order: Order, ctx: Context) -> Any:
        for _ in range(100):
            await asyncio.sleep(1)
            ctx.check()

    house.handlers["work"] = long
    flow = await house.queue.flows.start(Flow(chain(Step("work", {}), Step("work", {}))))
    house.background.append(asyncio.create_task(house.deliver()))
    await asyncio.sleep(5)
    assert counts(await house.queue.flows.cancel(flow.id)) == ("running", 0, 0, 1, 1)
    await asyncio.sleep(30)
    assert counts(await house.queue.flows.get(flow.id)) == ("cancelled", 0, 0, 2, 0)


@pytest.mark.parametrize("policy", ["fail", "continue", "compensate"])
@housed
async def test_a_retry_runs_only_what_failed_and_what_comes_after(house: House, policy: Any) -> None:
    fails_at(house, 13)
    parts = [Step("work", {"size": size}, name=f"p{size}") for size in range(25)]
    last = Step("other", {"size": 100}, name="last")
    flow = await house.queue.flows.start(Flow(group(*parts, then=last), on_failure=policy))
    await run(house)
    before = await statuses(house, flow)
    again = sorted(100 if name == "last" else int(name[1:]) for name, one in before.items() if one != "completed")
    assert (again == [13]) == (policy == "continue"), "nothing but the callback, which has run, comes after it"
    seen = adds(house)
    await house.queue.flows.retry(flow.id)
    await run(house)
    done = await house.queue.flows.get(flow.id)
    assert counts(done) == ("completed", 26, 0, 0, 0)
    assert sorted(seen) == again
    assert (await house.queue.get(f"{flow.id}:p13")).status is Status.FAILED, "its first job stays as it was"
    assert (await house.queue.get(f"{flow.id}:p13:2")).status is Status.COMPLETED
    with pytest.raises(WrongFlowStatus):
        await house.queue.flows.retry(flow.id)


# --- at the door --------------------------------------------------------------------------------------------------


@housed
async def test_the_same_id_is_the_same_flow(house: House) -> None:
    first = await house.queue.flows.start(Flow(Step("work", {})), flow_id="order-1")
    second = await house.queue.flows.start(Flow(Step("other", {}), Step("other", {})), flow_id="order-1")
    assert (first.making, first.total) == (second.making, second.total)
    assert len((await house.queue.list()).jobs) == 1


@housed
async def test_tenants_are_apart(house: House) -> None:
    flow = await house.queue.flows.start(Flow(Step("work", {})))
    other = house.queue.for_tenant("other").flows
    assert (await other.list()).flows == []
    for call in (other.get, other.cancel, other.retry, other.steps):
        with pytest.raises(FlowNotFound):
            await call(flow.id)


@housed
async def test_flows_are_listed_the_newest_first(house: House) -> None:
    made = []
    for _ in range(5):
        made.append((await house.queue.flows.start(Flow(Step("work", {})))).id)
        await asyncio.sleep(1)
    page = await house.queue.flows.list(limit=3)
    assert [flow.id for flow in page.flows] == made[:1:-1]
    page = await house.queue.flows.list(limit=3, cursor=page.cursor)
    assert ([flow.id for flow in page.flows], page.cursor) == (made[1::-1], None)


def _delayed() -> Any:
    from queues import Options

    return Options(delay=100)


# --- many, and what it costs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", ["fail", "continue"])
@housed
async def test_a_batch_of_many_and_one_callback(house: House, policy: Any) -> None:
    parts = [Step("work", {"size": size}) for size in range(600)]
    bad = 300
    fails_at(house, *([bad] if policy == "continue" else []))
    flow = await house.queue.flows.start(Flow(*parts, on_failure=policy, on_end=Step("other", {"size": 1})))
    await run(house, 70)
    done = await house.queue.flows.get(flow.id)
    failed = 1 if policy == "continue" else 0
    assert counts(done) == ("completed", 600 - failed, failed, 0, 0)
    assert (await house.queue.get(f"{flow.id}::end")).status is Status.COMPLETED


@housed
async def test_a_large_flow_is_stopped_by_the_rounds(house: House) -> None:
    fails_at(house, 0)
    flow = await house.queue.flows.start(Flow(*(Step("work", {"size": size}) for size in range(400))))
    await house.deliver(count=1)
    assert (await house.queue.flows.get(flow.id)).phase.value == "stopping"
    await asyncio.sleep(1)
    assert await house.runtime.flowing.round() == 1
    done = await house.queue.flows.get(flow.id)
    assert (done.status, done.failed, done.open) == ("failed", 1, 0)
    assert await house.runtime.flowing.round() == 0


@housed
async def test_what_a_step_costs(house: House) -> None:
    """Calls for a batch of ten that end together; a job of no flow makes none of them (test_enqueue)."""
    adds(house)
    await house.queue.flows.start(Flow(Step("work", {})))
    await run(house)
    await house.queue.flows.start(Flow(*(Step("work", {"size": size}) for size in range(10))))
    wire = house.first.dynamodb
    wire.calls.clear()
    await house.deliver()
    assert wire.calls["transact_write_items"] == 1, "ten ends and the flow's counts"
    assert wire.calls["batch_execute_statement"] == 3, "claims, settlements, and that the debts are paid"
    assert wire.calls["batch_get_item"] == 1
    assert wire.calls["put_item"] == wire.calls["query"] == 0
    assert wire.calls["update_item"] == 1, "the flow has ended"
