"""Jobs in a caller's own transaction: there if the caller's write is, whoever is killed when."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from queues import Context, NewJob, Options, Queue, Status, Unique
from queues.errors import InvalidData, InvalidOption, JobNotFound, UnknownJobType
from queues.job import Job
from queues.reaper import RESEND_AFTER
from queues.transactions import RELAY_AFTER
from tests.core.house import MINUTE, Died, House, Order, housed, throttled

PAGE = Path(__file__).parents[2] / "docs" / "transactions.md"
SOON = RELAY_AFTER / 1000


async def orders(house: House) -> None:
    """The caller's own table."""
    await house.dynamodb.create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def order(number: str) -> dict[str, Any]:
    return {
        "Put": {
            "TableName": "orders",
            "Item": {"pk": {"S": number}},
            "ConditionExpression": "attribute_not_exists(pk)",
        }
    }


async def ordered(house: House, number: str) -> bool:
    return "Item" in await house.dynamodb.get_item(TableName="orders", Key={"pk": {"S": number}})


async def commit(house: House, items: Any, **more: Any) -> Any:
    return await house.first.dynamodb.transact_write_items(TransactItems=items, **more)


async def place(house: House, number: str, **options: Any) -> Job:
    """As docs/transactions.md has it."""
    job, items = await house.queue.transaction_items("work", {"size": 1}, **options)
    await commit(house, [order(number), *items])
    await house.queue.relay(job)
    return job


@housed
async def test_order_and_job_come_together_and_the_job_runs(house: House) -> None:
    await orders(house)
    job = await place(house, "1", tags=["shop"], attempts=7)
    assert await ordered(house, "1")
    there = await house.queue.get(job.id)
    assert (there.status, there.tags, there.max_attempts) == (Status.WAITING, ("shop",), 7)
    await house.deliver()
    assert (await house.queue.get(job.id)).result == {"made": 1}
    await asyncio.sleep(MINUTE)
    assert (await house.runtime.reaper.round()).looked_at == 0
    assert await house.depth() == (0, 0, 0)


@housed
async def test_nothing_is_written_before_the_transaction(house: House) -> None:
    job, items = await house.queue.transaction_items("work", {"size": 1})
    assert len(items) == 1
    with pytest.raises(JobNotFound):
        await house.queue.get(job.id)
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_condition_that_fails_leaves_neither(house: House) -> None:
    await orders(house)
    await commit(house, [order("1")])
    job, items = await house.queue.transaction_items("work", {})
    with pytest.raises(ClientError, match="TransactionCanceledException"):
        await commit(house, [order("1"), *items])
    with pytest.raises(JobNotFound):
        await house.queue.get(job.id)
    # Somebody who relays all the same does no harm.
    await house.queue.relay(job)
    await house.deliver()
    assert (house.runs, await house.depth()) == ([], (0, 0, 0))


@housed
async def test_killed_before_the_transaction_there_is_neither(house: House) -> None:
    await orders(house)
    await house.die_at(house.first.dynamodb, "transact_write_items", place(house, "1", job_id="j"))
    assert not await ordered(house, "1")
    await asyncio.sleep(MINUTE)
    await house.maintain()
    assert (await house.queue.list()).jobs == []


@pytest.mark.parametrize("delay", [0, 600, 3_000])
@housed
async def test_killed_after_the_transaction_the_job_runs_within_one_round(house: House, delay: int) -> None:
    await orders(house)
    # The queue is not empty: the reaper would take its time with any other job.
    for _ in range(3):
        await house.queue.enqueue("work", {}, delay=10_000)
    start = house.loop.time()
    await house.die_at(
        house.first.dynamodb, "transact_write_items", place(house, "1", job_id="j", delay=delay), after=True
    )
    async with house.working(house.process()):
        await house.queue.wait("j")
    (run,) = house.runs
    assert delay + SOON <= run[2] - start <= delay + SOON + 6
    assert await ordered(house, "1")


@pytest.mark.parametrize("after", [False, True])
@housed
async def test_killed_as_it_relays_the_job_runs_once(house: House, after: bool) -> None:
    await orders(house)
    await house.die_at(house.first.sqs, "send_message", place(house, "1", job_id="j"), after=after)
    async with house.working(house.process()):
        await house.queue.wait("j")
        await asyncio.sleep(2 * MINUTE)
    assert len(house.runs) == 1
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_relay_that_sqs_refuses_leaves_it_to_the_reaper(house: House) -> None:
    await orders(house)
    house.first.sqs.fail("send_message", throttled())
    with pytest.raises(ClientError):
        await place(house, "1", job_id="j")
    async with house.working():
        assert (await house.queue.wait("j")).status is Status.COMPLETED


