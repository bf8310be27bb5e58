"""IO: walks the index entries of ended jobs and answers those that shall go. It only reads.

What is overdue is at the old end of a partition: a Query with an upper bound finds it, and costs half a read unit where
there is nothing. What is one too many is found only by counting from the new end, past all ended jobs of the tenant:
that walk is made only if some type keeps a number.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from queues.cleaning.rule import Rule, Tally
from queues.job import Status
from queues.rows import Item, partition
from queues.store import JobStore

#: Index entries of one query.
PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """What one query has found."""

    looked_at: int
    #: Entries (pk, sk, state, due, type) of jobs that are too many, or perhaps too old: their rows tell.
    entries: list[Item]
    overdue: bool


async def walk(store: JobStore, tenant: str, end: Status, rule: Rule, now: int) -> AsyncGenerator[Found, None]:
    """One tenant's jobs of one end, a query at a time."""
    state = partition(tenant, end.value)
    start: Item | None = None
    while True:
        entries, start = await store.keys(
            state, start=start, limit=PAGE, newest_first=False, before=rule.overdue_before(now)
        )
        yield Found(len(entries), entries, overdue=True)
        if start is None:
            break
    if not rule.most:
        return
    tally = Tally(rule, now)
    while True:
        entries, start = await store.keys(state, start=start, limit=PAGE)
        yield Found(len(entries), [entry for entry in entries if tally.is_over(entry)], overdue=False)
        if start is None:
            return
