"""localstack-client: sessions that were written for LocalStack find the port as they would find LocalStack's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import localstack_client.session
import pytest

from tests.clients.command import run
from tests.clients.documented import documented

Unique = Callable[[str], str]


def test_the_snippet(aws: str, tmp_path: Path) -> None:
    snippet = documented("localstack-client")
    assert run(sys.executable, "-c", snippet.at(aws), cwd=tmp_path) == snippet.printed


def test_the_endpoint_comes_from_the_environment(aws: str, unique: Unique) -> None:
    sqs = localstack_client.session.Session().client("sqs")
    assert sqs.meta.endpoint_url == aws
    assert sqs.create_queue(QueueName=unique("local"))["QueueUrl"].startswith(aws)


def test_the_endpoint_comes_from_localstack_host(aws: str, monkeypatch: pytest.MonkeyPatch, unique: Unique) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    monkeypatch.setenv("LOCALSTACK_HOST", aws.removeprefix("http://"))
    session = localstack_client.session.Session(region_name="eu-west-1")
    queue = session.resource("sqs").create_queue(QueueName=unique("local"))
    assert queue.attributes["QueueArn"].startswith("arn:aws:sqs:eu-west-1:000000000000:")
    dynamodb = session.client("dynamodb")
    assert dynamodb.list_tables()["TableNames"] == []
    assert "default" in [
        group["Name"] for group in session.client("scheduler").list_schedule_groups()["ScheduleGroups"]
    ]
    assert session.client("cloudwatch").list_metrics()["Metrics"] is not None
