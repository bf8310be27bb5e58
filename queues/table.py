"""IO: makes the table that `store.py` and its neighbours keep their rows in, where a deployment has not."""

from __future__ import annotations

import asyncio
from typing import Any

from botocore.exceptions import ClientError

from queues.clients import code_of
from queues.resources import table_definition
from queues.settings import Settings

#: Looks, a second apart, at whether a new table is usable.
LOOKS = 60


async def create_table(dynamodb: Any, settings: Settings) -> None:
    """Makes the table if it is missing, waits until it is usable, and switches TTL on."""
    try:
        await dynamodb.create_table(**table_definition(settings))
    except ClientError as error:
        if code_of(error) != "ResourceInUseException":
            raise
    for _ in range(LOOKS):
        reply = await dynamodb.describe_table(TableName=settings.table)
        if reply["Table"]["TableStatus"] == "ACTIVE":
            break
        await asyncio.sleep(1)
    reply = await dynamodb.describe_time_to_live(TableName=settings.table)
    if reply["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED":
        spec = {"Enabled": True, "AttributeName": "expires_at"}
        await dynamodb.update_time_to_live(TableName=settings.table, TimeToLiveSpecification=spec)
