"""One page of a Query or Scan: where it starts and ends, what it shows, and what it cost.

Both read entries of one index (the table's own key, or a secondary index) in its order, stop at Limit or 1 MB
of items, filter what they read, and say where the next page starts. A local index can show what it does not hold:
then each entry's item is read too, and that is what it costs.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from infra.local.dynamodb.attributes import Item, canonical_attributes
from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.errors import IllegalValue, enveloped, invalid, invalid_value
from infra.local.dynamodb.expressions import Plan, Values
from infra.local.dynamodb.items import decode, item_size
from infra.local.dynamodb.keys import ItemKey, KeySchema, SqlKey, exact_key, sql_key
from infra.local.dynamodb.limits import HASH_KEY_BYTES, PAGE_BYTES, RANGE_KEY_BYTES
from infra.local.dynamodb.parameters import returned_capacity
from infra.local.dynamodb.statements import IndexColumns
from infra.local.dynamodb.tables import Index, Table
from infra.local.errors import AwsError

_INVALID_START = "The provided starting key is invalid"


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

    def check_start(self, start: Item) -> None:
        """Refuses an ExclusiveStartKey that does not have the attributes of the key, and of the index's."""
        names = {*self.table.keys.names, *self.keys.names}
        if start.keys() != names:
            if self.index is None and len(start) != len(names):
                raise invalid(f"{_INVALID_START}: The provided key element does not match the schema")
            raise invalid(_INVALID_START)

    def position(self, start: Item) -> tuple[SqlKey, ...]:
        """Where an ExclusiveStartKey stands: the columns of the partition, then those of the order."""
        parts = tuple(self._index_part(start))
        try:
            own: ItemKey = exact_key(self.table.keys, {name: start[name] for name in self.table.keys.names})
        except AwsError as error:
            raise invalid(f"{_INVALID_START}: {error.message}") from None
        if self.index is None:
            return own
        if self.index.local:
            return (own[0], *parts, own[1])
        return (*parts, *own)

    def _index_part(self, start: Item) -> Iterable[SqlKey]:
        if self.index is None:
            return
        local = self.index.local
        for attribute in self.keys.ranges if local else self.keys.attributes:
            content = start[attribute.name].get(attribute.type)
            if content is None:
                raise invalid("The provided key element does not match the schema")
            limit = RANGE_KEY_BYTES if attribute in self.keys.ranges else HASH_KEY_BYTES
            yield sql_key(attribute, content, limit)


def legal_start(params: dict[str, Any]) -> Item | None:
    """ExclusiveStartKey, its values legal and canonical."""
    start = params.get("ExclusiveStartKey")
    if start is None:
        return None
    try:
        return canonical_attributes(start)
    except IllegalValue:
        raise
    except AwsError as error:
        raise invalid(f"{_INVALID_START}: {error.message}") from None


def source_of(table: Table, params: dict[str, Any]) -> Source:
    """The table or index that a call names, if it may be read in the way that it asks for."""
    name = params.get("IndexName")
    if name is None:
        return Source(table, None)
    index = table.index(name)
    if index is None:
        raise invalid(f"The table does not have the specified index: {name}")
    if not index.active:
        raise invalid(f"Cannot read from backfilling global secondary index: {name}")
    if params.get("ConsistentRead") and not index.local:
        raise invalid("Consistent reads are not supported on global secondary indexes")
    return Source(table, index)


def check_select(params: dict[str, Any], plan: Plan) -> None:
    """Refuses a Select that contradicts the other parameters."""
    select = params.get("Select")
    if select is None:
        return
    if select == "ALL_PROJECTED_ATTRIBUTES" and "IndexName" not in params:
        raise enveloped(invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName"))
    if select == "SPECIFIC_ATTRIBUTES" and plan.projection is None:
        raise enveloped(
            invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES")
        )
    if select != "SPECIFIC_ATTRIBUTES" and plan.projection is not None:
        choice = "only the Count" if select == "COUNT" else select
        member = "AttributesToGet" if "AttributesToGet" in params else "ProjectionExpression"
        raise enveloped(invalid(f"Cannot specify the {member} when choosing to get {choice}"))


def fetches(params: dict[str, Any], plan: Plan, index: Index | None) -> bool:
    """Whether items must be read for what is to be shown beyond the index; refused for a global one.

    A filter sees no more than is read for other reasons: of a query it is refused what the index does not hold, of a
    scan it does not find it.
    """
    if index is None or index.projected is None:
        return False
    if params.get("Select") == "ALL_ATTRIBUTES":
        if not index.local:
            raise invalid_value(
                f"Select type ALL_ATTRIBUTES is not supported for global secondary index {index.name} because its "
                "projection type is not ALL"
            )
        return True
    if plan.projection is None:
        return False
    beyond = sorted(plan.projection.attributes - index.projected)
    if beyond and not index.local:
        raise invalid_value(f"Global secondary index {index.name} does not project [{', '.join(beyond)}]")
    return bool(beyond)


def page(
    source: Source,
    rows: Iterable[tuple[bytes]],
    params: dict[str, Any],
    plan: Plan,
    values: Values,
    *,
    fetch: bool = False,
) -> dict[str, Any]:
    """The reply made of `rows`, which are at most Limit stored items in order; the rest of them is not read.

    `fetch`: whether an index's entries are completed from the table.
    """
    limit: int | None = params.get("Limit")
    counting = params.get("Select") == "COUNT"
    test, projection, index = plan.filter, plan.projection, source.index
    shown = None if fetch else index
    capacity = returned_capacity(params)
    usage = None if capacity is None else Consumed(source.table, capacity)
    consistent = params.get("ConsistentRead", False)
    items: list[Item] = []
    scanned = matched = size = bound = 0
    last: Item | None = None
    read: list[Item] = []
    measured = usage is not None
    for (blob,) in rows:
        item = decode(blob)
        entry = item if shown is None else shown.entry(item)
        scanned += 1
        # JSON is never shorter than the item, so sizes are counted only once the sum of JSON passes 1 MB.
        bound += len(blob)
        if measured:
            size += item_size(entry if index is None or not fetch else index.entry(item))
        elif bound > PAGE_BYTES:
            measured = True
            size = sum(map(item_size, read)) + item_size(entry)
            read.clear()
        else:
            read.append(entry)
        if fetch and usage is not None:
            usage.read(item_size(item), consistent=consistent)
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
    if usage is not None:
        usage.read(size, consistent=consistent, index=None if index is None else index.name)
        reply["ConsumedCapacity"] = usage.reply()
    return reply


def _own(key: Item) -> Item:
    """Copies of the values, which the page's last item may share."""
    return {name: value.copy() for name, value in key.items()}
