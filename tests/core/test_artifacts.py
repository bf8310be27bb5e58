"""Data and results that are too large for a row: kept elsewhere, read as if they were not, gone with their job."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from queues import Context, Fixed, NewJob, Options, Status, job
from queues.artifacts.reference import reference_in
from queues.artifacts.sweep import GRACE, sweep
from queues.catalog import Catalog
from queues.errors import ArtifactLost, EnqueueFailed, NotLoaded, PayloadTooLarge
from queues.job import Job
from queues.limits import MAX_DATA_BYTES, MAX_RESULT_BYTES
from queues.rows import key_of, string
from queues.unique.rule import Unique
from tests.core.house import LEASE, House, Process, housed
from tests.core.shelf import Shelf

HOUR = 3_600
#: Larger than a row holds, as data and as a result.
LARGE = "ä" * MAX_DATA_BYTES


@job("any", attempts=2, backoff=Fixed(10, jitter=0), timeout=300, keep_completed=2 * HOUR)
async def anything(data: Any, ctx: Context) -> Any:
    """Answers what its data asks for, and how much of it there was."""
    if data.get("fail", 0) >= ctx.attempt:
        raise ConnectionError("asked to fail")
    return {"seen": len(data["text"]), "text": "r" * data.get("answer", 0)}


def shelved(house: House) -> tuple[Process, Shelf]:
    """A process that has an artifact store."""
    house.artifacts = shelf = Shelf(house.loop.epoch_ms)
    return house.process(Catalog([anything])), shelf


async def open_house(house: House) -> tuple[Process, Shelf]:
    process, shelf = shelved(house)
    await process.runtime.queues.create(process.runtime.catalog)
    return process, shelf


async def row(house: House, process: Process, job_id: str) -> Job:
    found = await process.runtime.store.get("default", job_id, house.loop.epoch_ms())
    assert found is not None
    return found


@housed
async def test_large_data_and_a_large_result_are_there_as_if_they_were_in_the_row(house: House) -> None:
    process, shelf = await open_house(house)
    queue = process.runtime.queue
    made = await queue.enqueue("any", {"text": LARGE, "answer": MAX_RESULT_BYTES})
    assert made.data["text"] == LARGE
    assert len((await row(house, process, made.id)).data_json) < 300
    await process.deliver("any")
    done = await queue.get(made.id)
    assert (done.status, done.data["text"]) == (Status.COMPLETED, LARGE)
    assert done.result == {"seen": len(LARGE), "text": "r" * MAX_RESULT_BYTES}
    assert (await queue.wait(made.id)).result == done.result
    assert len(shelf.held) == 2


@housed
async def test_what_fits_into_a_row_costs_no_call(house: House) -> None:
    process, shelf = await open_house(house)
    fits = MAX_DATA_BYTES - len('{"text":"","answer":}') - 6
    made = await process.runtime.queue.enqueue("any", {"text": "x" * fits, "answer": MAX_RESULT_BYTES - 100})
    await process.deliver("any")
    assert (await process.runtime.queue.get(made.id)).status is Status.COMPLETED
    await process.runtime.queue.delete(made.id)
    assert not shelf.calls


@housed
async def test_many_at_once_and_both_of_a_name(house: House) -> None:
    process, shelf = await open_house(house)
    queue = process.runtime.queue
    wanted = [NewJob("any", {"text": LARGE + str(n)}, Options(job_id=f"id-{n % 2}")) for n in range(4)]
    made = await queue.enqueue_many([*wanted, NewJob("any", {"text": LARGE}), NewJob("any", {"text": "small"})])
    assert [job.id for job in made[:4]] == ["id-0", "id-1"] * 2
    assert len(shelf.held) == 3
    async with asyncio.timeout(600):
        while (await house.depth("any"))[0]:
            await process.deliver("any")
    seen = [(await queue.get(job.id)).result["seen"] for job in made]
    assert seen == [len(LARGE) + 1] * 4 + [len(LARGE), 5]


@housed
async def test_lists_load_nothing_and_say_so(house: House) -> None:
    process, shelf = await open_house(house)
    await process.runtime.queue.enqueue("any", {"text": LARGE})
    (listed,) = (await process.runtime.queue.list()).jobs
    with pytest.raises(NotLoaded, match=r"read the job by itself"):
        _ = listed.data
    large = await process.runtime.queue.get(listed.id, up_to=1_000)
    with pytest.raises(NotLoaded):
        _ = large.data
    assert shelf.calls["get"] == 0


@housed
async def test_without_a_store_there_is_a_limit(house: House) -> None:
    process = house.process(Catalog([anything]))
    await process.runtime.queues.create(process.runtime.catalog)
    with pytest.raises(PayloadTooLarge, match="204,800"):
        await process.runtime.queue.enqueue("any", {"text": LARGE})
    made = await process.runtime.queue.enqueue("any", {"text": "", "answer": MAX_RESULT_BYTES})
    await process.deliver("any")
    failed = await process.runtime.queue.get(made.id)
    assert failed.error is not None
    assert (failed.status, failed.error.type, failed.attempt) == (Status.FAILED, "InvalidResult", 1)
    assert "102,400" in failed.error.message


@housed
async def test_a_store_has_a_limit_too(house: House) -> None:
    process, shelf = await open_house(house)
    shelf.limit = len(LARGE.encode()) + 100
    made = await process.runtime.queue.enqueue("any", {"text": LARGE, "answer": 2 * len(LARGE.encode())})
    with pytest.raises(PayloadTooLarge, match=f"{shelf.limit:,}"):
        await process.runtime.queue.enqueue("any", {"text": LARGE + "x" * 100})
    await process.deliver("any")
    failed = await process.runtime.queue.get(made.id)
    assert failed.error is not None
    assert (failed.status, failed.error.type, failed.attempt) == (Status.FAILED, "InvalidResult", 1)
    assert f"{shelf.limit:,}" in failed.error.message


# --- gone with the job --------------------------------------------------------------------------------------------


@housed
async def test_deleting_a_job_removes_its_artifacts(house: House) -> None:
    process, shelf = await open_house(house)
    made = await process.runtime.queue.enqueue("any", {"text": LARGE, "answer": MAX_RESULT_BYTES})
    await process.deliver("any")
    await process.runtime.queue.delete(made.id)
    assert not shelf.held


@housed
async def test_a_replay_has_data_of_its_own(house: House) -> None:
    process, shelf = await open_house(house)
    queue = process.runtime.queue
    old = await queue.enqueue("any", {"text": LARGE})
    await process.deliver("any")
    new = await queue.replay(old.id)
    await queue.delete(old.id)
    await process.deliver("any")
    assert (await queue.get(new.id)).result["seen"] == len(LARGE)
    other = await queue.replay(new.id, {"text": LARGE + "!"})
    await process.deliver("any")
    assert (await queue.get(other.id)).result["seen"] == len(LARGE) + 1
    assert len(shelf.held) == 2


@housed
async def test_a_debounce_keeps_the_last_data_and_no_other(house: House) -> None:
    process, shelf = await open_house(house)
    queue = process.runtime.queue
    unique = Unique(key="k", window=60, mode="debounce")
    for n in range(3):
        made = await queue.enqueue("any", {"text": LARGE + "x" * n}, unique=unique)
        assert made.data["text"] == LARGE + "x" * n
    assert len(shelf.held) == 1
    await asyncio.sleep(61)
    await process.deliver("any")
    assert await sweep(process.runtime.store, shelf, house.loop.epoch_ms(), grace=0) == 0
    assert (await queue.get(made.id)).result["seen"] == len(LARGE) + 2


@housed
async def test_the_sweep_removes_what_no_row_names_and_nothing_else(house: House) -> None:
    process, shelf = await open_house(house)
    queue, runtime = process.runtime.queue, process.runtime
    kept = await queue.enqueue("any", {"text": LARGE}, job_id="kept", delay=4 * HOUR)
    orphan = await shelf.put("default", "never-made", LARGE)
    second = await shelf.put("default", kept.id, "of a writer that was second")
    shelf.held["not/ours"] = (b"", 0)
    expired = await queue.enqueue("any", {"text": LARGE, "answer": MAX_RESULT_BYTES})
    await process.deliver("any")
    assert await runtime.artifact_sweep.round() == 0
    await asyncio.sleep(GRACE / 1000 + 1)
    assert await runtime.artifact_sweep.round() == 2
    assert orphan.key not in shelf.held
    assert second.key not in shelf.held
    await asyncio.sleep(3 * HOUR)
    assert await runtime.artifact_sweep.round() == 2, f"data and result of {expired.id}, which has expired"
    await process.deliver("any")
    assert (await queue.get("kept")).result["seen"] == len(LARGE)
    assert "not/ours" in shelf.held


# --- what breaks --------------------------------------------------------------------------------------------------


@housed
async def test_killed_between_artifact_and_row_nothing_is_promised_and_nothing_stays(house: House) -> None:
    process, shelf = await open_house(house)
    await house.die_at(shelf, "put", process.runtime.queue.enqueue("any", {"text": LARGE}, job_id="a"), after=True)  # type: ignore[arg-type]
    assert len(shelf.held) == 1
    other = house.process(Catalog([anything]))
    again = await other.runtime.queue.enqueue("any", {"text": LARGE}, job_id="a")
    await other.deliver("any")
    assert (await other.runtime.queue.get(again.id)).result["seen"] == len(LARGE)
    assert await sweep(other.runtime.store, shelf, house.loop.epoch_ms(), grace=0) == 1
    assert (await other.runtime.queue.get(again.id)).data["text"] == LARGE


@housed
async def test_killed_between_the_results_artifact_and_the_row_the_job_runs_again(house: House) -> None:
    process, shelf = await open_house(house)
    made = await process.runtime.queue.enqueue("any", {"text": "", "answer": MAX_RESULT_BYTES})
    await house.die_at(shelf, "put", process.deliver("any"), after=True)  # type: ignore[arg-type]
    other = house.process(Catalog([anything]))
    await asyncio.sleep(LEASE + 1)
    await other.deliver("any")
    await asyncio.sleep(20)
    await other.deliver("any")
    done = await other.runtime.queue.get(made.id)
    assert (done.status, done.attempt, len(done.result["text"])) == (Status.COMPLETED, 2, MAX_RESULT_BYTES)
    assert await sweep(other.runtime.store, shelf, house.loop.epoch_ms(), grace=0) == 1


@housed
async def test_a_store_that_does_not_answer(house: House) -> None:
    process, shelf = await open_house(house)
    queue = process.runtime.queue
    shelf.fail("put", OSError("no answer"))
    with pytest.raises(OSError, match="no answer"):
        await queue.enqueue("any", {"text": LARGE})
    shelf.fail("put", OSError("no answer"))
    with pytest.raises(EnqueueFailed, match="2 of 2 jobs"):
        await queue.enqueue_many([NewJob("any", {"text": LARGE})] * 2)
    assert (await queue.list()).jobs == []
    made = await queue.enqueue("any", {"text": LARGE, "answer": MAX_RESULT_BYTES})
    shelf.fail("get", OSError("no answer"))
    await process.deliver("any")
    failed = await queue.get(made.id)
    assert failed.error is not None
    assert (failed.status, failed.error.type) == (Status.DELAYED, "DataUnavailable")
    # The result is tried for: the work is done.
    shelf.fail("put", *[OSError("no answer")] * 3)
    await asyncio.sleep(11)
    await process.deliver("any")
    assert (await queue.get(made.id)).status is Status.COMPLETED
    shelf.fail("remove", OSError("no answer"))
    await queue.delete(made.id)
    assert await sweep(process.runtime.store, shelf, house.loop.epoch_ms(), grace=0) == 1


@housed
async def test_data_that_is_lost_fails_the_job_at_once(house: House) -> None:
    process, shelf = await open_house(house)
    made = await process.runtime.queue.enqueue("any", {"text": LARGE})
    shelf.held.clear()
    await process.deliver("any")
    failed = await process.runtime.queue.get(made.id)
    assert failed.error is not None
    assert (failed.status, failed.error.type, failed.attempt) == (Status.FAILED, "ArtifactLost", 1)
    assert "JOBYARD_ARTIFACTS" in failed.error.message
    with pytest.raises(ArtifactLost):
        await process.runtime.queue.replay(made.id)


@housed
async def test_a_row_that_names_another_jobs_artifact_gets_nothing(house: House) -> None:
    process, shelf = await open_house(house)
    theirs = await process.runtime.queue.for_tenant("them").enqueue("any", {"text": LARGE})
    stolen = await process.runtime.store.get("them", theirs.id, 0)
    assert stolen is not None
    reference = reference_in(stolen.data_json)
    assert reference is not None
    mine = await process.runtime.queue.enqueue("any", {"text": ""})
    await house.dynamodb.update_item(
        TableName="jobyard",
        Key=key_of("default", mine.id),
        UpdateExpression="SET #data = :data",
        ExpressionAttributeNames={"#data": "data"},
        ExpressionAttributeValues={":data": string(stolen.data_json)},
    )
    await process.deliver("any")
    failed = await process.runtime.queue.get(mine.id)
    assert failed.error is not None
    assert (failed.status, failed.error.type) == (Status.FAILED, "ArtifactLost")
    with pytest.raises(NotLoaded):
        _ = failed.data
    assert len(shelf.held) == 1
