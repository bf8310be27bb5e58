"""taskiq with taskiq-aio-sqs on an AWS endpoint: `taskiq_sqs.py ENDPOINT`.

Results go to the S3 backend that the package brings. Tuned for 2 cores, of which the emulator uses one: one process
for producer and receiver, on uvloop; receives of 10 messages; 100 tasks at once, so that deletes and result writes of a
hundred jobs are under way together (deletes go one by one: the package has no batch for them); sends batched by ten
(`enable_batching`). A batched `kiq` returns before SQS has the message, so `enqueue` waits until the last batch has
been answered. Latency samples skip the batching, whose shortest wait is 100 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop
from aiobotocore.session import get_session
from taskiq.api import run_receiver_task
from taskiq_aio_sqs import S3Backend, SQSBroker

from peers.payload import PAYLOAD
from peers.protocol import Contestant, serve

QUEUE = "taskiq-bench"
BUCKET = "taskiq-bench-results"
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}

#: Tasks that the receiver runs at once.
TASKS_AT_ONCE = 100

#: Seconds that a partial batch waits: the package's minimum.
BATCH_WAIT = 0.1


class Broker(SQSBroker):
    """Counts messages sent and acknowledged; an acknowledgement follows the stored result."""

    sent = 0
    acknowledged = 0
    target = 0

    def expect(self, jobs: int) -> asyncio.Event:
        """An event for when so many more messages have been accepted by SQS."""
        self.target, self.all_sent = self.sent + jobs, asyncio.Event()
        return self.all_sent

    async def _send_batch_to_sqs(self, queue_name: str, batch: list[Any]) -> None:
        await super()._send_batch_to_sqs(queue_name, batch)
        self.sent += len(batch)
        if self.sent >= self.target:
            self.all_sent.set()

    def build_ack_fnx(self, *args: Any, **named: Any) -> Callable[[], Awaitable[None]]:
        ack = super().build_ack_fnx(*args, **named)

        async def counted() -> None:
            await ack()
            self.acknowledged += 1

        return counted


class Taskiq(Contestant):
    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self.broker = Broker(
            QUEUE,
            endpoint_url=endpoint,
            max_number_of_messages=10,
            wait_time_seconds=20,
            enable_batching=True,
            batch_timeout=BATCH_WAIT,
            **CREDENTIALS,
        )
        self.broker.with_result_backend(S3Backend(BUCKET, endpoint_url=endpoint, **CREDENTIALS))
        self.receiver: asyncio.Task[None] | None = None
        self.began: asyncio.Future[float] | None = None

        @self.broker.task(task_name="noop")
        async def noop(data: dict[str, str]) -> bool:
            if self.began is not None and not self.began.done():
                self.began.set_result(time.monotonic())
            return True

        self.noop = noop

    async def open(self) -> None:
        session = get_session()
        async with session.create_client("sqs", endpoint_url=self.endpoint, **CREDENTIALS) as sqs:
            await sqs.create_queue(QueueName=QUEUE, Attributes={"VisibilityTimeout": "120"})
        async with session.create_client("s3", endpoint_url=self.endpoint, **CREDENTIALS) as s3:
            await s3.create_bucket(Bucket=BUCKET)
        await self.broker.startup()

    async def start_workers(self) -> None:
        self.receiver = asyncio.create_task(
            run_receiver_task(self.broker, max_async_tasks=TASKS_AT_ONCE, max_prefetch=20)
        )

    async def stop_workers(self) -> None:
        assert self.receiver is not None
        self.receiver.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.receiver

    async def enqueue(self, jobs: int) -> None:
        all_sent = self.broker.expect(jobs)
        for _ in range(jobs):
            await self.noop.kiq(PAYLOAD)
        await all_sent.wait()

    def done(self) -> int:
        return self.broker.acknowledged

    async def latency(self) -> float:
        self.began = asyncio.get_running_loop().create_future()
        start = time.monotonic()
        await self.noop.kicker().with_labels(skip_batching=True).kiq(PAYLOAD)
        return await self.began - start

    async def kept(self) -> int:
        async with get_session().create_client("s3", endpoint_url=self.endpoint, **CREDENTIALS) as s3:
            pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
            return sum([page.get("KeyCount", 0) async for page in pages])

    async def close(self) -> None:
        await self.broker.shutdown()


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("endpoint")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(Taskiq(parser.parse_args().endpoint)))
