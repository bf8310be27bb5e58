"""IO: lists of jobs, newest first, page by page: a merge of a tenant's index partitions by their `due`.

`due` is when an ended job finished and when an open one is to be looked at, so a list reads as the latest activity.
Active jobs are listed oldest first: in a long queue they are the ones at its front.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from queues.errors import InvalidOption
from queues.job import Job, Status
from queues.rows import OPEN, OWING, SORT_KEY, Item, number, partition, string
from queues.store import JobStore

#: Jobs of one page at the most.
MAX_LIMIT = 200
#: Index entries examined for one page: a filter that matches little answers with a short page and a cursor.
MAX_EXAMINED = 2_000
#: Characters of a job's partition key at the most: "job#", tenant, "#", id.
MAX_PK_CHARS = 4 + 64 + 1 + 128
_OPEN = frozenset({Status.WAITING, Status.DELAYED, Status.ACTIVE})
_STATES = (OPEN, OWING, Status.COMPLETED.value, Status.FAILED.value, Status.CANCELLED.value)


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs, and the cursor that continues after them; None at the end."""

    jobs: list[Job]
    cursor: str | None


@dataclass(slots=True)
class _Stream:
    """One partition being read."""

    tenant: str
    state: str
    #: Where to go on: [due, pk] of the last entry taken; None at the beginning.
    at: list[Any] | None
    buffer: list[Item] = field(default_factory=list)
    exhausted: bool = False

    def start(self) -> Item | None:
        if self.at is None:
            return None
        due, pk = self.at
        return {
            "state": string(partition(self.tenant, self.state)),
            "due": number(due),
            "pk": string(pk),
            "sk": string(SORT_KEY),
        }

    async def fill(self, store: JobStore, limit: int, newest_first: bool) -> None:
        if not self.buffer and not self.exhausted:
            entries, more = await store.keys(
                partition(self.tenant, self.state), start=self.start(), limit=limit, newest_first=newest_first
            )
            self.buffer, self.exhausted = entries[::-1], more is None

    def take(self) -> Item:
        entry = self.buffer.pop()
        self.at = [int(entry["due"]["N"]), entry["pk"]["S"]]
        return entry


async def list_jobs(
    store: JobStore,
    tenant: str,
    now: int,
    *,
    status: Status | None = None,
    type_name: str | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page:
    """One page of a tenant's jobs. InvalidOption for a bad limit or a cursor that is not ours."""
    if not 1 <= limit <= MAX_LIMIT:
        raise InvalidOption("limit", limit, f"give 1 to {MAX_LIMIT}")
    states = _STATES if status is None else (OPEN,) if status in _OPEN else (OWING, status.value)
    streams = _streams(tenant, states, cursor)
    newest_first = status is not Status.ACTIVE
    found: list[Job] = []
    examined = 0
    while len(found) < limit and examined < MAX_EXAMINED:
        entries = await _entries(store, streams, limit - len(found), newest_first)
        if not entries:
            return Page(found, None)
        examined += len(entries)
        wanted = entries if type_name is None else [e for e in entries if e["type"]["S"] == type_name]
        jobs = await store.rows(wanted, now)
        found += jobs if status is None else [job for job in jobs if job.status is status]
    done = all(stream.exhausted and not stream.buffer for stream in streams)
    return Page(found, None if done else _cursor(streams))


async def _entries(store: JobStore, streams: Sequence[_Stream], wanted: int, newest_first: bool) -> list[Item]:
    """The next entries of the merged streams, `wanted` at the most."""
    entries: list[Item] = []
    while len(entries) < wanted:
        for stream in streams:
            await stream.fill(store, wanted, newest_first)
        ready = [stream for stream in streams if stream.buffer]
        if not ready:
            break
        best = max(ready, key=lambda s: int(s.buffer[-1]["due"]["N"]) * (1 if newest_first else -1))
        entries.append(best.take())
    return entries


def _cursor(streams: Sequence[_Stream]) -> str:
    state = {s.state: "end" if s.exhausted and not s.buffer else s.at for s in streams}
    return base64.urlsafe_b64encode(orjson.dumps(state)).decode().rstrip("=")


def _streams(tenant: str, states: Sequence[str], cursor: str | None) -> list[_Stream]:
    if cursor is None:
        return [_Stream(tenant, state, None) for state in states]
    try:
        saved = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(saved, dict) or set(saved) != set(states):
            raise ValueError("of another list")  # noqa: TRY301 - one answer to every kind of wrong cursor
        streams = []
        for state in states:
            at = saved[state]
            if at is not None and at != "end" and not _is_place(at, tenant):
                raise ValueError("of another tenant, or made by hand")  # noqa: TRY301 - as above
            streams.append(_Stream(tenant, state, None if at == "end" else at, exhausted=at == "end"))
    except (ValueError, TypeError, KeyError, IndexError, binascii.Error):
        raise InvalidOption("cursor", cursor[:80], "pass the cursor of the page before, with the same filter") from None
    return streams


def _is_place(at: object, tenant: str) -> bool:
    """Whether this is [due, pk] of a job of the tenant."""
    if not (isinstance(at, list) and len(at) == 2 and type(at[0]) is int and 0 <= at[0] < 2**53):
        return False
    pk = at[1]
    return isinstance(pk, str) and pk.startswith(f"job#{tenant}#") and len(pk) <= MAX_PK_CHARS
