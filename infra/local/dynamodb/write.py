"""A write that is decided and not yet done: a batch does it and goes on, a transaction waits for the others."""

from dataclasses import dataclass
from typing import Any

from infra.local.dynamodb.attributes import Item
from infra.local.dynamodb.capacity import Consumed
from infra.local.dynamodb.items import decode
from infra.local.request import Request


@dataclass(slots=True)
class Write:
    """What one update, INSERT or DELETE comes to."""

    #: What is stored now, if anything.
    before: bytes | None
    #: The item as it will be, shared with nobody; None when it will be gone.
    after: Item | None
    #: Empty for a mere check.
    statement: str
    parameters: tuple[Any, ...]
    #: What RETURNING gives back; None without it, or when nothing is left of it.
    returned: Item | None = None

    def do(self, request: Request) -> None:
        if self.statement:
            request.db.execute(self.statement, self.parameters)

    def use(self, consumed: Consumed, factor: int = 1) -> None:
        consumed.write(None if self.before is None else decode(self.before), self.after, factor)
