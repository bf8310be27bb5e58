"""Tables and their indexes as the operations see them, and how a table is found by name.

The database is the truth. What was read of it is kept in the engine's cache, which the engine empties when a
group is rolled back; whatever creates, changes or deletes a table calls `forget` first.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import orjson

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.errors import invalid, no_such_table
from infra.local.dynamodb.keys import KeyAttribute, KeySchema
from infra.local.dynamodb.limits import HASH_KEY_BYTES, RANGE_KEY_BYTES
from infra.local.dynamodb.statements import IndexColumns, IndexLayout, Statements, statements
from infra.local.partition import partition_of
from infra.local.request import Request

#: Where the tables are in `Request.cache`, by region and name.
_CACHE = "dynamodb tables"

TABLE_COLUMNS = "id, region, name, uuid, created_at, definition, ttl_attribute"
_SELECT_TABLE = f"SELECT {TABLE_COLUMNS} FROM dynamodb_tables WHERE region = ? AND name = ?"  # noqa: S608 (names of our own)
_SELECT_BY_ID = f"SELECT {TABLE_COLUMNS} FROM dynamodb_tables WHERE id = ?"  # noqa: S608
_SET_DEFINITION = "UPDATE dynamodb_tables SET definition = ? WHERE id = ?"


@dataclass(frozen=True, slots=True)
class Index:
    """One secondary index, global or local."""

    name: str
    #: Shares the table's partition key, and can be read consistently and beyond its projection.
    local: bool
    #: False while an index that was added later is back-filled; it cannot be read then.
    active: bool
    keys: KeySchema
    #: Those of its keys that have a column of their own, in the order of the columns, each with its size limit and
    #: the index that is named when a value does not fit: the first by name of those that have the key.
    own_keys: tuple[tuple[KeyAttribute, int, str], ...]
    #: Those columns for an item that has no entry.
    no_entry: tuple[None, ...]
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
    #: Local and global ones.
    indexes: tuple[Index, ...]
    ttl_attribute: str | None
    #: What was declared of it, see definition.py.
    definition: Mapping[str, Any]
    sql: Statements
    #: The table's own key attributes, which no update may touch.
    key_names: frozenset[str]
    #: Attributes of which a change must reach the columns beside the item: index keys and the TTL.
    tracked: frozenset[str]
    #: Name of an index's key -> that attribute, and the index that is named when a value does not fit.
    index_keys: Mapping[str, tuple[KeyAttribute, str]]
    #: Whether it has local indexes, and so item collections with a size.
    has_collections: bool

    def index(self, name: str) -> Index | None:
        return next((index for index in self.indexes if index.name == name), None)

    def check_paths(self, nested: Iterable[str]) -> None:
        """Refuses expressions that go into the parts of attributes which are keys, and so have none."""
        for name in nested:
            kind = "Key" if name in self.key_names else "IndexKey" if name in self.index_keys else None
            if kind is not None:
                raise invalid(
                    "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
                    f"{kind}: {name}"
                )


def known_table(request: Request, name: str | None) -> Table | None:
    """The table if it was found before: then its name is in order."""
    tables: dict[tuple[str, str | None], Table] | None = request.cache.get(_CACHE)
    return None if tables is None else tables.get((request.region, name))


def find_table(request: Request, name: str) -> Table:
    """The table that an item operation names, by name or ARN; ResourceNotFoundException when there is none."""
    tables: dict[tuple[str, str], Table] | None = request.cache.get(_CACHE)
    if tables is None:
        tables = request.cache[_CACHE] = {}
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
        name = name_in_arn(request, name)
    row = request.db.execute(_SELECT_TABLE, (request.region, name)).fetchone()
    return None if row is None else table_from(*row)


def load_by_id(request: Request, table_id: int) -> Table | None:
    """A table of any region."""
    row = request.db.execute(_SELECT_BY_ID, (table_id,)).fetchone()
    return None if row is None else table_from(*row)


def forget(request: Request) -> None:
    """To be called by whatever creates, changes or deletes a table, before anything else looks it up."""
    request.cache.pop(_CACHE, None)


def save_definition(request: Request, table: Table, definition: Mapping[str, Any]) -> Table:
    """Writes a changed definition down; answers the table as it is now."""
    forget(request)
    request.db.execute(_SET_DEFINITION, (orjson.dumps(definition).decode(), table.id))
    changed = load_by_id(request, table.id)
    assert changed is not None  # it was there a line ago
    return changed


def arn_of(request: Request, table: Table) -> str:
    return f"arn:{partition_of(table.region)}:dynamodb:{table.region}:{request.account}:table/{table.name}"


def name_in_arn(request: Request, arn: str) -> str:
    """The name in a table's ARN of this account and region."""
    parts = arn.split(":", 5)
    if len(parts) != 6 or parts[2] != "dynamodb" or not parts[5].startswith("table/"):
        raise invalid(f"Invalid table ARN: {arn}")
    if parts[3] != request.region or parts[4] != request.account:
        raise no_such_table()
    return parts[5].removeprefix("table/")