@housed
async def test_a_lost_answer_is_asked_for_again_with_the_same_token(house: House) -> None:
    await orders(house)
    job, items = await house.queue.transaction_items("work", {})
    writes = [order("1"), *items]
    house.first.dynamodb.fail("transact_write_items", Died(), after=True)
    with pytest.raises(Died):
        await commit(house, writes, ClientRequestToken="order-1")
    await commit(house, writes, ClientRequestToken="order-1")
    await house.queue.relay(job)
    await house.deliver()
    assert [run[0] for run in house.runs] == [job.id]
    # Even after the job has run: the row is not put back to its beginning.
    await commit(house, writes, ClientRequestToken="order-1")
    assert (await house.queue.get(job.id)).status is Status.COMPLETED


@housed
async def test_of_two_transactions_with_one_job_id_one_goes_through(house: House) -> None:
    await orders(house)
    both = [place(house, number, job_id="j") for number in ("1", "2")]
    done = await asyncio.gather(*both, return_exceptions=True)
    assert sorted(isinstance(one, ClientError) for one in done) == [False, True]
    assert [await ordered(house, number) for number in ("1", "2")].count(True) == 1
    await house.deliver()
    assert len(house.runs) == 1


@housed
async def test_an_id_whose_job_is_forgotten_can_be_taken(house: House) -> None:
    await orders(house)
    await place(house, "1", job_id="j")
    await house.deliver()
    with pytest.raises(ClientError):
        await place(house, "2", job_id="j")
    await asyncio.sleep(8 * 86_400)
    await place(house, "2", job_id="j")
    await house.deliver()
    assert len(house.runs) == 2


@housed
async def test_a_job_that_is_paused_or_behind_others_is_sent_again_once(house: House) -> None:
    await house.queue.pause("work")
    job, items = await house.queue.transaction_items("work", {})
    await commit(house, items)
    await house.queue.relay(job)
    for _ in range(20):
        await asyncio.sleep(5)
        await house.maintain()
    assert (await house.depth())[0] == 2, "the caller's message, and the one of the reaper, who cannot know of it"
    await house.queue.resume("work")
    async with house.working():
        await asyncio.sleep(RESEND_AFTER / 1000)
    assert len(house.runs) == 1
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_retry_is_nothing_that_is_owed_to_a_caller(house: House) -> None:
    async def fails(_order: Order, ctx: Context) -> None:
        raise ValueError(ctx.attempt)

    house.handlers["work"] = fails
    job, items = await house.queue.transaction_items("work", {}, attempts=2)
    await commit(house, items)
    await house.queue.relay(job)
    await house.deliver()
    await asyncio.sleep(MINUTE)
    assert (await house.runtime.reaper.round()).resent == 0, "its message is in the queue"


@housed
async def test_several_jobs_of_one_transaction(house: House) -> None:
    jobs, items = await house.queue.transaction_items_many([NewJob("work", {"size": n}) for n in range(100)])
    await commit(house, items)
    await house.queue.relay(*jobs)
    for _ in range(10):
        await house.deliver()
    assert {(await house.queue.get(job.id)).status for job in jobs} == {Status.COMPLETED}


@housed
async def test_what_cannot_be_in_a_transaction_is_refused(house: House) -> None:
    ask = house.queue.transaction_items
    with pytest.raises(InvalidOption, match=r"unique='work' is not possible: .* give it a jobId"):
        await ask("work", {}, unique=Unique(key="k"))
    with pytest.raises(InvalidData):
        await ask("work", {"size": "x"})
    with pytest.raises(UnknownJobType):
        await ask("wrok", {})
    for count in (0, 101):
        with pytest.raises(InvalidOption, match="1 to 100 items"):
            await house.queue.transaction_items_many([NewJob("work", {})] * count)
    same = NewJob("work", {}, Options(job_id="j"))
    with pytest.raises(InvalidOption, match="two jobs of one id"):
        await house.queue.transaction_items_many([same, same])


@housed
async def test_what_it_costs(house: House) -> None:
    await orders(house)
    await place(house, "0")
    await house.deliver()
    wire = house.first.dynamodb
    wire.units = 0
    wire.calls.clear()
    _, items = await house.queue.transaction_items("work", {"size": 1})
    assert wire.calls.total() == 0
    await commit(house, items)
    assert wire.units == 4, "enqueue's two, twice"
    wire.units = 0
    await house.runtime.reaper.round()
    await asyncio.sleep(SOON + 1)
    await house.runtime.reaper.round()
    assert wire.units == 3, "what the reaper notes of a job that nobody has relayed"
    await house.deliver()
    assert wire.units == 3 + 4, "claim and settle, as any job's"


@housed
async def test_the_page_shows_what_works(house: House) -> None:
    await orders(house)
    source = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
    names: dict[str, Any] = {"Queue": Queue, "Any": Any, "Job": Job}
    exec(source.replace('"confirmation", {"order": order_id}', '"work", {"size": 3}'), names)
    job = await names["place_order"](house.queue, house.dynamodb, "7")
    await house.deliver()
    assert job.id == "confirm-7"
    assert (await house.queue.get(job.id)).result == {"made": 3}
    assert await ordered(house, "7")
