"""Limits and message groups on the embedded AWS and on MiniStack: two processes that share one row."""

from __future__ import annotations

import asyncio
import random
from typing import Any, ClassVar

from queues import Concurrency, NewJob, Rate, job
from queues.catalog import Catalog
from queues.clients import Clients
from queues.runtime import Runtime, assemble
from queues.settings import read_settings
from queues.table import create_table
from queues.throttle.state import Full
from queues.throttle.throttle import Held

#: Seconds that a job takes.
TAKES = 0.1


class Inside:
    """What runs, and whose messages came."""

    now = most = 0
    groups: ClassVar[set[str]] = set()


@job("limited", limits=[Concurrency(1, "tenant"), Rate(2, 1)])
async def limited(_data: Any) -> None:
    Inside.now += 1
    Inside.most = max(Inside.most, Inside.now)
    await asyncio.sleep(TAKES)
    Inside.now -= 1


class Invocation:
    def get_remaining_time_in_millis(self) -> int:
        return 600_000


async def pull(runtime: Runtime, sqs: Any, url: str) -> None:
    """Works like a mapping, until it is cancelled."""
    while True:
        reply = await sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, VisibilityTimeout=30, AttributeNames=["All"]
        )
        records = [
            {
                "messageId": one["MessageId"],
                "receiptHandle": one["ReceiptHandle"],
                "body": one["Body"],
                "attributes": one["Attributes"],
            }
            for one in reply.get("Messages", ())
        ]
        if not records:
            continue
        Inside.groups |= {record["attributes"]["MessageGroupId"] for record in records}
        answer = await limited.lambda_handler.invoke({"Records": records}, Invocation(), runtime.runner)
        failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
        for record in records:
            if record["messageId"] not in failed:
                await sqs.delete_message(QueueUrl=url, ReceiptHandle=record["receiptHandle"])


async def test_two_processes_keep_one_limit(aws: dict[str, Any]) -> None:
    settings, catalog = read_settings(prefix="limits"), Catalog([limited])
    clients = Clients(aws["sqs"], aws["dynamodb"], None)
    runtimes = [assemble(clients, catalog, settings, random=random.Random(n), worker=f"w{n}") for n in range(2)]
    await create_table(clients.dynamodb, settings)
    await runtimes[0].queues.create(catalog)
    queue = runtimes[0].queue.for_tenant("acme")
    Inside.now = Inside.most = 0
    made = await queue.enqueue_many([NewJob("limited", {})] * 3)
    throttles = [runtime.runner.throttle for runtime in runtimes]
    held = await throttles[0].enter(limited, "acme", made[0].id, "w0/0")
    assert isinstance(held, Held)
    assert isinstance(await throttles[1].enter(limited, "acme", made[1].id, "w1/0"), Full)
    await throttles[0].undo(held)
    url = await runtimes[0].queues.url("limited")
    workers = [asyncio.create_task(pull(runtime, clients.sqs, url)) for runtime in runtimes]
    try:
        jobs = [await queue.wait(one.id, timeout=60) for one in made]
    finally:
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    assert {(one.status.value, one.attempt) for one in jobs} == {("completed", 1)}
    assert (Inside.most, Inside.groups) == (1, {"acme"})
    starts = sorted(one.started_at or 0 for one in jobs)
    assert starts[2] - starts[0] >= 1_000
