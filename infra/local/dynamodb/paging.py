"""One page of a Query or Scan: where it starts and ends, what it shows, and what it cost.

Both read entries of one index (the table's own key, or a secondary index) in its order, stop at Limit or 1 MB
of items, filter what they read, and say where the next page starts.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from infra.local.dynamodb.attributes import Item, canonical_attributes
from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.errors import constraint, invalid, invalid_value, not_in_enum
from infra.local.dynamodb.expressions import Plan, Values
from infra.local.dynamodb.items import decode, item_size
from infra.local.dynamodb.keys import KeySchema, SqlKey, item_key
from infra.local.dynamodb.limits import PAGE_BYTES
from infra.local.dynamodb.parameters import returned_capacity
from infra.local.dynamodb.statements import IndexColumns
from infra.local.dynamodb.tables import Index, Table
from infra.local.errors import AwsError

_SELECTS = ("SPECIFIC_ATTRIBUTES", "COUNT", "ALL_ATTRIBUTES", "ALL_PROJECTED_ATTRIBUTES")


@dataclass(frozen=True, slots=True)
class Source:
    """What is read: a table by its key, or one of its indexes."""

    table: Table
    index: Index | None

    @property
    def keys(self) -> KeySchema:
        return self.table.keys if self.index is None else self.index.keys

    @property
    def columns(self) -> IndexColumns:
        return self.table.sql.key if self.index is None else self.index.columns

    def key_of(self, item: Item) -> Item:
        """What LastEvaluatedKey says of an item: its key, and the index's."""
        key = self.table.keys.key_of(item)
        if self.index is not None:
            key.update(self.index.keys.key_of(item))
        return key

    def position(self, key: Item) -> tuple[SqlKey, ...]:
        """Where an ExclusiveStartKey stands: the index's hash, then the columns of its order."""
        names = {*self.table.keys.names, *self.keys.names}
        if key.keys() != names:
            raise invalid("The provided starting key is invalid")
        try:
            key = canonical_attributes(key)
            own = item_key(self.table.keys, key)
            if self.index is None:
                return own
            hash_key, range_key = item_key(self.index.keys, key)
        except AwsError as error:
            raise invalid(f"The provided starting key is invalid: {error.message}") from None
        return (hash_key, *own) if self.index.keys.range is None else (hash_key, range_key, *own)


def source_of(table: Table, params: dict[str, Any]) -> Source:
    """The table or index that a call names, if it may be read in the way that it asks for."""
    name = params.get("IndexName")
    if name is None:
        return Source(table, None)
    index = table.index(name)
    if index is None:
        raise invalid(f"The table does not have the specified index: {name}")
    if params.get("ConsistentRead"):
        raise invalid("Consistent reads are not supported on global secondary indexes")
    return Source(table, index)


def check_select(params: dict[str, Any], plan: Plan, index: Index | None) -> None:
    """Refuses a Select that contradicts the projection or the index."""
    select = params.get("Select")
    if select is not None:
        if select not in _SELECTS:
            raise not_in_enum(select, "select", _SELECTS)
        if select == "ALL_PROJECTED_ATTRIBUTES" and index is None:
            raise invalid_value("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName")
        if select == "SPECIFIC_ATTRIBUTES" and plan.projection is None:
            raise invalid_value("SPECIFIC_ATTRIBUTES requires a ProjectionExpression")
        if select != "SPECIFIC_ATTRIBUTES" and plan.projection is not None:
            choice = "only the Count" if select == "COUNT" else select
            raise invalid(f"Cannot specify the ProjectionExpression when choosing to get {choice}")
    if index is None or index.projected is None:
        return
    if select == "ALL_ATTRIBUTES":
        raise invalid_value(
            f"Select type ALL_ATTRIBUTES is not supported for global secondary index {index.name} "
            "because its projection type is not ALL"
        )
    if plan.projection is not None:
        beyond = sorted(plan.projection.attributes - index.projected)
        if beyond:
            raise invalid_value(f"Global secondary index {index.name} does not project [{', '.join(beyond)}]")


def limit_of(params: dict[str, Any]) -> int | None:
    limit: int | None = params.get("Limit")
    if limit is not None and limit < 1:
        raise constraint(limit, "limit", "Member must have value greater than or equal to 1")
    return limit


def page(
    source: Source, rows: Iterable[tuple[bytes]], params: dict[str, Any], plan: Plan, values: Values
) -> dict[str, Any]:
    """The reply made of `rows`, which are at most Limit stored items in order; the rest of them is not read."""
    limit = limit_of(params)
    counting = params.get("Select") == "COUNT"
    test, projection, index = plan.filter, plan.projection, source.index
    capacity = returned_capacity(params)
    items: list[Item] = []
    scanned = matched = size = bound = 0
    last: Item | None = None
    read: list[Item] = []
    measured = capacity is not None
    for (blob,) in rows:
        item = decode(blob)
        entry = item if index is None else index.entry(item)
        scanned += 1
        # JSON is never shorter than the item, so sizes are counted only once the sum of JSON passes 1 MB.
        bound += len(blob)
        if measured:
            size += item_size(entry)
        elif bound > PAGE_BYTES:
            measured = True
            size = sum(map(item_size, read)) + item_size(entry)
            read.clear()
        else:
            read.append(entry)
        if test is None or test(entry, values):
            matched += 1
            if not counting:
                items.append(entry if projection is None else projection.cut(entry))
        if scanned == limit or size >= PAGE_BYTES:
            last = item
            break
    reply: dict[str, Any] = {"Count": matched, "ScannedCount": scanned}
    if not counting:
        reply["Items"] = items
    if last is not None:
        reply["LastEvaluatedKey"] = _own(source.key_of(last))
    if capacity is not None:
        consumed = Consumed(source.table, capacity)
        consumed.read(
            size,
            consistent=params.get("ConsistentRead", False),
            index=None if index is None else index.name,
        )
        reply["ConsumedCapacity"] = consumed.reply()
    return reply


def _own(key: Item) -> Item:
    """Copies of the values, which the page's last item may share."""
    return {name: value.copy() for name, value in key.items()}
