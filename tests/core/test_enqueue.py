"""The way in: one job for one key, whatever is asked twice or cut off, and as few requests as AWS allows."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from queues import Context, NewJob, Options, Status
from queues.errors import EnqueueFailed, InvalidData, InvalidOption, JobNotFound, PayloadTooLarge, UnknownJobType
from queues.limits import MAX_DATA_BYTES
from tests.core.house import DAY, LEASE, House, Order, housed, throttled


@housed
async def test_a_second_job_with_the_same_id_is_the_first(house: House) -> None:
    first = await house.queue.enqueue("work", {"size": 1}, job_id="a")
    second = await house.queue.enqueue("other", {"size": 2}, job_id="a")
    assert (second.id, second.type, second.data) == (first.id, "work", {"size": 1})
    await house.deliver()
    await house.deliver("other")
    assert len(house.runs) == 1
    third = await house.queue.enqueue("work", {"size": 3}, job_id="a")
    assert (third.status, third.result) == (Status.COMPLETED, {"made": 1})
    # The second request had sent a second message, in case the first one's sender had been killed.
    await asyncio.sleep(LEASE)
    await house.deliver()
    assert len(house.runs) == 1
    assert await house.depth() == (0, 0, 0)


@housed
async def test_of_many_at_the_same_time_one_is_made(house: House) -> None:
    processes = [house.process() for _ in range(8)]
    made = await asyncio.gather(
        *(one.runtime.queue.enqueue("work", {"size": n}, job_id="a") for n, one in enumerate(processes))
    )
    assert len({(job.created_at, job.data_json) for job in made}) == 1
    async with house.working():
        await asyncio.sleep(60)
    assert len(house.runs) == 1


@housed
async def test_the_same_id_twice_in_one_call_is_one_job(house: House) -> None:
    wanted = [NewJob("work", {"size": n}, Options(job_id=f"id-{n % 3}")) for n in range(250)]
    made = await house.queue.enqueue_many(wanted)
    assert [job.id for job in made] == [f"id-{n % 3}" for n in range(250)]
    assert [job.data["size"] for job in made] == [n % 3 for n in range(250)]
    assert await house.depth() == (3, 0, 0)


@housed
async def test_a_bulk_returns_the_jobs_that_were_there(house: House) -> None:
    await house.queue.enqueue("work", {"size": 7}, job_id="old")
    await house.deliver()
    made = await house.queue.enqueue_many(
        [NewJob("work", {"size": 1}), NewJob("other", {"size": 8}, Options(job_id="old")), NewJob("other", {"size": 2})]
    )
    assert [(job.type, job.data["size"], job.status) for job in made] == [
        ("work", 1, Status.WAITING),
        ("work", 7, Status.COMPLETED),
        ("other", 2, Status.WAITING),
    ]


@housed
async def test_ids_of_ours_sort_by_time(house: House) -> None:
    ids = []
    for _ in range(5):
        ids += [job.id for job in await house.queue.enqueue_many([NewJob("work", {})] * 20)]
        await asyncio.sleep(0.001)
    assert ids == sorted(set(ids))


@housed
async def test_a_job_past_its_retention_is_gone_and_its_id_is_free(house: House) -> None:
    made = await house.queue.enqueue("work", {"size": 1}, job_id="a")
    await house.deliver()
    await asyncio.sleep(6 * DAY)
    assert (await house.queue.enqueue("work", {"size": 2}, job_id="a")).data == {"size": 1}
    await asyncio.sleep(DAY + 2)
    with pytest.raises(JobNotFound):
        await house.queue.get(made.id)
    again = await house.queue.enqueue("work", {"size": 2}, job_id="a")
    assert (again.status, again.data) == (Status.WAITING, {"size": 2})
    await house.deliver()
    assert (await house.queue.get("a")).result == {"made": 2}


# --- in bulk ------------------------------------------------------------------------------------------------------


@housed
async def test_ten_thousand_jobs_in_one_call(house: House) -> None:
    seen: list[tuple[int, int]] = []
    made = await house.queue.enqueue_many(
        [NewJob("work" if n % 2 else "other", {"size": n}) for n in range(10_000)],
        on_progress=lambda done, total: seen.append((done, total)),
    )
    assert seen == [(done, 10_000) for done in range(200, 10_001, 200)]
    assert len({job.id for job in made}) == 10_000
    assert await house.depth() == (5_000, 0, 0)
    assert await house.depth("other") == (5_000, 0, 0)
    calls = house.first.sqs.calls + house.first.dynamodb.calls
    assert calls["batch_write_item"] == 10_000 / 25
    assert calls["send_message_batch"] == 10_000 / 10
    assert calls["send_message"] == calls["update_item"] == calls["batch_execute_statement"] == 0


@housed
async def test_nothing_is_made_if_one_of_many_is_refused(house: House) -> None:
    for bad, error in [
        (NewJob("wrok", {}), UnknownJobType),
        (NewJob("work", {"size": "huge"}), InvalidData),
        (NewJob("work", {"size": 1, "pad": "x" * MAX_DATA_BYTES}), PayloadTooLarge),
    ]:
        with pytest.raises(error):
            await house.queue.enqueue_many([NewJob("work", {}), bad])
    assert (await house.queue.list()).jobs == []
    assert await house.depth() == (0, 0, 0)


@housed
async def test_a_bulk_that_fails_half_way_says_what_was_accepted(house: House) -> None:
    process = house.process()
    wanted = [NewJob("work", {"size": n}) for n in range(350)]
    done = 0

    def trouble(count: int, _total: int) -> None:
        nonlocal done
        done = count
        if count == 200:
            process.dynamodb.fail("batch_write_item", *[throttled() for _ in range(4)])

    with pytest.raises(EnqueueFailed) as caught:
        await process.runtime.queue.enqueue_many(wanted, on_progress=trouble)
    assert done == 200
    assert [job.data["size"] for job in caught.value.accepted] == list(range(200))
    assert [job.data["size"] for job in caught.value.rejected] == list(range(200, 350))
    assert "150 of 350" in str(caught.value)
    await drain(house)
    ran = [await house.queue.get(run[0]) for run in house.runs]
    assert sorted(job.data["size"] for job in ran) == list(range(200))


@housed
async def test_what_sqs_leaves_out_of_a_batch_is_sent_again(house: House) -> None:
    real, dropped = house.sqs.send_message_batch, Counter[str]()

    async def leaky(**params: object) -> object:
        entries = params["Entries"]
        assert isinstance(entries, list)
        left_out = [one for one in entries if int(one["Id"]) % 3 == 0 and not dropped[one["Id"]]]
        dropped.update(one["Id"] for one in left_out)
        taken = [one for one in entries if one not in left_out]
        reply = await real(**{**params, "Entries": taken}) if taken else {"Successful": []}
        failed = [{"Id": one["Id"], "Code": "InternalError", "SenderFault": False} for one in left_out]
        return {**reply, "Failed": failed}

    house.first.sqs.inner.send_message_batch = leaky
    made = await house.queue.enqueue_many([NewJob("work", {"size": n}) for n in range(40)])
    assert len(made) == 40
    assert await house.depth() == (40, 0, 0)


# --- what is refused ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"attempts": 0},
        {"attempts": 101},
        {"delay": -1},
        {"delay": 366 * DAY},
        {"job_id": "no spaces"},
        {"job_id": "batch"},
        {"timeout": 871},
        {"expires_in": 0},
        {"expires_in": 5, "delay": 10},
        {"priority": 0},
        {"tags": ["x"] * 21},
    ],
)
@housed
async def test_an_option_out_of_range_is_refused(house: House, options: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption):
        await house.queue.enqueue("work", {}, **options)
    assert (await house.queue.list()).jobs == []


# --- what it costs ------------------------------------------------------------------------------------------------


@housed
async def test_a_tracked_job_costs_six_write_units(house: House) -> None:
    await house.queue.enqueue("work", {"size": 0})
    await house.deliver()
    house.first.dynamodb.units = 0
    await house.queue.enqueue("work", {"size": 1})
    await house.deliver()
    assert house.first.dynamodb.units == 6


@housed
async def test_in_bulk_it_costs_no_more(house: House) -> None:
    await house.queue.enqueue("work", {})
    await house.deliver()
    wire = house.first.dynamodb
    wire.units = 0
    wire.calls.clear()
    made = await house.queue.enqueue_many([NewJob("work", {"size": n}) for n in range(100)])
    for _ in range(10):
        await house.deliver()
    assert {(await house.queue.get(job.id)).status for job in made} == {Status.COMPLETED}
    assert wire.units == 100 * 6
    assert wire.calls["batch_write_item"] == 4
    assert wire.calls["batch_execute_statement"] == 10 * 2, "the claims of a batch together, and its settlements"
    assert wire.calls["update_item"] == 0


@housed
async def test_a_retried_attempt_costs_four_more(house: House) -> None:
    async def fail_once(_order: Order, ctx: Context) -> str:
        if ctx.attempt == 1:
            raise ValueError("once")
        return "done"

    house.handlers["work"] = fail_once
    await house.queue.enqueue("work", {})
    await house.deliver()
    await asyncio.sleep(10)
    house.first.dynamodb.units = 0
    await house.deliver()
    assert house.first.dynamodb.units == 4


async def drain(house: House) -> None:
    """Delivers all that can be received now."""
    while await house.deliver():
        pass
