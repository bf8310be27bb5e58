"""Large data and results in S3 on MiniStack, and in a folder beside the embedded AWS."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from queues import Status, job
from queues.catalog import Catalog
from queues.clients import connect
from queues.limits import MAX_DATA_BYTES
from queues.runtime import assemble
from queues.settings import read_settings
from tests.emulators.place import Place


@job("large")
async def large(data: Any) -> str:
    """What it is given."""
    return str(data["text"])


def store_of(place: Place, tmp_path: Path) -> str:
    if place.emulator is None:
        return tmp_path.as_uri()
    client: Any = boto3.client("s3", region_name="us-east-1", endpoint_url=place.endpoint)
    client.create_bucket(Bucket="jobyard-artifacts")
    client.close()
    return "s3://jobyard-artifacts/all/of/them"


async def test_there_and_back_and_gone(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    settings = read_settings(
        aws_endpoint_url=place.endpoint, prefix="jobyard-large", artifacts=store_of(place, tmp_path)
    )
    text = "ö" * MAX_DATA_BYTES
    async with connect(settings) as clients:
        runtime = assemble(clients, Catalog([large]), settings)
        try:
            await runtime.create_resources()
            made = await runtime.queue.enqueue("large", {"text": text})
            url = await runtime.queues.url("large")
            reply = await clients.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)
            records = [
                {"messageId": one["MessageId"], "receiptHandle": one["ReceiptHandle"], "body": one["Body"]}
                for one in reply["Messages"]
            ]
            context = SimpleNamespace(get_remaining_time_in_millis=lambda: 300_000)
            await runtime.runner.handle(large, {"Records": records}, context)
            done = await runtime.queue.get(made.id)
            assert (done.status, done.data, done.result) == (Status.COMPLETED, {"text": text}, text)
            assert runtime.payloads.artifacts is not None
            assert len([key async for key, _ in runtime.payloads.artifacts.all()]) == 2
            await runtime.queue.delete(made.id)
            assert [key async for key, _ in runtime.payloads.artifacts.all()] == []
        finally:
            await runtime.close()
