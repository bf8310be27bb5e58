"""A write that is decided and not yet done: a batch does it and goes on, a transaction waits for the others."""

from typing import Any, NamedTuple

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.items import decode
from infra.local.dynamodb.keys import ItemKey
from infra.local.dynamodb.rows import write
from infra.local.dynamodb.tables import Table
from infra.local.request import Request


class Write(NamedTuple):
    """What one INSERT, UPDATE or DELETE comes to."""

    table: Table
    #: The key of its item, in DynamoDB's form and in SQLite's.
    key: Item
    place: ItemKey
    #: What is stored now, if anything.
    before: bytes | None
    #: The item as it will be; None when it will be gone.
    after: Item | None
    #: Empty for a mere check.
    statement: str
    parameters: tuple[Any, ...]
    #: What RETURNING gives back; None without it, or when nothing is left of it.
    returned: Item | None = None
    #: What will be stored; None: nothing.
    blob: bytes | None = None

    def do(self, request: Request) -> None:
        if self.statement:
            write(request, self.table, self.place, self.statement, self.parameters, self.blob)

    def use(self, consumed: Consumed, factor: int = 1) -> None:
        consumed.write(None if self.before is None else decode(self.before), self.after, factor)
