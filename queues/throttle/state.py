"""What the row of a limit says: who runs, how many started when, and who waits for a turn. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson


class Holder(NamedTuple):
    """A job that takes one of the places. Times in epoch ms."""

    since: int
    #: It is taken for alive until then; after that, its job's own row says.
    until: int
    #: Of the claim that it is for (`tag_of`).
    tag: str


class Place(NamedTuple):
    """A tenant's place in the line, for all its jobs that were turned away. Times in epoch ms."""

    #: Who waits longest goes first.
    since: int
    #: When the next of its jobs comes back.
    comes: int
    #: When the last of them does.
    tail: int


@dataclass(frozen=True, slots=True)
class State:
    """A limit's row. Few attributes belong to one kind of limit alone; they are empty for the other."""

    #: Concurrency: "TENANT#JOB" -> its place.
    holders: Mapping[str, Holder] = field(default_factory=dict)
    #: Concurrency: ms for which jobs held their places, a moving mean; None: none has left yet.
    hold: int | None = None
    #: Rate: bucket -> starts, oldest first.
    starts: Mapping[int, int] = field(default_factory=dict)
    line: Mapping[str, Place] = field(default_factory=dict)
    #: Concurrency: the end of a place's time at which one of those who wait was told to come, epoch ms; None: none yet.
    watched: int | None = None
    #: Epoch ms of the last time that a job asked.
    asked: int = 0

    def to_json(self) -> str:
        """As the row stores it."""
        value: dict[str, Any] = {"asked": self.asked}
        if self.holders:
            value["holders"] = {name: list(holder) for name, holder in self.holders.items()}
        if self.hold is not None:
            value["hold"] = self.hold
        if self.watched is not None:
            value["watched"] = self.watched
        if self.starts:
            value["starts"] = list(self.starts.items())
        if self.line:
            value["line"] = {tenant: list(place) for tenant, place in self.line.items()}
        return orjson.dumps(value).decode()

    @classmethod
    def from_json(cls, text: str) -> State:
        value = orjson.loads(text)
        return cls(
            holders={name: Holder(*row) for name, row in value.get("holders", {}).items()},
            hold=value.get("hold"),
            watched=value.get("watched"),
            starts={int(bucket): count for bucket, count in value.get("starts", ())},
            line={tenant: Place(*row) for tenant, row in value.get("line", {}).items()},
            asked=value["asked"],
        )


@dataclass(frozen=True, slots=True)
class Ask:
    """A job that would like to start."""

    #: "TENANT#JOB".
    holder: str
    tag: str
    tenant: str
    #: Epoch ms: the start that is counted, and until when the place is taken for held.
    now: int
    until: int
    #: Uniform in [0, 1).
    random: float


@dataclass(frozen=True, slots=True)
class Granted:
    """It may start. `at`: the moment under which a rate has counted it, epoch ms."""

    at: int


@dataclass(frozen=True, slots=True)
class Full:
    """It has to wait."""

    #: Epoch ms at which it should ask again.
    until: int
    #: Whether that is so far away that its message had better not be in flight meanwhile.
    far: bool = False
    #: Holders whose time is over, and of whom it must be seen whether they live.
    overdue: tuple[str, ...] = ()


Answer = Granted | Full
