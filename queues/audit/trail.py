"""IO: the audit trail in DynamoDB. Rows are put and read, and there is no code that changes or deletes one: TTL does.

What holds if the process dies
- before the intent: the action has not taken place.
- between the intent and what came of it: the entry stands without a result. The action may have taken place.
- after both: the entry is whole.
An action whose intent cannot be written does not take place. One whose result cannot be written has: it is answered as
if nothing had happened, and its entry stands without a result.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from queues.audit.entry import END, Entry, Result, day_before, day_of, end_row, entry_of, intent_row, partition
from queues.clock import Clock
from queues.errors import InvalidOption
from queues.rows import Item, string
from queues.settings import Settings

log = logging.getLogger("jobyard.audit")

#: Entries of one page at the most.
MAX_LIMIT = 200
#: Days and rows that are looked at for one page: a filter that matches little answers a short page and a cursor.
MAX_DAYS = 31
MAX_EXAMINED = 2_000
#: Rows of one query; an entry has two.
ROWS = 200
_DAY_SECONDS = 86_400
_CURSOR = re.compile(r"(\d{4}-\d{2}-\d{2})/([0-9A-Z]{26}#?)?")


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """All that is given must hold."""

    action: str | None = None
    actor: str | None = None
    target: str | None = None

    def matches(self, entry: Entry) -> bool:
        return (
            self.action in (None, entry.action)
            and self.actor in (None, entry.actor)
            and self.target in (None, entry.target)
        )


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some entries, the latest first, and the cursor that goes on after them; None at the end."""

    entries: list[Entry]
    cursor: str | None


@dataclass(slots=True)
class _Place:
    """Where a reader is: at the end of a day, or before one of its entries."""

    day: date
    before: str | None = None

    def __str__(self) -> str:
        return f"{self.day.isoformat()}/{self.before or ''}"


class Trail:
    """The trails of all tenants: callers see to whose they read."""

    def __init__(self, dynamodb: Any, settings: Settings, clock: Clock, new_id: Callable[[], str]):
        self._db, self._table, self._days = dynamodb, settings.table, settings.audit_days
        self._clock, self._new_id = clock, new_id

    async def begin(
        self,
        tenant: str,
        actor: str,
        origin: str | None,
        action: str,
        target: str | None,
        parameters: Mapping[str, Any],
    ) -> Entry:
        """Records an action that is about to take place."""
        now = self._clock()
        entry = Entry(
            id=self._new_id(),
            tenant=tenant,
            at=now,
            actor=actor,
            origin=origin,
            action=action,
            target=target,
            parameters=parameters,
        )
        await self._put(intent_row(entry, self._expires_at(entry)))
        return entry

    async def end(self, entry: Entry, result: Result, detail: str | None) -> None:
        """Records what came of it; only logs if that is not possible, since it has come to pass."""
        try:
            await self._put(end_row(entry.ended(result, detail), self._expires_at(entry)))
        except (ClientError, BotoCoreError, OSError) as error:
            log.warning("audit %s: %s is recorded without its result, %s: %s", entry.id, entry.action, result, error)

    async def _put(self, row: Item) -> None:
        # An id comes once; this keeps even a fault of ours from writing over what is there.
        await self._db.put_item(TableName=self._table, Item=row, ConditionExpression="attribute_not_exists(pk)")

    def _expires_at(self, entry: Entry) -> int:
        return entry.at // 1000 + self._days * _DAY_SECONDS

    async def page(
        self, tenant: str, wanted: AuditFilter = AuditFilter(), *, limit: int = 50, cursor: str | None = None
    ) -> AuditPage:
        """One page of a tenant's entries, the latest first; it may be short though there is a cursor. InvalidOption."""
        if not 1 <= limit <= MAX_LIMIT:
            raise InvalidOption("limit", limit, f"give 1 to {MAX_LIMIT}")
        now = self._clock()
        oldest = day_of(now - self._days * _DAY_SECONDS * 1000)
        place = _Place(day_of(now)) if cursor is None else _read_cursor(cursor)
        found: list[Entry] = []
        examined = 0
        for _ in range(MAX_DAYS):
            if place.day < oldest:
                return AuditPage(found, None)
            more = True
            while more:
                if examined >= MAX_EXAMINED:
                    return AuditPage(found, str(place))
                rows, more = await self._rows(tenant, place)
                examined += len(rows)
                for entry in _entries(tenant, rows, now):
                    if wanted.matches(entry):
                        found.append(entry)
                    if len(found) == limit:
                        place.before = entry.id
                        return AuditPage(found, str(place))
                place.before = _last(rows) or place.before
            place = _Place(day_before(place.day))
        return AuditPage(found, str(place) if place.day >= oldest else None)

    async def _rows(self, tenant: str, place: _Place) -> tuple[list[Item], bool]:
        """The next rows of a day, the latest first, and whether there are more."""
        query: dict[str, Any] = {
            "TableName": self._table,
            "KeyConditionExpression": "pk = :pk" + (" AND sk < :before" if place.before else ""),
            "ExpressionAttributeValues": {":pk": string(partition(tenant, place.day))},
            "ScanIndexForward": False,
            "ConsistentRead": True,
            "Limit": ROWS,
        }
        if place.before:
            query["ExpressionAttributeValues"][":before"] = string(place.before)
        reply = await self._db.query(**query)
        return reply["Items"], "LastEvaluatedKey" in reply


def _entries(tenant: str, rows: list[Item], now: int) -> list[Entry]:
    """The entries whose intents are among these rows, without those that are gone."""
    ends = {row["sk"]["S"]: row for row in rows if _is_end(row)}
    return [
        entry_of(tenant, row, ends.get(row["sk"]["S"] + END))
        for row in rows
        if not _is_end(row) and int(row["expires_at"]["N"]) * 1000 > now
    ]


def _last(rows: list[Item]) -> str | None:
    """The sort key before which to go on: the last intent's, so that an end is read again with its own intent."""
    intents = [row["sk"]["S"] for row in rows if not _is_end(row)]
    return intents[-1] if intents else rows[-1]["sk"]["S"] if rows else None


def _is_end(row: Item) -> bool:
    return bool(row["sk"]["S"].endswith(END))


def _read_cursor(cursor: str) -> _Place:
    match = _CURSOR.fullmatch(cursor)
    with suppress(ValueError):
        if match is not None:
            return _Place(date.fromisoformat(match[1]), match[2])
    raise InvalidOption("cursor", cursor[:80], "pass the cursor of the page before, with the same filter")