@lru_cache(maxsize=256)
def table_from(
    id_: int, region: str, name: str, uuid: str, created_at: int, definition: str, ttl_attribute: str | None
) -> Table:
    """A table from its row."""
    described: dict[str, Any] = orjson.loads(definition)
    types = {entry["AttributeName"]: entry["AttributeType"] for entry in described["AttributeDefinitions"]}
    keys = _key_schema(described["KeySchema"], types)
    declared = [(True, index) for index in described.get("LocalSecondaryIndexes", ())]
    declared += [(False, index) for index in described.get("GlobalSecondaryIndexes", ())]
    schemas = [_key_schema(index["KeySchema"], types) for _, index in declared]
    sql = statements(
        id_,
        [
            IndexLayout(index["Number"], 0 if local else len(schema.hashes), len(schema.ranges))
            for (local, index), schema in zip(declared, schemas, strict=True)
        ],
    )
    index_keys: dict[str, tuple[KeyAttribute, str]] = {}
    by_name = sorted(zip(declared, schemas, strict=True), key=lambda pair: str(pair[0][1]["IndexName"]))
    for (_, index), schema in by_name:
        for attribute in schema.attributes:
            index_keys.setdefault(attribute.name, (attribute, index["IndexName"]))
    indexes = tuple(
        Index(
            name=index["IndexName"],
            local=local,
            active=index.get("IndexStatus", "ACTIVE") == "ACTIVE",
            keys=schema,
            own_keys=_own_keys(schema, local, index_keys),
            no_entry=(None,) * len(columns.own),
            projection_type=index["Projection"]["ProjectionType"],
            projected=_projected(index["Projection"], keys, schema),
            columns=columns,
        )
        for (local, index), schema, columns in zip(declared, schemas, sql.indexes, strict=True)
    )
    tracked = {name for index in indexes for name in index.keys.names}
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
        index_keys=MappingProxyType(index_keys),
        has_collections=any(index.local for index in indexes),
    )


def _key_schema(declared: list[dict[str, str]], types: Mapping[str, str]) -> KeySchema:
    parts: dict[str, list[KeyAttribute]] = {"HASH": [], "RANGE": []}
    for part in declared:
        parts[part["KeyType"]].append(KeyAttribute(part["AttributeName"], types[part["AttributeName"]]))
    return KeySchema(tuple(parts["HASH"]), tuple(parts["RANGE"]))


def _own_keys(
    schema: KeySchema, local: bool, named: Mapping[str, tuple[KeyAttribute, str]]
) -> tuple[tuple[KeyAttribute, int, str], ...]:
    hashes = () if local else schema.hashes
    limits = [(attribute, HASH_KEY_BYTES) for attribute in hashes]
    limits += [(attribute, RANGE_KEY_BYTES) for attribute in schema.ranges]
    return tuple((attribute, limit, named[attribute.name][1]) for attribute, limit in limits)


def _projected(projection: dict[str, Any], table: KeySchema, index: KeySchema) -> frozenset[str] | None:
    if projection["ProjectionType"] == "ALL":
        return None
    return frozenset({*table.names, *index.names, *projection.get("NonKeyAttributes", ())})
