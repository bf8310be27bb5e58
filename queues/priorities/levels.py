"""The levels of a job type: which priorities share a queue, what share of the type's concurrency each has. Pure.

SQS has no priorities, so each level is a queue of its own. This file is the one place that says which queue that is:
`Levels.queue`, which Catalog.queue_of asks for every message that is sent.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from string import ascii_lowercase, digits

from queues import limits
from queues.errors import InvalidOption

#: The priorities that there are: 1 is the highest. (queues/options.py checks a job's)
HIGHEST, LOWEST = 1, 100
#: The priority of a job that names none. Its level keeps the type's own queue.
DEFAULT_PRIORITY = 50
#: Between a type's and a level's name. No type's name has it, so no type's queue can be taken for a level's.
SEPARATOR = "_"
#: Levels of a type at the most: each is a queue that is polled, and paid for.
MAX_LEVELS = 10
#: Of a level: characters of its name, the largest weight, and the least that it can be held to at once: a mapping of
#: Lambda's can be held to no less. (Lambda, MaximumConcurrency)
MAX_LEVEL_CHARS = 16
MAX_WEIGHT = 100
MIN_LEVEL_CONCURRENCY = 2
#: Characters that a type's and its longest level's name may have together: a queue's name has the prefix of the
#: deployment before them, which may have 24, and two separators.
MAX_NAMES_CHARS = limits.QUEUE_NAME_CHARS - 24 - 2

_NAME_CHARS = frozenset(ascii_lowercase + digits)


@dataclass(frozen=True, slots=True)
class Level:
    """The priorities from `first` to `last`, both included."""

    #: Lower-case letters and digits.
    name: str
    first: int
    last: int
    _: KW_ONLY
    #: Its part of the type's concurrency while other levels have work too, as a ratio to their weights.
    weight: int
    #: Starts before a job of the level fails for good; None: as its type says.
    attempts: int | None = None
    #: Jobs of the level that run at once at the most, whatever is free; None: as many as the type's.
    concurrency: int | None = None

    def __post_init__(self) -> None:
        if not 0 < len(self.name) <= MAX_LEVEL_CHARS or not set(self.name) <= _NAME_CHARS or self.name == "dlq":
            cure = f"use 1 to {MAX_LEVEL_CHARS} of a-z and 0-9, and not 'dlq', which names dead-letter queues"
            raise InvalidOption("level", self.name, cure)
        _within(f"weight of {self.name!r}", self.weight, 1, MAX_WEIGHT)
        if self.attempts is not None:
            _within(f"attempts of {self.name!r}", self.attempts, 1, limits.MAX_ATTEMPTS)
        if self.concurrency is not None:
            most = 10 * limits.MAX_CONCURRENCY
            _within(f"concurrency of {self.name!r}", self.concurrency, MIN_LEVEL_CONCURRENCY, most)


class Levels:
    """The levels of a job type, the most urgent first; together they have every priority from 1 to 100.

    `Levels(Level("urgent", 1, 20, weight=5), Level("usual", 21, 80, weight=3), Level("idle", 81, 100, weight=1))`
    """

    __slots__ = ("_by_priority", "_levels")

    def __init__(self, *levels: Level):
        if not 2 <= len(levels) <= MAX_LEVELS:
            raise InvalidOption("priorities", len(levels), f"give 2 to {MAX_LEVELS} levels, or none")
        names = [level.name for level in levels]
        if len(set(names)) < len(names):
            raise InvalidOption("priorities", names, "give each level a name of its own")
        free = HIGHEST
        for level in levels:
            if level.first != free or not level.first <= level.last <= LOWEST:
                shown = f"{level.first} to {level.last}"
                raise InvalidOption(f"priorities of {level.name!r}", shown, f"begin at {free}, where it is free")
            free = level.last + 1
        if free <= LOWEST:
            raise InvalidOption("priorities", f"up to {free - 1}", f"no level has {free} to {LOWEST}")
        self._levels = levels
        self._by_priority = tuple(level for level in levels for _ in range(level.first, level.last + 1))

    def of(self, priority: int) -> Level:
        """The level of a priority; one that a row has out of range counts as the nearest."""
        return self._by_priority[min(max(priority, HIGHEST), LOWEST) - HIGHEST]

    def queue(self, type_name: str, level: Level) -> str:
        """A level's queue, as Settings.queue takes it: the default priority's is that of the type itself."""
        return type_name if level is self.of(DEFAULT_PRIORITY) else f"{type_name}{SEPARATOR}{level.name}"

    @property
    def concurrency(self) -> int | None:
        """What the levels may run at once together; None if one of them does not say."""
        own = [level.concurrency for level in self._levels if level.concurrency is not None]
        return sum(own) if len(own) == len(self._levels) else None

    def check_type(self, type_name: str) -> None:
        """InvalidOption if a queue of the type would have too long a name."""
        longest = max(self._levels, key=lambda level: len(level.name)).name
        room = MAX_NAMES_CHARS - len(longest)
        if len(type_name) > room:
            raise InvalidOption("name", type_name, f"use {room} characters at most: its level {longest!r} has a queue")

    def __iter__(self) -> Iterator[Level]:
        return iter(self._levels)

    def __len__(self) -> int:
        return len(self._levels)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Levels) and self._levels == other._levels

    def __hash__(self) -> int:
        return hash(self._levels)

    def __repr__(self) -> str:
        return f"Levels({', '.join(map(repr, self._levels))})"


def _within(name: str, value: int, low: int, high: int) -> None:
    if type(value) is not int or not low <= value <= high:
        raise InvalidOption(name, value, f"give {low} to {high:,}")


#: Three classes of service. Their weights are their concurrency, so that on Lambda, too, each has what it says.
SERVICE_CLASSES = Levels(
    Level("critical", 1, 10, weight=10, attempts=5, concurrency=10),
    Level("standard", 11, 50, weight=5, attempts=3, concurrency=5),
    Level("bulk", 51, 100, weight=2, attempts=1, concurrency=2),
)
