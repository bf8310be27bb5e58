"""What each feature adds to a job, in write units and calls; and that a job that uses none of them pays for none.

docs/cost.md lists them, and names the test of each. Rows here are shorter than 1 KB, as they are there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from functions.task import task as task_type
from queues import (
    SERVICE_CLASSES,
    Cancel,
    Concurrency,
    Context,
    Flow,
    NewJob,
    Options,
    Rate,
    Recurring,
    RetryAfter,
    Snooze,
    Step,
    Unique,
    chain,
    job,
)
from queues.catalog import Catalog
from queues.encryption.key_file import KeyFile
from queues.encryption.sealer import Sealer
from queues.limits import MAX_DATA_BYTES, MAX_RESULT_BYTES
from queues.tasks import allow, call_of
from tests.core import task_functions
from tests.core.bill import CLAIM, ENQUEUE, ROWS, SETTLE, STATEMENTS, Bill, known
from tests.core.house import House, Order, Process, housed
from tests.core.limited import processes
from tests.core.shelf import Shelf
from tests.core.test_artifacts import anything
from tests.core.test_tracing import traced

#: The calls of a job that is enqueued by itself, is delivered, and completes at once.
PLAIN = {ROWS: 1, STATEMENTS: 2}


def raising(error: Exception) -> Callable[[Order, Context], Awaitable[None]]:
    async def fail(_order: Order, _ctx: Context) -> None:
        raise error

    return fail


# --- none of them -------------------------------------------------------------------------------------------------


@housed
async def test_a_job_that_uses_none_of_them_pays_for_none(house: House) -> None:
    """In a deployment that has them all, a plain job makes the calls that it makes in one that has none."""

    @job("work")
    async def work(_order: Order) -> None: ...

    @job("limited", limits=[Concurrency(1), Rate(1, 1, "tenant")], tenant_concurrency=1)
    async def limited(_order: Order) -> None: ...

    @job("graded", priorities=SERVICE_CLASSES)
    async def graded(_order: Order) -> None: ...

    @job("unique", unique=Unique(window=60))
    async def unique(_order: Order) -> None: ...

    @job("vault", sensitive=True)
    async def vault(_order: Order) -> None: ...

    @job("kept", max_completed=1, max_failed=1, schedule=Recurring("rate(1 hour)"))
    async def kept(_order: Order) -> None: ...

    house.artifacts = Shelf(house.loop.epoch_ms)
    process = house.process(Catalog([work, limited, graded, unique, vault, kept, task_type, anything]))
    await process.runtime.create_resources()
    await process.runtime.queue.flows.start(Flow(Step("limited", {})))
    await process.runtime.queue.pause("graded")
    for one in (house.first, process):
        await known(one)
        bill = Bill(one)
        await one.runtime.queue.enqueue("work", {})
        await one.deliver()
        assert (bill.units, bill.refused) == (ENQUEUE + CLAIM + SETTLE, 0)
        assert (bill.dynamodb, bill.sqs) == (PLAIN, {"send_message": 1})
    assert not house.artifacts.calls


@housed
async def test_a_tenant_a_name_and_a_deadline_cost_nothing(house: House) -> None:
    queue = house.queue.for_tenant("acme")
    await queue.enqueue("work", {})
    bill = Bill(house.first)
    await queue.enqueue("work", {}, expires_in=60, deadline=60, tags=["blue"], priority=1)
    assert (bill.units, bill.dynamodb, bill.sqs) == (ENQUEUE, {ROWS: 1}, {"send_message": 1})
    bill = Bill(house.first)
    await queue.enqueue("work", {}, job_id="mine")
    assert (bill.units, bill.dynamodb, bill.sqs) == (ENQUEUE, {"put_item": 1}, {"send_message": 1})
    bill = Bill(house.first)
    await queue.enqueue("work", {}, job_id="mine")
    # The message is sent once more, in case its first sender was killed.
    assert (bill.units, bill.refused, bill.sqs) == (0, 1, {"send_message": 1})


# --- what comes of an attempt -------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ValueError("no"), RetryAfter(5), Snooze(5)])
@housed
async def test_an_attempt_that_is_followed_by_another(house: House, error: Exception) -> None:
    await known(house.first)
    house.handlers["work"] = raising(error)
    await house.queue.enqueue("work", {})
    bill = Bill(house.first)
    await house.deliver()
    assert (bill.units, bill.dynamodb) == (CLAIM + SETTLE, {STATEMENTS: 2})
    assert bill.sqs == {"change_message_visibility": 1}


@housed
async def test_a_job_that_cancels_itself_costs_what_one_that_completes_does(house: House) -> None:
    await known(house.first)
    house.handlers["work"] = raising(Cancel("no more"))
    await house.queue.enqueue("work", {})
    bill = Bill(house.first)
    await house.deliver()
    assert (bill.units, bill.dynamodb, bill.sqs) == (CLAIM + SETTLE, {STATEMENTS: 2}, {})


@housed
async def test_a_job_that_expires_and_is_buried(house: House) -> None:
    await known(house.first)
    await house.queue.enqueue("work", {}, expires_in=1)
    await asyncio.sleep(2)
    bill = Bill(house.first)
    await house.deliver()
    assert bill.units == CLAIM + SETTLE + 3, "and that its letter is there"
    assert bill.dynamodb == {STATEMENTS: 2, "get_item": 1, "update_item": 1}
    assert bill.sqs == {"send_message": 1}


@housed
async def test_a_wait_of_more_than_a_quarter_of_an_hour(house: House) -> None:
    await known(house.first)
    bill = Bill(house.first)
    await house.queue.enqueue("work", {}, delay=3_700)
    assert bill.units == ENQUEUE
    for _ in range(3):
        await asyncio.sleep(900)
        bill = Bill(house.first)
        await house.deliver()
        assert (bill.units, bill.refused) == (0, 1), "a claim that comes too early"
        assert (bill.dynamodb, bill.sqs) == ({STATEMENTS: 1}, {"send_message": 1})


@housed
async def test_progress_is_written_twice_a_second_at_the_most(house: House) -> None:
    async def steps(_order: Order, ctx: Context) -> None:
        for percent in range(100):
            ctx.progress(percent, "on its way")
            ctx.log("a line")
            await asyncio.sleep(0.1)

    await known(house.first)
    house.handlers["work"] = steps
    await house.queue.enqueue("work", {})
    bill = Bill(house.first)
    await house.deliver()
    reports = bill.dynamodb[STATEMENTS] - 2
    assert 18 <= reports <= 20, "for ten seconds"
    # Lines cost nothing but their bytes: they come with the settlement.
    assert bill.units == CLAIM + SETTLE + reports
    assert reports - 1 <= bill.sqs["change_message_visibility"] <= reports


# --- options of a type --------------------------------------------------------------------------------------------


@housed
async def test_a_rate_costs_one_write_and_two_reads(house: House) -> None:
    (worker,) = processes(house, 1, Rate(100, 60))
    await known(worker)
    await house.queue.enqueue("work", {})
    bill = Bill(worker)
    await worker.deliver()
    assert bill.units == CLAIM + SETTLE + 1
    assert bill.dynamodb == {STATEMENTS: 2, "get_item": 2, "put_item": 1}


@housed
async def test_what_is_too_large_for_a_row_is_written_and_read_once(house: House) -> None:
    house.artifacts = shelf = Shelf(house.loop.epoch_ms)
    process = house.process(Catalog([anything]))
    await process.runtime.queues.create(process.runtime.catalog)
    await process.runtime.queue.enqueue("any", {"text": ""})
    await process.deliver("any")
    bill = Bill(process)
    made = await process.runtime.queue.enqueue("any", {"text": "x" * MAX_DATA_BYTES, "answer": MAX_RESULT_BYTES})
    await process.deliver("any")
    assert shelf.calls == {"put": 2, "get": 1}
    assert (bill.units, bill.dynamodb) == (ENQUEUE + CLAIM + SETTLE, PLAIN)
    await process.runtime.queue.delete(made.id)
    assert shelf.calls == {"put": 2, "get": 1, "remove": 2}


@housed
async def test_a_sensitive_job_makes_no_call_of_its_own(house: House, tmp_path: Path) -> None:
    @job("vault", sensitive=True)
    async def vault(order: Order) -> int:
        return order.size

    KeyFile(tmp_path).ensure(house.loop.epoch_ms())
    house.sealer = lambda: Sealer(KeyFile(tmp_path), "jobyard", house.loop.epoch_ms)
    process = house.process(Catalog([vault]))
    await process.runtime.queues.create(process.runtime.catalog)
    await known(process, "vault")
    bill = Bill(process)
    await process.runtime.queue.enqueue("vault", {"size": 7})
    await process.deliver("vault")
    assert (bill.dynamodb, bill.sqs) == (PLAIN, {"send_message": 1})
    # Some 400 bytes for each sealed text: with more of them its row is longer than 1 KB.
    assert bill.units == ENQUEUE + CLAIM + SETTLE


@housed
async def test_a_task_costs_what_any_job_does(house: House) -> None:
    allow("tests.core.task_functions:add")
    process = house.process(Catalog([task_type]))
    await process.runtime.create_resources()
    await process.runtime.queue.run_task(task_functions.add, 1)
    bill = Bill(process)
    await process.runtime.queue.enqueue("task", call_of(task_functions.add, 1, 2))
    assert (bill.units, bill.dynamodb, bill.sqs) == (ENQUEUE, {ROWS: 1}, {"send_message": 1})


# --- flows, schedules ---------------------------------------------------------------------------------------------


@housed
async def test_a_flow_and_its_steps(house: House) -> None:
    queue = house.queue
    await queue.flows.start(Flow(Step("work", {})))
    await house.deliver()
    bill = Bill(house.first)
    await queue.flows.start(Flow(*(Step("work", {"size": size}) for size in range(10))))
    assert bill.units == 10 * (ENQUEUE + 1) + 4, "a row for each step, and four for the flow's own"
    bill = Bill(house.first)
    await house.deliver()
    # Each end: the step's row, twice since in a transaction, and that its debt is paid. Ten of them share the counts.
    assert bill.units == 10 * (CLAIM + SETTLE + 2 + 3) + 2 + 1


@housed
async def test_a_step_that_comes_after_another(house: House) -> None:
    await house.queue.flows.start(Flow(Step("work", {})))
    await house.deliver()
    await house.queue.flows.start(Flow(chain(Step("work", {}), Step("work", {}))))
    bill = Bill(house.first)
    await house.deliver()
    ends = CLAIM + SETTLE + 2 + 3 + 2
    assert bill.units == ends + 2 * (1 + ENQUEUE), "its row and its job's, in a transaction"
    bill = Bill(house.first)
    await house.deliver()
    assert bill.units == ends + 1, "and the flow's end"


@housed
async def test_a_schedules_changes_and_a_job_that_it_is_told_to_make(house: House) -> None:
    schedules = house.queue.schedules
    await schedules.create("first", "work", "rate(1 day)")
    bill = Bill(house.first)
    house.first.scheduler.calls.clear()
    await schedules.create("s", "work", "rate(1 day)")
    assert (bill.units, dict(house.first.scheduler.calls)) == (1, {"create_schedule": 1})
    for change in (schedules.pause, schedules.resume, schedules.delete):
        bill = Bill(house.first)
        house.first.scheduler.calls.clear()
        await change("s")
        assert (bill.units, house.first.scheduler.calls.total()) == (1, 1)
    bill = Bill(house.first)
    await schedules.run_now("first")
    assert (bill.units, bill.sqs) == (2 * (1 + ENQUEUE), {"send_message": 1})


# --- what is watched ----------------------------------------------------------------------------------------------


@housed
async def test_a_trace_is_no_further_request(house: House) -> None:
    exporter = InMemorySpanExporter()
    process = traced(house, exporter)
    await known(process)
    bill = Bill(process)
    await process.runtime.queue.enqueue("work", {})
    await process.deliver()
    assert (bill.units, bill.dynamodb) == (ENQUEUE + CLAIM + SETTLE, PLAIN)
    assert bill.sqs == {"send_message": 1}
    assert len(exporter.get_finished_spans()) == 4


async def _looks(house: House, process: Process, ask: Awaitable[Any]) -> dict[str, int]:
    bill = Bill(process)
    await ask
    assert (bill.units, bill.refused) == (0, 0)
    return bill.dynamodb


@housed
async def test_who_asks_reads_and_writes_nothing(house: House) -> None:
    made = await house.queue.enqueue("work", {}, delay=60)
    await house.queue.enqueue_many([NewJob("work", {}, Options(delay=60))] * 3)
    first = house.first
    assert await _looks(house, first, house.queue.get(made.id)) == {"get_item": 1}
    assert await _looks(house, first, house.queue.why(made.id)) == {"get_item": 1}
    assert await _looks(house, first, house.queue.list()) == {"get_item": 1, "query": 5, "batch_get_item": 1}
    await asyncio.sleep(61)
    await house.deliver()
    assert await _looks(house, first, house.queue.wait(made.id)) == {"get_item": 1}
