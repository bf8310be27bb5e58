"""One kind of traffic, and what it knows of the state that it has brought about.

A load asks, notes what was acknowledged, and marks as open what was not answered. After each restart it reads all back
(`audit`): what was acknowledged must be there, what is open is one or the other and is settled by what is found.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.campaigns.durability.aws import Aws, DiskFull, Unanswered, Violation

#: Seconds before somebody whom the full disk has refused asks again.
PAUSE = 0.01

#: One call or a few, by one of a load's writers; called again and again until the server dies.
Step = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Figures:
    """What a load has come to so far."""

    #: Calls that were answered; refused because the disk was full; cut off by a kill.
    acknowledged: int = 0
    full: int = 0
    cut_off: int = 0
    #: Of the open messages, items and transactions, those that had happened, and those that had not.
    happened: int = 0
    not_happened: int = 0
    #: Facts compared in audits.
    checked: int = 0

    def row(self) -> tuple[int, ...]:
        """The line of the report."""
        return (
            self.acknowledged,
            self.full,
            self.cut_off,
            self.happened,
            self.not_happened,
            self.checked,
        )

    def settle(self, *, happened: bool) -> None:
        self.happened += happened
        self.not_happened += not happened


class Load(Protocol):
    """See the head of this file."""

    name: str
    figures: Figures

    async def prepare(self, aws: Aws) -> None:
        """Makes what it needs, once, before the first kill."""

    def steps(self, aws: Aws, rng: random.Random) -> Sequence[Step]:
        """Its writers, for one life of the server."""

    async def audit(self, aws: Aws, rng: random.Random) -> None:
        """Compares and settles; Violation when something is not as it must be."""


async def drive(load: Load, step: Step) -> None:
    """Runs one writer until the server dies."""
    while True:
        try:
            await step()
            load.figures.acknowledged += 1
        except DiskFull:
            load.figures.full += 1
            await asyncio.sleep(PAUSE)
        except Unanswered:
            load.figures.cut_off += 1
            return


def require(holds: bool, sentence: str) -> None:
    if not holds:
        raise Violation(sentence)
