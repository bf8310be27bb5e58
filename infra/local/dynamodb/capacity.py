"""Capacity units by the published rules, computed only when a call asks for them.

"Capacity unit consumption": a write unit is 1 KB and a read unit 4 KB, rounded up for each item; an update
counts the larger of the item before and after. An index counts one write for an entry that appears, changes or
goes, and two, the old entry's and the new one's, when its key changes. A transaction counts everything twice.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.items import item_size
from infra.local.dynamodb.limits import READ_UNIT_BYTES, WRITE_UNIT_BYTES
from infra.local.dynamodb.tables import Index, Table

#: Units of a transaction for one of a plain call.
TRANSACTION_FACTOR = 2


@dataclass(slots=True)
class Consumed:
    """Units that one call used of one table, added up item by item."""

    table: Table
    #: TOTAL or INDEXES.
    detail: str
    #: Whether to tell reads from writes, as transactions do.
    kind: str | None = None
    units: float = 0.0
    index_units: Counter[str] = field(default_factory=Counter)

    def write(self, old: Item | None, new: Item | None, factor: int = 1) -> None:
        """One item written, deleted (`new` is None) or only checked (both are the same)."""
        sizes = [item_size(item) for item in (old, new) if item is not None]
        self.units += factor * write_units(max(sizes, default=0))
        for index in self.table.indexes:
            units = _index_write(index, old, new)
            if units:
                self.index_units[index.name] += factor * units

    def read(self, size: int, *, consistent: bool, factor: int = 1, index: str | None = None) -> None:
        """`size` bytes read together, rounded up once."""
        units = factor * read_units(size) * (1.0 if consistent else 0.5)
        if index is None:
            self.units += units
        else:
            self.index_units[index] += units  # type: ignore[assignment]  # halves, where Counter says int

    def reply(self) -> dict[str, Any]:
        """The ConsumedCapacity member."""
        total = self.units + sum(self.index_units.values())
        consumed: dict[str, Any] = {"TableName": self.table.name, **self._units(total)}
        if self.detail == "INDEXES":
            consumed["Table"] = self._units(self.units)
            for index in self.table.indexes:
                units = self.index_units.get(index.name)
                if units is not None:
                    kind = "LocalSecondaryIndexes" if index.local else "GlobalSecondaryIndexes"
                    consumed.setdefault(kind, {})[index.name] = self._units(float(units))
        return consumed

    def _units(self, units: float) -> dict[str, float]:
        return {"CapacityUnits": units} if self.kind is None else {"CapacityUnits": units, self.kind: units}


def write_units(size: int) -> int:
    return max(1, -(-size // WRITE_UNIT_BYTES))


def read_units(size: int) -> int:
    return max(1, -(-size // READ_UNIT_BYTES))


def _index_write(index: Index, old: Item | None, new: Item | None) -> int:
    before = index.entry(old) if old is not None and index.holds(old) else None
    after = index.entry(new) if new is not None and index.holds(new) else None
    if before == after:
        return 0
    if before is None or after is None:
        return write_units(item_size(before or after or {}))
    if index.keys.key_of(before) != index.keys.key_of(after):
        return write_units(item_size(before)) + write_units(item_size(after))
    return write_units(max(item_size(before), item_size(after)))
