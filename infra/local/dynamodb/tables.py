"""Tables and their indexes as the operations see them, and how a table is found by name.

The database is the truth. What was read of it is kept in the engine's cache, which the engine empties when a
group is rolled back; whatever creates, changes or deletes a table calls `forget` first.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import orjson

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.errors import no_such_table
from infra.local.dynamodb.keys import KeyAttribute, KeySchema
from infra.local.dynamodb.statements import IndexColumns, Statements, statements
from infra.local.errors import AwsError
from infra.local.request import Request

#: Where the tables are in `Request.cache`, by region and name.
_CACHE = "dynamodb tables"

_SELECT_TABLE = (
    "SELECT id, region, name, uuid, created_at, definition, ttl_attribute"
    " FROM dynamodb_tables WHERE region = ? AND name = ?"
)


@dataclass(frozen=True, slots=True)
class Index:
    """One global secondary index."""

    name: str
    keys: KeySchema
    #: KEYS_ONLY, INCLUDE or ALL.
    projection_type: str
    #: The attributes that it holds, keys included; None for all.
    projected: frozenset[str] | None
    columns: IndexColumns

    def entry(self, item: Item) -> Item:
        """What the index holds of an item; values are shared with it."""
        if self.projected is None:
            return item
        projected = self.projected
        return {name: value for name, value in item.items() if name in projected}

    def holds(self, item: Item) -> bool:
        """Whether an item has all of the index's keys, and so an entry."""
        return all(name in item for name in self.keys.names)


@dataclass(frozen=True, slots=True)
class Table:
    id: int
    region: str
    name: str
    uuid: str
    #: Epoch ms.
    created_at: int
    keys: KeySchema
    indexes: tuple[Index, ...]
    ttl_attribute: str | None
    #: The CreateTable parameters that DescribeTable gives back.
    definition: Mapping[str, Any]
    sql: Statements
    #: The table's own key attributes, which no update may touch.
    key_names: frozenset[str]
    #: Attributes of which a change must reach the columns beside the item: index keys and the TTL.
    tracked: frozenset[str]

    def index(self, name: str) -> Index | None:
        return next((index for index in self.indexes if index.name == name), None)


def find_table(request: Request, name: str) -> Table:
    """The table that an item operation names, by name or ARN; ResourceNotFoundException when there is none."""
    tables = _known_tables(request)
    table = tables.get((request.region, name))
    if table is None:
        table = load_table(request, name)
        if table is None:
            raise no_such_table()
        tables[(request.region, name)] = table
    return table


def load_table(request: Request, name: str) -> Table | None:
    """The table as the database has it now."""
    if name.startswith("arn:"):
        name = _name_in_arn(request, name)
    row = request.db.execute(_SELECT_TABLE, (request.region, name)).fetchone()
    return None if row is None else _table(*row)


def forget(request: Request) -> None:
    """To be called by whatever creates, changes or deletes a table, before anything else looks it up."""
    request.cache.pop(_CACHE, None)


def table_from(
    id_: int, region: str, name: str, uuid: str, created_at: int, definition: str, ttl_attribute: str | None
) -> Table:
    """A table from its row."""
    return _table(id_, region, name, uuid, created_at, definition, ttl_attribute)


def _known_tables(request: Request) -> dict[tuple[str, str], Table]:
    tables: dict[tuple[str, str], Table] | None = request.cache.get(_CACHE)
    if tables is None:
        tables = request.cache[_CACHE] = {}
    return tables


@lru_cache(maxsize=256)
def _table(
    id_: int, region: str, name: str, uuid: str, created_at: int, definition: str, ttl_attribute: str | None
) -> Table:
    described: dict[str, Any] = orjson.loads(definition)
    types = {entry["AttributeName"]: entry["AttributeType"] for entry in described["AttributeDefinitions"]}
    keys = _key_schema(described["KeySchema"], types)
    declared = described.get("GlobalSecondaryIndexes", [])
    schemas = [_key_schema(index["KeySchema"], types) for index in declared]
    sql = statements(id_, [schema.range is not None for schema in schemas])
    indexes = tuple(
        Index(
            name=index["IndexName"],
            keys=schema,
            projection_type=index["Projection"]["ProjectionType"],
            projected=_projected(index["Projection"], keys, schema),
            columns=columns,
        )
        for index, schema, columns in zip(declared, schemas, sql.indexes, strict=True)
    )
    tracked = {name for schema in schemas for name in schema.names}
    if ttl_attribute is not None:
        tracked.add(ttl_attribute)
    return Table(
        id=id_,
        region=region,
        name=name,
        uuid=uuid,
        created_at=created_at,
        keys=keys,
        indexes=indexes,
        ttl_attribute=ttl_attribute,
        definition=MappingProxyType(described),
        sql=sql,
        key_names=frozenset(keys.names),
        tracked=frozenset(tracked),
    )


def _key_schema(declared: list[dict[str, str]], types: Mapping[str, str]) -> KeySchema:
    attributes = [KeyAttribute(part["AttributeName"], types[part["AttributeName"]]) for part in declared]
    return KeySchema(attributes[0], attributes[1] if len(attributes) > 1 else None)


def _projected(projection: dict[str, Any], table: KeySchema, index: KeySchema) -> frozenset[str] | None:
    if projection["ProjectionType"] == "ALL":
        return None
    return frozenset({*table.names, *index.names, *projection.get("NonKeyAttributes", ())})


def _name_in_arn(request: Request, arn: str) -> str:
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "dynamodb" or not parts[5].startswith("table/"):
        raise AwsError("ValidationException", f"Invalid table ARN: {arn}")
    if parts[3] != request.region or parts[4] != request.account:
        raise no_such_table()
    return parts[5].removeprefix("table/")
