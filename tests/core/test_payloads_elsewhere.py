"""Data and results that are not in their rows, where others than the runner need them: flows, transactions, limits."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from queues import Concurrency, Context, Status, job
from queues.catalog import Catalog
from queues.errors import InvalidOption
from queues.flows.flow import Flow, Result, Step, chain
from queues.job import MARK
from queues.limits import MAX_DATA_BYTES, MAX_RESULT_BYTES
from tests.core.house import House, Process, housed
from tests.core.shelf import Shelf

LARGE = "x" * (MAX_DATA_BYTES + 1)


@job("any", timeout=300)
async def anything(data: Any, ctx: Context) -> Any:
    """Answers how much text there was, and as much as it is asked for."""
    return {"seen": len(data["text"]), "text": "r" * data.get("answer", 0)}


@job("hidden", sensitive=True)
async def hidden(data: Any) -> Any:
    """A sensitive job, which nobody runs here."""


async def process_with(house: House, *types: Any) -> tuple[Process, Shelf]:
    house.artifacts = shelf = Shelf(house.loop.epoch_ms)
    process = house.process(Catalog(types))
    await process.runtime.queues.create(process.runtime.catalog)
    return process, shelf


@housed
async def test_a_large_result_is_handed_to_the_next_step(house: House) -> None:
    process, shelf = await process_with(house, anything)
    flows = process.runtime.queue.flows
    steps = chain(Step("any", {"text": "", "answer": MAX_RESULT_BYTES}), Step("any"), Step("any", {"text": Result()}))
    made = await flows.start(Flow(steps))
    for _ in range(3):
        await process.deliver("any")
    found = await flows.steps(made.id)
    assert [one.job.status if one.job else None for one in found] == [Status.COMPLETED] * 3
    second = await process.runtime.queue.get(f"{made.id}:any-2")
    assert second.data["text"] == "r" * MAX_RESULT_BYTES
    assert second.result == {"seen": MAX_RESULT_BYTES, "text": ""}
    assert len(shelf.held) == 1, "the first result; as data it fits its row"


@housed
async def test_a_step_whose_input_is_lost_fails_and_the_flow_with_it(house: House) -> None:
    process, shelf = await process_with(house, anything)
    flows = process.runtime.queue.flows
    first, second = Step("any", {"text": "", "answer": MAX_RESULT_BYTES}, name="first"), Step("any", name="second")
    late = Step("any", {"text": Result("first")}, name="late", after=["second"])
    made = await flows.start(Flow(chain(first, second), late))
    await process.deliver("any")
    # The second step has its input by now.
    shelf.held.clear()
    await process.deliver("any")
    state = await flows.get(made.id)
    failed = [one.step for one in await flows.steps(made.id) if one.step.node.name == "late"]
    assert (state.status, failed[0].status.value) == ("failed", "failed")
    assert failed[0].error == "the result of 'first' cannot be had any more"


@housed
async def test_large_data_may_be_part_of_a_callers_transaction(house: House) -> None:
    process, _ = await process_with(house, anything)
    queue = process.runtime.queue
    made, items = await queue.transaction_items("any", {"text": LARGE})
    assert items[0]["Put"]["Item"]["data"]["S"].startswith(MARK)
    await house.dynamodb.transact_write_items(TransactItems=items)
    await queue.relay(made)
    await process.deliver("any")
    assert (await queue.get(made.id)).result["seen"] == len(LARGE)


@housed
async def test_the_key_of_a_limit_is_found_in_large_data(house: House) -> None:
    running, most = 0, 0

    @job("keyed", timeout=300, concurrency=10, limits=[Concurrency(1, key="customer")])
    async def keyed(data: Any) -> None:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(5)
        running -= 1

    process, _ = await process_with(house, keyed)
    jobs = [await process.runtime.queue.enqueue("keyed", {"customer": "ada", "text": LARGE}) for _ in range(2)]
    async with asyncio.timeout(600):
        while not all([(await process.runtime.queue.get(one.id)).ended for one in jobs]):
            await asyncio.gather(process.deliver("keyed"), process.deliver("keyed"))
            await asyncio.sleep(1)
    assert most == 1


@housed
async def test_a_flow_keeps_no_sensitive_data(house: House) -> None:
    process, _ = await process_with(house, anything, hidden)
    flows = process.runtime.queue.flows
    with pytest.raises(InvalidOption, match=r"a flow keeps its data in clear: give 'hidden'.* results of steps alone"):
        await flows.start(Flow(chain(Step("any", {"text": ""}), Step("hidden", {"card": "4111", "of": Result()}))))
    await flows.start(Flow(chain(Step("any", {"text": ""}), Step("hidden", {"of": Result()}))))


@pytest.mark.parametrize("sensitive", [True, ("customer",)])
def test_no_limit_has_a_key_of_sensitive_data(sensitive: Any) -> None:
    with pytest.raises(InvalidOption, match="a limit's key could be guessed from its hash"):
        job("secretive", sensitive=sensitive, limits=[Concurrency(1, key="customer")])(hidden.function)
