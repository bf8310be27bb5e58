"""IO: walks the index entries of ended jobs and answers those that shall go. It only reads.

What is overdue is at the old end of a partition: a Query with an upper bound finds it, and costs half a read unit where
there is nothing, in each shard. What is one too many is found only by counting from the new end, past all ended jobs of
the tenant: that walk is made only if some type keeps a number.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass

from queues.cleaning.rule import Rule, Tally
from queues.job import Status
from queues.merge import Merge
from queues.rows import Item
from queues.shards import partitions
from queues.store import JobStore

#: Index entries of one query.
PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Found:
    """What one page has found."""

    looked_at: int
    #: Entries (pk, sk, state, due, type) of jobs that are too many, or perhaps too old: their rows tell.
    entries: list[Item]
    overdue: bool


async def walk(
    store: JobStore, tenant: str, shards: int, end: Status, rule: Rule, now: int
) -> AsyncGenerator[Found, None]:
    """One tenant's jobs of one end, a page at a time."""
    for state in partitions(tenant, end.value, shards):
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
    tally, merge = Tally(rule, now), Merge(store, tenant, [end.value], shards)
    while True:
        entries = await merge.page(PAGE)
        yield Found(len(entries), [entry for entry in entries if tally.is_over(entry)], overdue=False)
        if merge.done:
            return
