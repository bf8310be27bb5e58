"""BlockingQueue: Queue's own methods, from code without an event loop."""

from __future__ import annotations

import inspect
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

import pytest

from functions.hello import hello
from infra.local.engine import Engine
from queues import Flow, NewJob, Queue, Status, Step, chain
from queues.blocking import BlockingAdmin, BlockingFlows, BlockingQueue, BlockingSchedules, BlockingWebhooks
from queues.catalog import Catalog
from queues.clients import Clients
from queues.control.admin import EVERYONE, Admin
from queues.control.job_filter import JobFilter
from queues.errors import InvalidData, JobNotFound, Misconfigured
from queues.flows.flows import Flows
from queues.runtime import assemble
from queues.schedules.schedules import Schedules
from queues.settings import Settings
from queues.webhooks.webhooks import Webhooks


@asynccontextmanager
async def embedded() -> AsyncIterator[Queue]:
    engine = Engine(None)
    clients = Clients(engine.client("sqs"), engine.client("dynamodb"), engine.client("scheduler"))
    runtime = assemble(clients, Catalog([hello]), Settings())
    await runtime.create_resources()
    yield runtime.queue
    await runtime.close()
    await engine.close()


def test_it_has_every_method_of_queue() -> None:
    waiting = {name for name, method in vars(Queue).items() if inspect.iscoroutinefunction(method) and name[0] != "_"}
    assert waiting <= vars(BlockingQueue).keys()
    for name in waiting:
        assert getattr(BlockingQueue, name).__doc__ == getattr(Queue, name).__doc__


def test_its_schedules_have_every_method_of_schedules() -> None:
    waiting = {name for name, one in vars(Schedules).items() if inspect.iscoroutinefunction(one) and name[0] != "_"}
    assert waiting <= vars(BlockingSchedules).keys()
    with BlockingQueue(opener=embedded) as queue:
        made = queue.schedules.create("greeting", "hello", "0 9 * * *", data={"name": "Ada"})
        assert queue.schedules.get("greeting") == made
        assert len(queue.schedules.next_runs("greeting", 3)) == 3
        assert queue.get(queue.schedules.run_now("greeting").id).type == "hello"


def test_its_flows_have_every_method_of_flows() -> None:
    waiting = {name for name, one in vars(Flows).items() if inspect.iscoroutinefunction(one) and name[0] != "_"}
    assert waiting <= vars(BlockingFlows).keys()
    with BlockingQueue(opener=embedded) as queue:
        made = queue.flows.start(Flow(chain(Step("hello", {"name": "Ada"}), Step("hello", {"name": "Bob"}))))
        assert [one.step.node.name for one in queue.flows.steps(made.id)] == ["hello-1", "hello-2"]
        queue.flows.cancel(made.id)
        assert queue.flows.wait(made.id, timeout=5).cancelled == 2


def test_its_webhooks_have_every_method_of_webhooks() -> None:
    waiting = {name for name, one in vars(Webhooks).items() if inspect.iscoroutinefunction(one) and name[0] != "_"}
    assert waiting <= vars(BlockingWebhooks).keys()
    with BlockingQueue(opener=embedded) as queue:
        assert queue.webhooks.list() == ()


def test_its_admin_has_every_method_of_admin() -> None:
    waiting = {name for name, one in vars(Admin).items() if inspect.iscoroutinefunction(one) and name[0] != "_"}
    assert waiting <= vars(BlockingAdmin).keys()
    with BlockingQueue(opener=embedded) as queue:
        begun = queue.admin.retry_many(EVERYONE, JobFilter())
        assert [bulk.id for bulk in queue.admin.operations().operations] == [begun.id]


def test_events_are_a_plain_iterator() -> None:
    with BlockingQueue(opener=embedded) as queue:
        job = queue.enqueue("hello", {"name": "Ada"}, delay=60)
        events = queue.events(job.id)
        assert next(events).id == "0.enqueued"
        queue.cancel(job.id)
        assert [event.id for event in events] == ["0.cancelled"]
        half_read = queue.events(job.id)
        next(half_read)
    # It outlives its queue.
    half_read.close()


def test_calls_block_until_they_are_done() -> None:
    with BlockingQueue(opener=embedded) as queue:
        job = queue.enqueue("hello", {"name": "Ada"}, delay=60)
        assert queue.get(job.id).status is Status.DELAYED
        assert [one.id for one in queue.list(status="delayed").jobs] == [job.id]
        assert queue.counts()[0].delayed == 1
        assert queue.workers() == []
        assert queue.cancel(job.id).status is Status.CANCELLED
        assert queue.wait(job.id, timeout=1).status is Status.CANCELLED
        seen: list[tuple[int, int]] = []
        many = queue.enqueue_many([NewJob(hello, {"name": "Bob"})] * 150, on_progress=lambda *at: seen.append(at))
        assert len(many) == 150
        assert seen[-1] == (150, 150)


def test_errors_are_those_of_queue() -> None:
    with BlockingQueue(opener=embedded) as queue:
        with pytest.raises(JobNotFound):
            queue.get("nobody")
        with pytest.raises(InvalidData):
            queue.enqueue("hello", {})
        job = queue.enqueue("hello", {"name": "Ada"})
        with pytest.raises(TimeoutError):
            queue.wait(job.id, timeout=0.01)


def test_threads_may_share_one() -> None:
    with BlockingQueue(opener=embedded) as queue, ThreadPoolExecutor(4) as pool:
        jobs = list(pool.map(lambda number: queue.enqueue("hello", {"name": f"No. {number}"}), range(20)))
        assert len({job.id for job in jobs}) == 20


def test_its_thread_ends_with_it() -> None:
    before = threading.active_count()
    with BlockingQueue(opener=embedded):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before


def test_it_must_be_entered() -> None:
    with pytest.raises(Misconfigured, match="with BlockingQueue"):
        BlockingQueue(opener=embedded).get("any")


def test_what_keeps_it_from_opening_is_raised() -> None:
    @asynccontextmanager
    async def broken() -> AsyncIterator[Queue]:
        raise Misconfigured("no AWS here")
        yield

    with pytest.raises(Misconfigured, match="no AWS here"), BlockingQueue(opener=broken):
        pass
