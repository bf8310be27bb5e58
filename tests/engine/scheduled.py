"""What the tests of schedules that fire have in common: a queue to fire into, and schedules that need few words."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

from infra.local.engine import Engine
from tests.engine.conftest import START

ROLE = "arn:aws:iam::000000000000:role/schedules"
OFF = {"Mode": "OFF"}


def arn(queue: str) -> str:
    return f"arn:aws:sqs:us-east-1:000000000000:{queue}"


def at(seconds: float) -> str:
    """A one-time expression for so many seconds after the tests' beginning."""
    return f"at({datetime.fromtimestamp(START / 1000 + seconds, UTC):%Y-%m-%dT%H:%M:%S})"


def date(seconds: float) -> datetime:
    return datetime.fromtimestamp(START / 1000 + seconds, UTC)


class House:
    """An engine with the queues `q` and `dead`, and a scheduler."""

    def __init__(self, engine: Engine, loop: asyncio.AbstractEventLoop):
        self.engine = engine
        self.loop = loop
        self.sqs = engine.client("sqs")
        self.scheduler = engine.client("scheduler")

    async def furnish(self) -> House:
        for name in ("q", "dead"):
            await self.sqs.create_queue(QueueName=name)
        return self

    @property
    def now(self) -> float:
        """Seconds since the beginning."""
        return round(self.loop.time(), 3)

    async def schedule(
        self, expression: str, name: str = "s", target: dict[str, Any] | None = None, **members: Any
    ) -> dict[str, Any]:
        """CreateSchedule; `target` adds to one that sends the context attributes to `q`."""
        reply: dict[str, Any] = await self.scheduler.create_schedule(
            **self.members(expression, name, target, **members)
        )
        return reply

    async def change(
        self, expression: str, name: str = "s", target: dict[str, Any] | None = None, **members: Any
    ) -> dict[str, Any]:
        """UpdateSchedule with the same defaults."""
        reply: dict[str, Any] = await self.scheduler.update_schedule(
            **self.members(expression, name, target, **members)
        )
        return reply

    def members(self, expression: str, name: str, target: dict[str, Any] | None, **members: Any) -> dict[str, Any]:
        text = json.dumps({"time": "<aws.scheduler.scheduled-time>", "attempt": "<aws.scheduler.attempt-number>"})
        whole = {"Arn": arn("q"), "RoleArn": ROLE, "Input": text} | (target or {})
        return {
            "Name": name,
            "ScheduleExpression": expression,
            "FlexibleTimeWindow": OFF,
            "Target": {key: value for key, value in whole.items() if value is not None},
        } | members

    async def messages(self, queue: str = "q") -> list[dict[str, Any]]:
        """All messages that wait there, removed."""
        url = f"http://127.0.0.1:4566/000000000000/{queue}"
        found: list[dict[str, Any]] = []
        while True:
            reply = await self.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
            )
            if not (batch := reply.get("Messages")):
                return found
            found += batch
            for message in batch:
                await self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    async def sent(self) -> list[tuple[float, float]]:
        """(seconds of the scheduled time, seconds of the sending) of each message in `q`."""
        return [
            (
                datetime.fromisoformat(json.loads(message["Body"])["time"]).timestamp() - START / 1000,
                (int(message["Attributes"]["SentTimestamp"]) - START) / 1000,
            )
            for message in await self.messages()
        ]

    async def dead(self) -> list[dict[str, str]]:
        """Attributes and body of each dead-letter event."""
        return [
            {name: value["StringValue"] for name, value in message["MessageAttributes"].items()}
            | {"body": message["Body"]}
            for message in await self.messages("dead")
        ]

    async def names(self) -> list[str]:
        return [entry["Name"] for entry in (await self.scheduler.list_schedules())["Schedules"]]
