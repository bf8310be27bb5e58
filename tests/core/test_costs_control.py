"""What is paid by who controls jobs and queues, and by processes that have nothing to do; docs/cost.md lists it."""

from __future__ import annotations

import asyncio

import pytest

from queues import Context, NewJob, Options
from queues.control.bulk import Verb
from queues.control.job_filter import JobFilter
from tests.core.bill import CLAIM, SETTLE, STATEMENTS, Bill, failed, known
from tests.core.house import House, Order, housed
from tests.core.test_alerts import Receiver, alerting


@housed
async def test_a_waiting_job_is_cancelled(house: House) -> None:
    made = await house.queue.enqueue("work", {}, delay=60)
    bill = Bill(house.first)
    await house.queue.cancel(made.id)
    assert (bill.units, bill.dynamodb, bill.sqs) == (3, {"get_item": 2, "update_item": 1}, {})
    await asyncio.sleep(61)
    bill = Bill(house.first)
    await house.deliver()
    assert (bill.units, bill.refused) == (0, 1), "its message finds out that there is nothing to do"


@housed
async def test_a_running_job_is_asked_to_end(house: House) -> None:
    async def until_asked(_order: Order, ctx: Context) -> None:
        while not ctx.cancelled:  # noqa: ASYNC110 - as a handler does
            await asyncio.sleep(0.1)
        ctx.check()

    await known(house.first)
    house.handlers["work"] = until_asked
    made = await house.queue.enqueue("work", {})
    bill = Bill(house.first)
    running = asyncio.create_task(house.deliver())
    await asyncio.sleep(1)
    assert bill.units == CLAIM
    await house.queue.cancel(made.id)
    assert bill.units == CLAIM + 1
    await running
    # The heartbeat that is refused is made once more.
    assert (bill.units, bill.refused) == (CLAIM + 1 + 1 + SETTLE, 1)


@pytest.mark.parametrize(("delay", "messages"), [(90, {}), (0, {"send_message": 1})])
@housed
async def test_a_job_is_rescheduled(house: House, delay: int, messages: dict[str, int]) -> None:
    made = await house.queue.enqueue("work", {}, delay=60)
    bill = Bill(house.first)
    await house.queue.reschedule(made.id, delay)
    assert (bill.units, bill.sqs) == (3, messages)


@housed
async def test_a_failed_job_is_retried_discarded_and_deleted(house: House) -> None:
    await known(house.first)
    one, other = await failed(house, 2)
    bill = Bill(house.first)
    await house.queue.retry(one.id)
    assert (bill.units, bill.sqs) == (3, {"send_message": 1})
    bill = Bill(house.first)
    await house.queue.discard(other.id)
    assert (bill.units, bill.sqs) == (3, {})
    bill = Bill(house.first)
    await house.queue.delete(other.id)
    assert (bill.units, bill.sqs) == (2, {})


@pytest.mark.parametrize("verb", [Verb.RETRY, Verb.DISCARD])
@housed
async def test_an_operation_on_many(house: House, verb: Verb) -> None:
    await failed(house, 250)
    bill = Bill(house.first)
    assert (await house.queue.count_failed(JobFilter())).matched == 250
    assert (bill.units, bill.dynamodb) == (0, {"get_item": 1, "query": 3, "batch_get_item": 3})
    bill = Bill(house.first)
    many = house.queue.retry_many if verb is Verb.RETRY else house.queue.discard_many
    await many(JobFilter())
    assert bill.units == 1
    await house.runtime.bulk_work.round()
    # Three pages of up to a hundred: two units each to take the operation and to note how far it is.
    assert bill.units == 1 + 250 * 3 + 3 * 2
    assert bill.sqs == ({"send_message_batch": 25} if verb is Verb.RETRY else {})


@housed
async def test_a_queue_is_purged(house: House) -> None:
    await house.queue.enqueue_many([NewJob("work", {}, Options(delay=60))] * 50)
    bill = Bill(house.first)
    await house.queue.purge("work")
    await house.runtime.bulk_work.round()
    assert (bill.units, bill.sqs) == (1 + 50 * 3 + 2, {"purge_queue": 1})


@housed
async def test_a_queue_is_paused_and_resumed(house: House) -> None:
    await house.queue.pause("other")
    for change in (house.queue.pause, house.queue.resume):
        bill = Bill(house.first)
        await change("work")
        # The row, and that Lambda has been told.
        assert bill.units == 2
        bill = Bill(house.first)
        await house.queue.paused()
        assert (bill.units, bill.dynamodb) == (0, {"query": 1})


@housed
async def test_rounds_that_find_nothing_read_and_write_nothing(house: House) -> None:
    await known(house.first)
    await house.maintain()
    await house.runtime.bulk_work.round()
    await house.runtime.flowing.round()
    bill = Bill(house.first)
    await house.maintain()
    # The tenants, what is overdue, what is owed; and of each type whether its dead letters have changed.
    assert (bill.units, bill.dynamodb, bill.sqs) == (0, {"query": 3}, {"get_queue_attributes": 2})
    bill = Bill(house.first)
    await house.runtime.bulk_work.round()
    await house.runtime.flowing.round()
    await house.runtime.pauses.round()
    assert (bill.units, bill.dynamodb, bill.sqs) == (0, {"query": 3}, {})


@pytest.mark.parametrize(("delay", "looks"), [(600, 2), (0, 3)])
@housed
async def test_a_round_of_alerts(house: House, delay: int, looks: int) -> None:
    """`looks`: queries for each tenant, one more where jobs wait, for the age of the oldest."""
    process, alerter = alerting(house, Receiver())
    queries = []
    for number in range(3):
        await house.queue.for_tenant(f"t{number}").enqueue("work", {}, delay=delay)
        await alerter.round()
        bill = Bill(process)
        await alerter.round()
        queries.append(bill.dynamodb["query"])
        assert (bill.units, bill.sqs) == (0, {"get_queue_attributes": 2 * 2})
    assert [later - queries[0] for later in queries] == [0, looks, 2 * looks]
    assert queries[0] - looks <= 5, "the alerts, the tenants, the workers, what is paused"


@housed
async def test_claims_and_settlements_are_as_ever_while_all_that_goes_on(house: House) -> None:
    await known(house.first)
    await house.queue.enqueue("work", {})
    await house.queue.pause("other")
    await house.queue.retry_many(JobFilter())
    bill = Bill(house.first)
    await house.deliver()
    assert (bill.units, bill.dynamodb) == (CLAIM + SETTLE, {STATEMENTS: 2})
