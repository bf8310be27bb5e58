"""The queues of job types, those that are nobody's, and the age of their messages."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import orjson

from infra.doctor.reading.asking import Absent, Asker, Unreadable
from infra.doctor.snapshot import QueueState, Redrive
from queues.settings import Settings
from queues.sqs import NO_QUEUE

#: What SQS gives a queue that is made without them, in seconds. (SQS API reference, CreateQueue)
DEFAULTS = {"VisibilityTimeout": 30, "MessageRetentionPeriod": 345_600, "ReceiveMessageWaitTimeSeconds": 0}
#: Seconds that are looked back for a queue's age, and of the periods in it: SQS tells its metrics each minute.
LOOK_BACK, PERIOD = 600, 60
#: Queries of one GetMetricData. (CloudWatch API reference)
QUERIES = 500
#: Queues of one page of ListQueues. (SQS API reference)
PAGE = 1_000


async def read_queue(asker: Asker, name: str) -> QueueState | None:
    """A queue, None if there is none; Unreadable."""
    try:
        reply = await asker.ask("sqs", "GetQueueUrl", f"the queue {name}", NO_QUEUE, QueueName=name)
        url = reply["QueueUrl"]
        reply = await asker.ask(
            "sqs", "GetQueueAttributes", f"the queue {name}", NO_QUEUE, QueueUrl=url, AttributeNames=["All"]
        )
    except Absent:
        return None
    return _queue(name, url, reply.get("Attributes", {}))


def _queue(name: str, url: str, attributes: dict[str, str]) -> QueueState:
    def number(attribute: str) -> int:
        return int(attributes.get(attribute, DEFAULTS.get(attribute, 0)))

    return QueueState(
        name=name,
        url=url,
        arn=attributes.get("QueueArn", ""),
        visibility=number("VisibilityTimeout"),
        retention=number("MessageRetentionPeriod"),
        wait=number("ReceiveMessageWaitTimeSeconds"),
        redrive=_redrive(attributes.get("RedrivePolicy")),
        visible=number("ApproximateNumberOfMessages"),
        in_flight=number("ApproximateNumberOfMessagesNotVisible"),
        delayed=number("ApproximateNumberOfMessagesDelayed"),
    )


def _redrive(text: str | None) -> Redrive | None:
    if not text:
        return None
    policy = orjson.loads(text)
    return Redrive(str(policy.get("deadLetterTargetArn", "")), int(policy.get("maxReceiveCount", 0)))


async def read_queues(asker: Asker, names: Iterable[str]) -> dict[str, QueueState | None]:
    """Each of the queues that can be read."""
    found: dict[str, QueueState | None] = {}

    async def one(name: str) -> None:
        with suppress(Unreadable):
            found[name] = await read_queue(asker, name)

    async with asyncio.TaskGroup() as group:
        for name in names:
            group.create_task(one(name))
    return found


async def list_queues(asker: Asker, settings: Settings) -> dict[str, str]:
    """Name -> URL of all queues with the prefix, but for those of other deployments whose prefix begins with ours.

    A deployment is known by its table: queues of `jobyard-dev-hello` are those of `jobyard-dev` if that is a table.
    """
    what, head = "queues of no job type", f"{settings.prefix}-"
    found: dict[str, str] = {}
    others: list[str] = []
    with suppress(Unreadable):
        pages = asker.pages(
            "sqs", "ListQueues", what, ("NextToken", "NextToken"), QueueNamePrefix=head, MaxResults=PAGE
        )
        async for page in pages:
            found |= {url.rpartition("/")[2]: url for url in page.get("QueueUrls", ())}
        if found:
            tables = asker.pages("dynamodb", "ListTables", what, ("LastEvaluatedTableName", "ExclusiveStartTableName"))
            async for page in tables:
                others += [f"{name}-" for name in page["TableNames"] if name.startswith(head)]
        return {name: found[name] for name in sorted(found) if not name.startswith(tuple(others))}
    return {}


async def with_ages(asker: Asker, queues: dict[str, QueueState | None], now: float) -> dict[str, QueueState | None]:
    """The same queues, with the age of their oldest message where CloudWatch knows it."""
    full = [queue for queue in queues.values() if queue is not None and queue.visible]
    ages: dict[str, float] = {}
    what = "the age of the oldest message"
    end = datetime.fromtimestamp(now, UTC)
    with suppress(Unreadable):
        for start in range(0, len(full), QUERIES):
            pages = asker.pages(
                "cloudwatch",
                "GetMetricData",
                what,
                ("NextToken", "NextToken"),
                StartTime=end - timedelta(seconds=LOOK_BACK),
                EndTime=end,
                ScanBy="TimestampDescending",
                MetricDataQueries=[
                    _query(f"q{index}", queue.name) for index, queue in enumerate(full[start : start + QUERIES])
                ],
            )
            async for page in pages:
                for result in page.get("MetricDataResults", ()):
                    if result.get("Values"):
                        ages.setdefault(full[start + int(result["Id"][1:])].name, result["Values"][0])
        for queue in full:
            if queue.name not in ages:
                asker.skip(f"{what} of {queue.name}", "CloudWatch has no figure of the last minutes")
    return {
        name: queue if queue is None or name not in ages else replace(queue, oldest=ages[name])
        for name, queue in queues.items()
    }


def _query(identity: str, queue: str) -> dict[str, object]:
    metric = {
        "Namespace": "AWS/SQS",
        "MetricName": "ApproximateAgeOfOldestMessage",
        "Dimensions": [{"Name": "QueueName", "Value": queue}],
    }
    return {"Id": identity, "MetricStat": {"Metric": metric, "Period": PERIOD, "Stat": "Maximum"}}
