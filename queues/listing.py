"""IO: lists of jobs, newest first, page by page: a merge (`merge.py`) of a tenant's index partitions by their `due`.

`due` is when an ended job finished and when an open one is to be looked at, so a list reads as the latest activity.
Active jobs are listed oldest first: in a long queue they are the ones at its front.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from queues.errors import InvalidOption
from queues.job import Job, Status, check_job_id
from queues.merge import Bookmark, Merge
from queues.rows import OPEN, OWING, partition_key
from queues.shards import partition
from queues.store import JobStore

#: Jobs of one page at the most.
MAX_LIMIT = 200
#: Index entries examined for one page: a filter that matches little answers with a short page and a cursor.
MAX_EXAMINED = 2_000
_OPEN = frozenset({Status.WAITING, Status.DELAYED, Status.ACTIVE})
_STATES = (OPEN, OWING, Status.COMPLETED.value, Status.FAILED.value, Status.CANCELLED.value)


@dataclass(frozen=True, slots=True)
class Page:
    """Some jobs, and the cursor that continues after them; None at the end."""

    jobs: list[Job]
    cursor: str | None


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
    shards = await store.shards_of(tenant)
    after = None if cursor is None else _opened(cursor, tenant, states, shards)
    merge = Merge(store, tenant, states, shards, newest_first=status is not Status.ACTIVE, after=after)
    found: list[Job] = []
    examined = 0
    while len(found) < limit and examined < MAX_EXAMINED:
        entries = await merge.page(limit - len(found))
        if not entries:
            return Page(found, None)
        examined += len(entries)
        wanted = entries if type_name is None else [e for e in entries if e["type"]["S"] == type_name]
        jobs = await store.rows(wanted, now)
        found += jobs if status is None else [job for job in jobs if job.status is status]
    return Page(
        found, None if merge.done or merge.bookmark is None else _cursor(merge.bookmark, tenant, states, shards)
    )


def _cursor(mark: Bookmark, tenant: str, states: Sequence[str], shards: int) -> str:
    """A place in the list of these states as text: [tenant, states, due, [[state, shard, job id], ...]]."""
    head = partition_key(tenant, "")
    last = [
        [state, shard, mark.last[name].removeprefix(head)]
        for state in states
        for shard in range(shards)
        if (name := partition(tenant, state, shard)) in mark.last
    ]
    return base64.urlsafe_b64encode(orjson.dumps([tenant, states, mark.due, last])).decode().rstrip("=")


def _opened(cursor: str, tenant: str, states: Sequence[str], shards: int) -> Bookmark:
    """The place that a cursor names. InvalidOption if it is of another list, or none of ours."""
    try:
        of, chosen, due, last = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if (of, chosen) != (tenant, list(states)):
            raise ValueError("of another list")  # noqa: TRY301 - one answer to every kind of wrong cursor
        if type(due) is not int or not 0 <= due < 2**53:
            raise ValueError("made by hand")  # noqa: TRY301 - as above
        names = {(state, shard): partition(tenant, state, shard) for state in states for shard in range(shards)}
        return Bookmark(due, {names[state, shard]: partition_key(tenant, check_job_id(i)) for state, shard, i in last})
    except (ValueError, TypeError, KeyError, InvalidOption):
        raise InvalidOption("cursor", cursor[:80], "pass the cursor of the page before, with the same filter") from None
