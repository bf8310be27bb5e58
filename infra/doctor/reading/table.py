"""The table, its indexes and its TTL; and two reads, such as a worker makes them, that find nothing."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from infra.doctor.keys import keys_of
from infra.doctor.reading.asking import Absent, Asker, Unreadable
from infra.doctor.snapshot import IndexState, TableState
from queues.resources import STATE_INDEX, table_definition
from queues.settings import Settings

#: A key that no row has: jobs' begin with `job#`.
NOWHERE = {"S": "jobyard doctor"}


async def read_tables(asker: Asker, settings: Settings) -> dict[str, TableState | None]:
    """The table by its name, None if there is none; empty if it cannot be read."""
    name = settings.table
    what = f"the table {name}"
    try:
        reply = await asker.ask("dynamodb", "DescribeTable", what, {"ResourceNotFoundException"}, TableName=name)
    except Absent:
        return {name: None}
    except Unreadable:
        return {}
    table = _table(reply["Table"], *await _ttl(asker, name))
    await _read_like_a_worker(asker, table, settings)
    return {name: table}


async def _ttl(asker: Asker, name: str) -> tuple[str | None, bool]:
    """The attribute that rows expire by, None if TTL is off; and whether that is known."""
    try:
        reply = await asker.ask("dynamodb", "DescribeTimeToLive", f"the TTL of the table {name}", TableName=name)
    except Unreadable:
        return None, False
    ttl = reply.get("TimeToLiveDescription", {})
    return (ttl.get("AttributeName") if ttl.get("TimeToLiveStatus") in ("ENABLED", "ENABLING") else None), True


def _table(reply: dict[str, Any], ttl: str | None, ttl_known: bool) -> TableState:
    definitions = reply["AttributeDefinitions"]
    return TableState(
        name=reply["TableName"],
        keys=keys_of(reply["KeySchema"], definitions),
        indexes={
            index["IndexName"]: IndexState(
                keys=keys_of(index["KeySchema"], definitions),
                status=index.get("IndexStatus", "ACTIVE"),
                projection=index["Projection"].get("ProjectionType", ""),
                projected=frozenset(index["Projection"].get("NonKeyAttributes", ())),
            )
            for index in reply.get("GlobalSecondaryIndexes", ())
        },
        status=reply["TableStatus"],
        ttl=ttl,
        ttl_known=ttl_known,
    )


async def _read_like_a_worker(asker: Asker, table: TableState, settings: Settings) -> None:
    """Shows whether this identity may read. Where the keys are not ours the calls would fail for that."""
    definition = table_definition(settings)
    if table.keys == keys_of(definition["KeySchema"], definition["AttributeDefinitions"]):
        with suppress(Unreadable):
            key = {"pk": NOWHERE, "sk": NOWHERE}
            await asker.ask("dynamodb", "GetItem", f"reading from {table.name}", TableName=table.name, Key=key)
    index = table.indexes.get(STATE_INDEX)
    (wanted,) = definition["GlobalSecondaryIndexes"]
    if index is not None and index.keys == keys_of(wanted["KeySchema"], definition["AttributeDefinitions"]):
        with suppress(Unreadable):
            await asker.ask(
                "dynamodb",
                "Query",
                f"reading from {table.name}'s index {STATE_INDEX}",
                TableName=table.name,
                IndexName=STATE_INDEX,
                KeyConditionExpression="#state = :state",
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues={":state": NOWHERE},
                Limit=1,
            )
