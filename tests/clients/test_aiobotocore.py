"""aiobotocore: many calls at once on one client, long polls that do not hold them up, paginators, waiters, streams."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session

from tests.clients.command import run
from tests.clients.documented import documented

pytestmark = pytest.mark.usefixtures("aws")
Unique = Callable[[str], str]


async def connect(stack: AsyncExitStack, service: str) -> Any:
    return await stack.enter_async_context(
        get_session().create_client(service, config=AioConfig(max_pool_connections=50))
    )


def test_the_snippet(aws: str, tmp_path: Path) -> None:
    snippet = documented("aiobotocore")
    assert run(sys.executable, "-c", snippet.at(aws), cwd=tmp_path) == snippet.printed


async def test_calls_at_once_while_others_wait(unique: Unique) -> None:
    async with AsyncExitStack() as stack:
        sqs = await connect(stack, "sqs")
        url = (await sqs.create_queue(QueueName=unique("busy")))["QueueUrl"]
        waiting = [asyncio.create_task(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)) for _ in range(20)]
        await asyncio.gather(*(sqs.send_message(QueueUrl=url, MessageBody=str(n)) for n in range(20)))
        async with asyncio.timeout(15):
            replies = await asyncio.gather(*waiting)
        bodies = [int(message["Body"]) for reply in replies for message in reply["Messages"]]
        assert sorted(bodies) == list(range(20))


async def test_a_long_poll_that_is_given_up_takes_no_message(unique: Unique) -> None:
    async with AsyncExitStack() as stack:
        sqs = await connect(stack, "sqs")
        url = (await sqs.create_queue(QueueName=unique("given-up")))["QueueUrl"]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)
        await sqs.send_message(QueueUrl=url, MessageBody="still here")
        reply = await sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)
        assert [message["Body"] for message in reply["Messages"]] == ["still here"]


async def test_a_waiter_and_pages_of_a_table(unique: Unique) -> None:
    async with AsyncExitStack() as stack:
        dynamodb, name = await connect(stack, "dynamodb"), unique("orders")
        await dynamodb.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )
        await dynamodb.get_waiter("table_exists").wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 10})
        puts = [{"PutRequest": {"Item": {"id": {"S": str(n)}}}} for n in range(25)]
        assert (await dynamodb.batch_write_item(RequestItems={name: puts}))["UnprocessedItems"] == {}
        pages = dynamodb.get_paginator("scan").paginate(TableName=name, PaginationConfig={"PageSize": 10})
        assert [page["Count"] async for page in pages] == [10, 10, 5]
        await dynamodb.delete_table(TableName=name)
        waiter = dynamodb.get_waiter("table_not_exists")
        await waiter.wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 10})


async def test_an_invocation_answers_a_stream() -> None:
    async with AsyncExitStack() as stack:
        functions = await connect(stack, "lambda")
        reply = await functions.invoke(FunctionName="jobyard-hello", Payload=json.dumps({"name": "Ada"}))
        async with reply["Payload"] as stream:
            assert json.loads(await stream.read()) == "Hello, Ada!"


async def test_metrics_and_schedules(unique: Unique) -> None:
    async with AsyncExitStack() as stack:
        cloudwatch, scheduler = await connect(stack, "cloudwatch"), await connect(stack, "scheduler")
        namespace = unique("Shop")
        await cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{"MetricName": "Sold", "Value": 1}])
        pages = cloudwatch.get_paginator("list_metrics").paginate(Namespace=namespace)
        assert [metric["MetricName"] async for page in pages for metric in page["Metrics"]] == ["Sold"]
        groups = scheduler.get_paginator("list_schedule_groups").paginate()
        assert "default" in [group["Name"] async for page in groups for group in page["ScheduleGroups"]]
