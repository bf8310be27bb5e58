"""The items that are remembered as they were written: never anything but what the database holds."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.local.dynamodb import recent
from infra.local.dynamodb.rows import read
from infra.local.dynamodb.tables import find_table
from infra.local.engine import Engine
from tests.dynamodb.conftest import KEY_ONLY, World, open_world

KEYS = ["a", "b", "c"]


def _key(name: str) -> dict[str, Any]:
    return {"pk": {"S": name}}


def _put(world: World, name: str, size: int) -> None:
    world.call("PutItem", TableName="things", Item={**_key(name), "v": {"S": "x" * size}})


def _put_if_absent(world: World, name: str, size: int) -> None:
    condition = {"ConditionExpression": "attribute_not_exists(pk)"}
    world.call("PutItem", TableName="things", Item={**_key(name), "v": {"S": "x" * size}}, **condition)


def _update(world: World, name: str, size: int) -> None:
    values = {":v": {"S": "y" * size}}
    expression = {"UpdateExpression": "SET v = :v", "ExpressionAttributeValues": values}
    world.call("UpdateItem", TableName="things", Key=_key(name), **expression)


def _statement(world: World, name: str, size: int) -> None:
    parameters = [{"S": "z" * size}, {"S": name}]
    world.call("ExecuteStatement", Statement='UPDATE "things" SET "v"=? WHERE "pk"=?', Parameters=parameters)


def _insert(world: World, name: str, size: int) -> None:
    item = "{'pk': ?, 'v': ?}"
    parameters = [{"S": name}, {"S": "i" * size}]
    world.call("ExecuteStatement", Statement=f'INSERT INTO "things" VALUE {item}', Parameters=parameters)


def _delete(world: World, name: str, size: int) -> None:
    world.call("DeleteItem", TableName="things", Key=_key(name))


def _delete_statement(world: World, name: str, size: int) -> None:
    world.call("ExecuteStatement", Statement='DELETE FROM "things" WHERE "pk"=?', Parameters=[{"S": name}])


def _batch(world: World, name: str, size: int) -> None:
    others = [other for other in KEYS if other != name]
    writes = [{"DeleteRequest": {"Key": _key(other)}} for other in others]
    put = {"PutRequest": {"Item": {**_key(name), "v": {"S": "w" * size}}}}
    world.call("BatchWriteItem", RequestItems={"things": [put, *writes]})


def _transaction(world: World, name: str, size: int) -> None:
    put = {"Put": {"TableName": "things", "Item": {**_key(name), "v": {"S": "t" * size}}}}
    others = [other for other in KEYS if other != name]
    deletes = [{"Delete": {"TableName": "things", "Key": _key(other)}} for other in others]
    world.call("TransactWriteItems", TransactItems=[put, *deletes])


def _expire(world: World, name: str, size: int) -> None:
    second = world.now // 1000 - 10
    world.call("PutItem", TableName="things", Item={**_key(name), "until": {"N": str(second)}})
    world.sweep()


WRITES = [
    *(_put, _put_if_absent, _update, _statement, _insert, _delete, _delete_statement, _batch, _transaction, _expire)
]


def in_database(world: World, name: str) -> bytes | None:
    """What is stored, past everything that is remembered."""
    table = find_table(world.request(), "things")
    row = world.db.execute(table.sql.get, (name, "")).fetchone()
    return None if row is None else row[0]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(WRITES), st.sampled_from(KEYS), st.sampled_from([1, 5_000])), min_size=1, max_size=12
    ),
    st.integers(1, 4),
)
def test_after_any_writes_what_is_read_is_what_is_stored(steps: list[Any], generation: int) -> None:
    world = open_world()
    with pytest.MonkeyPatch.context() as patch, closing(world.db):
        patch.setattr(recent, "_GENERATION", generation)
        world.call("CreateTable", TableName="things", **KEY_ONLY)
        ttl = {"AttributeName": "until", "Enabled": True}
        world.call("UpdateTimeToLive", TableName="things", TimeToLiveSpecification=ttl)
        table = find_table(world.request(), "things")
        for write, name, size in steps:
            try:
                write(world, name, size)
            except Exception as error:
                if "ConditionalCheckFailed" not in repr(error) and "DuplicateItem" not in repr(error):
                    raise
            for key in KEYS:
                assert read(world.request(), table, (key, "")) == in_database(world, key), (write, key)


def test_a_row_that_was_just_written_is_not_looked_up(world: World) -> None:
    _put(world, "a", 1)
    table = find_table(world.request(), "things")
    statements: list[str] = []
    world.db.set_trace_callback(statements.append)
    _update(world, "a", 2)
    assert [text.split()[0] for text in statements] == ["UPDATE"]
    assert recent.kept(world.request(), table, ("a", "")) == in_database(world, "a")


def test_a_new_table_of_an_old_name_has_none_of_its_items(world: World) -> None:
    _put(world, "a", 1)
    world.call("DeleteTable", TableName="things")
    world.call("CreateTable", TableName="things", **KEY_ONLY)
    assert "Item" not in world.call("GetItem", TableName="things", Key=_key("a"))


async def test_what_is_rolled_back_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that breaks takes those of its group with it; they run again alone."""
    engine = Engine(None)
    db = engine.client("dynamodb")
    await db.create_table(TableName="things", **KEY_ONLY)
    await db.put_item(TableName="things", Item={**_key("a"), "v": {"S": "old"}})
    seen: list[bytes | None] = []

    def broken(request: Any, params: dict[str, Any]) -> dict[str, Any]:
        table = find_table(request, "things")
        seen.append(read(request, table, ("a", "")))
        raise MemoryError

    # It holds only of the item as it was: what was written in the group must not be remembered when this runs again.
    change = {
        "UpdateExpression": "SET v = :new",
        "ConditionExpression": "v = :old",
        "ExpressionAttributeValues": {":new": {"S": "new"}, ":old": {"S": "old"}},
    }
    update = engine.run("dynamodb", "UpdateItem", {"TableName": "things", "Key": _key("a"), **change}, "us-east-1", "")
    failing = engine.submit(broken, {})
    with pytest.raises(Exception, match="failed on this call"):
        await failing
    await update
    looked = await db.get_item(TableName="things", Key=_key("a"))
    assert looked["Item"]["v"] == {"S": "new"}
    assert [blob is not None and b"new" in blob for blob in seen] == [True, True]
    await engine.close()
