"""Four shards on the embedded AWS, on MiniStack and on moto: lists, counts, the reaper and operations see them all."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from api.counts import tally_of
from queues import NewJob, Status
from queues.catalog import load
from queues.clients import Clients, connect
from queues.clock import system_clock
from queues.control.job_filter import JobFilter
from queues.options import Options
from queues.runtime import Runtime, assemble
from queues.settings import read_settings
from queues.shards import partition, shard_of
from queues.store import Unclaimed
from tests.emulators.place import Place

SHARDS, JOBS = 4, 12


def process(clients: Clients, prefix: str, shards: int, *, later: float = 0) -> Runtime:
    """A process with a number of shards and a clock of its own; `later` in seconds."""
    settings = read_settings(jobs=("functions.hello",), prefix=prefix, shards=shards, lease=3)
    return assemble(clients, load(settings.jobs), settings, clock=lambda: system_clock() + round(later * 1000))


async def listed(runtime: Runtime, **how: Any) -> list[str]:
    """The ids of all pages."""
    page = await runtime.queue.list(limit=7, **how)
    found = [job.id for job in page.jobs]
    while page.cursor is not None:
        page = await runtime.queue.list(limit=7, cursor=page.cursor, **how)
        found += [job.id for job in page.jobs]
    return found


async def test_four_shards_are_one_queue(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    async with connect(read_settings(aws_endpoint_url=place.endpoint)) as clients:
        await _four_shards(clients, f"s{uuid4().hex[:8]}")


async def _four_shards(clients: Clients, prefix: str) -> None:
    runtime = process(clients, prefix, SHARDS)
    await runtime.create_resources()
    # Names of our own, since a dozen ids of chance may leave a shard out.
    new = [NewJob("hello", {"name": f"{n}"}, Options(job_id=f"j{n}")) for n in range(JOBS)]
    made = await runtime.queue.enqueue_many(new)
    assert {shard_of(job.id, SHARDS) for job in made} == set(range(SHARDS))
    other = process(clients, prefix, 1, later=60)
    assert sorted(await listed(other)) == sorted(job.id for job in made)
    for job in made:
        claimed = await other.store.claim(job.tenant, job.id, f"gone/{job.id}", system_clock())
        assert not isinstance(claimed, Unclaimed)
    assert (await other.reaper.round()).lost == JOBS
    for shard in range(SHARDS):
        entries, _ = await other.store.keys(partition("default", "open", shard), start=None, limit=100)
        assert {entry["pk"]["S"].split("#")[2] for entry in entries} == {
            job.id for job in made if shard_of(job.id, SHARDS) == shard
        }
    bulk = await other.queue.purge("hello")
    await other.bulk_work.round()
    assert (await other.queue.admin.operation(bulk.id)).done == JOBS
    assert sorted(await listed(other, status=Status.CANCELLED)) == sorted(job.id for job in made)
    found = await tally_of(other, "default", system_clock())
    assert (found.of("hello")[Status.CANCELLED], found.exact) == (JOBS, True)
    assert (await other.queue.count_failed(JobFilter())).matched == 0
    for one in (runtime, other):
        await one.close()
