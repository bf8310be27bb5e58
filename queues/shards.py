"""Shards: a tenant's index partitions are as many as its jobs need. Pure.

A partition of DynamoDB takes 1,000 write units a second, and each job writes two into `TENANT#open`: so one partition
is 500 jobs a second. With N shards there are N of each, `TENANT#open`, `TENANT#open#1` ... `TENANT#open#N-1`, and a job
is in one of them by its id.

A job keeps its shard for life: whoever makes its row chooses it, and the row's own `state` says it to everybody later.
So the number can be raised, or differ between two processes, while jobs are under way. `tenants.py` remembers, for
readers, the largest number that was ever in use.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

#: Partitions whose names are remembered: of each tenant that is served, five states in each of its shards.
REMEMBERED = 4_096
#: Bytes of the hash of an id.
HASH_BYTES = 8


def shard_of(job_id: str, shards: int) -> int:
    """The shard of a new job, from 0 on. The same id and number have the same shard in every process and version."""
    if shards == 1:
        return 0
    return int.from_bytes(blake2b(job_id.encode(), digest_size=HASH_BYTES).digest(), "big") % shards


def partition(tenant: str, state: str, shard: int) -> str:
    """One index partition: of a tenant's jobs that are `open`, `owing`, `completed`, `failed` or `cancelled`."""
    return f"{tenant}#{state}#{shard}" if shard else f"{tenant}#{state}"


def partitions(tenant: str, state: str, shards: int) -> list[str]:
    """The index partitions of all shards, in their order."""
    return [partition(tenant, state, shard) for shard in range(shards)]


@lru_cache(maxsize=REMEMBERED)
def shard_in(name: str) -> int:
    """The shard of a partition. A tenant's name has no `#`."""
    parts = name.split("#")
    return int(parts[2]) if len(parts) == 3 else 0
