"""One entry of the audit trail, and the rows that it is. Pure.

    item                pk                      sk          written
    the intent          audit#TENANT#DAY        ULID        before the action, which does not take place without it
    what came of it     the same                ULID#       after it

DAY is the UTC day of the entry's time, `2026-11-22`, so that no partition grows without end. An entry without the
second row is of an action whose process died or lost touch: it may have taken place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any

import orjson

from queues.rows import Item, number, string

#: Characters that are kept of a name from outside: an actor's, an origin's, a target's.
MAX_NAME_CHARS = 256
#: After a ULID, in the sort key of what came of it.
END = "#"


class Result(StrEnum):
    """What came of an action."""

    DONE = "done"
    #: The core said no: no such job, a wrong status, an option out of range.
    REFUSED = "refused"
    #: It broke off: AWS refused or did not answer. It may have taken place.
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One action. It holds no job's data, no result, and no secret."""

    #: A ULID; entries sort by it.
    id: str
    tenant: str
    #: Epoch ms.
    at: int
    #: Who: the token's subject, or a name that code has given.
    actor: str
    #: The client's address, as far as it can be trusted; None for code.
    origin: str | None
    #: `job.cancel`, `queue.pause`, `schedule.create` ...
    action: str
    #: The job's id, or the queue's, schedule's or operation's name; None if there is no single one.
    target: str | None
    #: What was asked for besides, as plain JSON values.
    parameters: Mapping[str, Any] = field(default_factory=dict)
    #: None: not known, see the head of this file.
    result: Result | None = None
    #: Why not, as an error's class; or the id of what the action has made, a replay or an operation.
    detail: str | None = None

    def ended(self, result: Result, detail: str | None) -> Entry:
        """The same, with what came of it."""
        return replace(self, result=result, detail=detail)


def day_of(at: int) -> date:
    """The UTC day of a time in epoch ms."""
    return datetime.fromtimestamp(at / 1000, UTC).date()


def day_before(day: date) -> date:
    return day - timedelta(days=1)


def partition(tenant: str, day: date) -> str:
    """The partition key of a tenant's entries of one day."""
    return f"audit#{tenant}#{day.isoformat()}"


def intent_row(entry: Entry, expires_at: int) -> Item:
    """The row of an action that is about to take place; `expires_at` is epoch seconds."""
    row = _key(entry, entry.id) | {
        "at": number(entry.at),
        "actor": string(entry.actor[:MAX_NAME_CHARS]),
        "action": string(entry.action),
        "expires_at": number(expires_at),
    }
    if entry.origin:
        row["origin"] = string(entry.origin[:MAX_NAME_CHARS])
    if entry.target:
        row["target"] = string(entry.target[:MAX_NAME_CHARS])
    if entry.parameters:
        row["parameters"] = string(orjson.dumps(dict(entry.parameters)).decode())
    return row


def end_row(entry: Entry, expires_at: int) -> Item:
    """The row of what came of it."""
    assert entry.result is not None
    row = _key(entry, f"{entry.id}{END}") | {
        "result": string(entry.result.value),
        "expires_at": number(expires_at),
    }
    if entry.detail:
        row["detail"] = string(entry.detail[:MAX_NAME_CHARS])
    return row


def entry_of(tenant: str, intent: Item, end: Item | None) -> Entry:
    """The entry that two rows hold."""
    entry = Entry(
        id=intent["sk"]["S"],
        tenant=tenant,
        at=int(intent["at"]["N"]),
        actor=intent["actor"]["S"],
        origin=_text(intent, "origin"),
        action=intent["action"]["S"],
        target=_text(intent, "target"),
        parameters=orjson.loads(intent["parameters"]["S"]) if "parameters" in intent else {},
    )
    return entry if end is None else entry.ended(Result(end["result"]["S"]), _text(end, "detail"))


def _key(entry: Entry, sort_key: str) -> Item:
    return {"pk": string(partition(entry.tenant, day_of(entry.at))), "sk": string(sort_key)}


def _text(item: Item, name: str) -> str | None:
    return item[name]["S"] if name in item else None
