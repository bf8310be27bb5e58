"""A job in a caller's own transaction, on the embedded AWS and on MiniStack."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from queues import job
from queues.blocking import open_queue
from queues.settings import Settings
from queues.transactions import RELAY_AFTER
from tests.emulators.place import Place
from tests.emulators.process import Deployment

TABLE = "orders"


async def test_the_job_is_there_if_the_write_is(
    place: Place, aws: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    dynamodb = aws["dynamodb"]
    await dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    order = {"TableName": TABLE, "Item": {"pk": {"S": "1"}}, "ConditionExpression": "attribute_not_exists(pk)"}
    async with open_queue(Settings(aws_endpoint_url=place.endpoint)) as queue:
        job, items = await queue.transaction_items("hello", {"name": "Ada"}, job_id="of-order-1")
        await dynamodb.transact_write_items(TransactItems=[{"Put": order}, *items])
        await queue.relay(job)
        second, items = await queue.transaction_items("hello", {"name": "Bob"})
        with pytest.raises(ClientError, match="TransactionCanceledException"):
            await dynamodb.transact_write_items(TransactItems=[{"Put": order}, *items])
    assert place.ended("of-order-1")["result"] == "Hello, Ada!"
    assert place.api.get(f"/api/v1/jobs/{second.id}").status_code == 404


async def test_the_message_of_a_caller_that_died_is_sent(deployment: Deployment) -> None:
    @job("owed")
    async def owed(_data: Any) -> str:
        return "done"

    process = await deployment.process(owed)
    made, items = await process.runtime.queue.transaction_items("owed", {})
    await process.runtime.clients.dynamodb.transact_write_items(TransactItems=list(items))
    # Nobody relays it.
    deployment.clock.pass_to(deployment.clock() + 2 * RELAY_AFTER)
    assert (await process.runtime.reaper.round()).resent == 1
    assert (await process.run(made)).result == "done"
