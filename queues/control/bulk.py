"""An operation on many jobs: what was asked for, how far it is, and how much of it may be done now. Pure.

It is a row of its own, worked on in small steps by whoever does the rounds of maintenance, so that it goes on after a
crash, can be watched and can be called off. `bulk_work.py` carries it out.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

import orjson

from queues.control.job_filter import JobFilter
from queues.errors import InvalidOption
from queues.rows import Item, number, string

#: The partition of these rows, apart from all jobs'.
PARTITION = "bulks"
#: Seconds for which an operation that has ended is remembered.
KEEP_SECONDS = 7 * 86_400
#: Jobs a second at the most that a rate may ask for, and at the least.
MAX_RATE, MIN_RATE = 10_000, 0.01
#: Milliseconds whose share of a rate may be used at once, after a time in which nothing was done.
BURST = 1_000


class Verb(StrEnum):
    """What is done to each job."""

    #: Failed jobs wait again, with their type's attempts afresh: a redrive.
    RETRY = "retry"
    #: Failed jobs are given up: they become cancelled, and their dead letters go.
    DISCARD = "discard"
    #: Jobs that wait are cancelled, and their queue is emptied.
    PURGE = "purge"


class Stage(StrEnum):
    """Where an operation stands."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Place:
    """The index entry that was looked at last: [due, pk] in a tenant's shard; the beginning if there is none."""

    tenant: str = ""
    due: int | None = None
    pk: str | None = None
    shard: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """One operation."""

    id: str
    verb: Verb
    #: The tenant that asked.
    owner: str
    #: Whose jobs; None: every tenant's.
    target: str | None
    filter: JobFilter
    #: Jobs a second at the most; None: as fast as it goes.
    rate: float | None = None
    created_at: int
    created_by: str | None = None
    stage: Stage = Stage.RUNNING
    ended_at: int | None = None
    #: Index entries looked at, and jobs it was done to. A crash may leave out a page of either.
    examined: int = 0
    done: int = 0
    place: Place = field(default_factory=Place)
    #: Epoch ms up to which the rate's allowance is used.
    used_until: int = 0

    def __post_init__(self) -> None:
        if self.rate is not None and not MIN_RATE <= self.rate <= MAX_RATE:
            raise InvalidOption("rate", self.rate, f"give {MIN_RATE:g} to {MAX_RATE:,} jobs a second")

    def is_own(self, tenant: str) -> bool:
        """Whether the tenant began it for its own jobs: what reaches further tells of other tenants' jobs."""
        return self.owner == self.target == tenant

    def allowance(self, now: int, most: int) -> int:
        """How many jobs it may be done to now: `most`, or fewer if there is a rate."""
        if self.rate is None:
            return most
        return min(most, int((now - self._begin(now)) * self.rate / 1000))

    def advanced(self, now: int, *, examined: int, done: int, place: Place) -> Bulk:
        """The same after a step."""
        used = self._begin(now) + round(done * 1000 / self.rate) if self.rate is not None else 0
        counted, did = self.examined + examined, self.done + done
        return replace(self, place=place, used_until=used, examined=counted, done=did)

    def ended(self, stage: Stage, now: int) -> Bulk:
        """The same, over."""
        return replace(self, stage=stage, ended_at=now)

    def _begin(self, now: int) -> int:
        # A slow rate saves up for its next job, a fast one for a moment only.
        burst = BURST if self.rate is None else max(BURST, 1 + int(1000 / self.rate))
        return max(self.used_until, now - burst)


def row_of(bulk: Bulk) -> Item:
    """The operation as a new item."""
    asked = {
        "verb": bulk.verb.value,
        "owner": bulk.owner,
        "target": bulk.target,
        "filter": bulk.filter.to_json(),
        "rate": bulk.rate,
        "created_at": bulk.created_at,
        "created_by": bulk.created_by,
    }
    row = {"pk": string(PARTITION), "sk": string(bulk.id), "asked": string(orjson.dumps(asked).decode())}
    return row | progress_of(bulk)


def progress_of(bulk: Bulk) -> Item:
    """The attributes that change while it goes on."""
    place = bulk.place
    far = [bulk.examined, bulk.done, bulk.used_until, place.tenant, place.due, place.pk, place.shard]
    values = {"stage": string(bulk.stage.value), "progress": string(orjson.dumps(far).decode())}
    if bulk.ended_at is not None:
        values["ended_at"] = number(bulk.ended_at)
        values["expires_at"] = number(bulk.ended_at // 1000 + KEEP_SECONDS)
    return values


def bulk_of(item: Item) -> Bulk:
    """The operation that an item holds."""
    asked: dict[str, Any] = orjson.loads(item["asked"]["S"])
    examined, done, used_until, *place = orjson.loads(item["progress"]["S"])
    return Bulk(
        id=item["sk"]["S"],
        verb=Verb(asked.pop("verb")),
        filter=JobFilter.from_json(asked.pop("filter")),
        stage=Stage(item["stage"]["S"]),
        ended_at=int(item["ended_at"]["N"]) if "ended_at" in item else None,
        examined=examined,
        done=done,
        used_until=used_until,
        place=Place(*place),
        **asked,
    )
