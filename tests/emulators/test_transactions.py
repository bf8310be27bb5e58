"""A job in a caller's own transaction, on the embedded AWS and on MiniStack."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from queues.blocking import open_queue
from queues.settings import Settings
from tests.emulators.place import Place

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
