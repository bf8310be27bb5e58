"""taskiq with taskiq-aio-sqs: a real worker, and tasks that are sent one by one and in batches."""

from __future__ import annotations

from pathlib import Path

import boto3

from tests.clients.command import run, working
from tests.clients.documented import documented

#: A worker ends after its last poll, which shall not be a long one.
PROMPT = ('"taskiq-orders",', '"taskiq-orders", wait_time_seconds=1,')

SEND = """
import asyncio
from broker import broker, greet


async def main():
    await broker.startup()
    await asyncio.gather(*(greet.kiq(f"number {n}") for n in range(20)))
    await broker.shutdown()


asyncio.run(main())
"""


def test_tasks_run(aws: str, programs: Path, tmp_path: Path) -> None:
    queue = boto3.resource("sqs").create_queue(QueueName="taskiq-orders")
    (tmp_path / "broker.py").write_text(documented("taskiq").at(aws).replace(*PROMPT))
    command = documented("taskiq", 1).code.split()
    with working([programs / command[0], *command[1:], "--workers", "1"], tmp_path) as worker:
        run(programs / "python", "-c", SEND, cwd=tmp_path)
        printed = worker.prints("Hello, number ", times=20)
    assert "Traceback" not in printed
    assert int(queue.attributes["ApproximateNumberOfMessages"]) == 0
