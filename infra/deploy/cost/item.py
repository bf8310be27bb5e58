"""A line of a bill."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """So much of something at a price."""

    #: Who asks for it, in a word: `DynamoDB`.
    service: str
    #: What it is: `write units`.
    what: str
    quantity: float
    #: US dollars for one.
    price: float

    @property
    def dollars(self) -> float:
        """What it comes to."""
        return self.quantity * self.price


def total(items: Iterable[Item]) -> float:
    """US dollars."""
    return sum(item.dollars for item in items)


def times(items: Iterable[Item], factor: float) -> list[Item]:
    """So many times as much of each."""
    return [Item(item.service, item.what, item.quantity * factor, item.price) for item in items]
