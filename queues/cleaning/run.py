"""One run of the cleaner, as it is remembered: when, by whom, what it removed, and how it ended. Pure.

    item     pk        sk                  run     written
    a run    cleaner   run#BEGUN_AT#WHO    JSON    as it begins, once more as it ends; forgotten by TTL after a week

A run is what one process does of a round. A round that is cut short is gone on with by another run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

import orjson

from queues.rows import Item, number, string

#: Seconds for which a run is remembered.
KEEP_SECONDS = 7 * 86_400
#: Characters that are kept of what went wrong.
MAX_ERROR_CHARS = 500
#: The partition of the cleaner's rows, and what a run's sort key begins with.
PARTITION, HEAD = "cleaner", "run#"


@dataclass(slots=True)
class Cleaned:
    """What one run did, or would do."""

    #: Index entries.
    looked_at: int = 0
    #: Jobs removed because their type keeps fewer, and because their time has been over for two days.
    over_count: int = 0
    overdue: int = 0
    #: Jobs that were chosen and stay: they had changed by then, or their own rows say that they are kept longer.
    spared: int = 0
    #: Partitions of the index that AWS did not let it go through, and why the last of them: the next round will.
    skipped: int = 0
    trouble: str | None = None
    #: Job type -> jobs removed.
    types: Counter[str] = field(default_factory=Counter)

    def add(self, chosen: Sequence[Item], gone: Sequence[Item], *, overdue: bool) -> None:
        """Counts what was chosen, and what of it is gone."""
        self.spared += len(chosen) - len(gone)
        self.types.update(entry["type"]["S"] for entry in gone)
        if overdue:
            self.overdue += len(gone)
        else:
            self.over_count += len(gone)

    def skip(self, place: str, error: Exception) -> None:
        """Counts a partition that is left to the next round."""
        self.skipped += 1
        self.trouble = f"{place}: {error}"[:MAX_ERROR_CHARS]

    def to_json(self) -> dict[str, Any]:
        """The same as JSON values. (`asdict` makes pairs of a Counter's keys.)"""
        return {one.name: getattr(self, one.name) for one in fields(self)} | {"types": dict(self.types)}


class End(StrEnum):
    """How a run ended, or that it has not."""

    RUNNING = "running"
    #: It came to the end of the round.
    DONE = "done"
    #: Its time was over, and the next run goes on where it was.
    CUT = "cut"
    #: It was slow, and another process has gone on in its place.
    TAKEN_OVER = "taken-over"
    #: It met an error that ended it.
    FAILED = "failed"
    #: Nobody has heard of its end: its process died or was stopped.
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One of them."""

    #: Epoch ms.
    begun_at: int
    #: The process.
    by: str
    #: Whether somebody asked for it, rather than the hour.
    by_hand: bool
    end: End = End.RUNNING
    ended_at: int | None = None
    #: What it met that ended it.
    error: str | None = None
    done: Cleaned = field(default_factory=Cleaned)

    @property
    def duration(self) -> int | None:
        """Milliseconds; None if its end is not known."""
        return None if self.ended_at is None else self.ended_at - self.begun_at

    def ended(self, end: End, now: int, error: Exception | None = None) -> Run:
        """The same, over."""
        met = None if error is None else f"{type(error).__name__}: {error}"[:MAX_ERROR_CHARS]
        return replace(self, end=end, ended_at=now, error=met)


def sort_key(run: Run) -> str:
    """Runs sort by their beginnings."""
    return f"{HEAD}{run.begun_at:013d}#{run.by}"


def values_of(run: Run) -> Item:
    """The attributes of a run's row besides its key."""
    row = {one.name: getattr(run, one.name) for one in fields(run)} | {"done": run.done.to_json()}
    return {"run": string(orjson.dumps(row).decode()), "expires_at": number(run.begun_at // 1000 + KEEP_SECONDS)}


def run_of(item: Item) -> Run:
    """The run that a row holds."""
    row: dict[str, Any] = orjson.loads(item["run"]["S"])
    done: dict[str, Any] = row.pop("done")
    return Run(**row | {"end": End(row["end"]), "done": Cleaned(**done | {"types": Counter(done["types"])})})


def seen(runs: Sequence[Run], holder: str | None) -> list[Run]:
    """Runs, the latest first, as they stand if `holder` has the cleaning to itself now: those of others are lost, and
    so are earlier ones of its own, that read as if they went on."""
    found: list[Run] = []
    for run in runs:
        if run.end is not End.RUNNING:
            found.append(run)
        elif run.by == holder:
            found.append(run)
            holder = None
        else:
            found.append(replace(run, end=End.LOST))
    return found
