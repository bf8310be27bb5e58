"""The cleaner keeps so many ended jobs of a type and tenant, whoever interferes; and removes what TTL has left."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from queues import Discard, NewJob, Status, Unique, job
from queues.catalog import Catalog
from queues.cleaning import cleaner as cleaning
from queues.cleaning.cleaner import CHUNK, cleaner_of
from queues.cleaning.rows import HOLD, KEY
from queues.cleaning.rule import FRESH, OVERDUE, Rule, rule_of
from queues.cleaning.run import Cleaned
from queues.errors import InvalidOption, JobNotFound
from queues.job import Job
from queues.job_options import KEEP_COMPLETED, MAX_KEPT
from queues.rows import number
from tests.core.house import DAY, Died, House, Order, Process, housed, throttled
from tests.core.test_maintenance import after


def keeping(house: House, **options: Any) -> Process:
    """A process whose code has other options for the type `work`."""

    @job("work", **options)
    async def work(order: Order) -> None: ...

    return house.process(Catalog([work, house.runtime.catalog.get("other")]))


async def ended(house: House, count: int, name: str = "work", tenant: str = "default", **options: Any) -> list[Job]:
    """Jobs that have ended one after the other, the oldest first, longer ago than the cleaner takes for fresh."""
    queue = house.queue.for_tenant(tenant)
    made = []
    for size in range(count):
        made.append(await queue.enqueue(name, {"size": size}, **options))
        await house.deliver(name)
        await asyncio.sleep(1)
    await asyncio.sleep(FRESH / 1000)
    return made


async def failed(house: House, count: int, tenant: str = "default") -> list[Job]:
    async def discard(_order: Order, _ctx: object) -> None:
        raise Discard("no")

    house.handlers["work"] = discard
    made = await ended(house, count, tenant=tenant)
    house.handlers.clear()
    return made


async def left(house: House, jobs: list[Job]) -> list[int]:
    """Which of the jobs there still are, by their place in the list."""
    found = []
    for index, made in enumerate(jobs):
        try:
            await house.queue.for_tenant(made.tenant).get(made.id)
        except JobNotFound:
            continue
        found.append(index)
    return found


async def clean(process: Process, **how: Any) -> Cleaned:
    done = await cleaner_of(process.runtime).round(**how)
    assert done is not None
    return done


# --- by count -----------------------------------------------------------------------------------------------------


@housed
async def test_the_newest_of_each_end_are_kept(house: House) -> None:
    completed, gone_wrong = await ended(house, 5), await failed(house, 4)
    cancelled = [await house.queue.enqueue("work", {}, delay=DAY) for _ in range(4)]
    for made in cancelled:
        await house.queue.cancel(made.id)
        await asyncio.sleep(1)
    await asyncio.sleep(FRESH / 1000)
    done = await clean(keeping(house, max_completed=3, max_failed=1))
    assert (done.over_count, done.overdue, done.spared, done.types) == (6, 0, 0, {"work": 6})
    assert await left(house, completed) == [2, 3, 4]
    assert await left(house, cancelled) == [1, 2, 3]
    assert await left(house, gone_wrong) == [3]


@housed
async def test_each_tenant_has_the_whole_number(house: House) -> None:
    ada, bob = await ended(house, 3, tenant="ada"), await ended(house, 2, tenant="bob")
    assert (await clean(keeping(house, max_completed=2))).over_count == 1
    assert await left(house, ada) == [1, 2]
    assert await left(house, bob) == [0, 1]


@housed
async def test_other_types_and_open_jobs_are_left_alone(house: House) -> None:
    mine = await ended(house, 2)
    others = await ended(house, 3, name="other")
    waiting = [await house.queue.enqueue("work", {}) for _ in range(3)]
    process = keeping(house, max_completed=0, max_failed=0)
    assert (await clean(process)).types == {"work": 2}
    assert await left(house, mine) == []
    assert await left(house, [*others, *waiting]) == [0, 1, 2, 3, 4, 5]


@housed
async def test_whoever_waits_for_a_job_hears_of_it(house: House) -> None:
    made = await ended(house, 1)
    await house.queue.enqueue("work", {})
    await house.deliver()
    fresh = await house.queue.enqueue("work", {})
    await house.deliver()
    process = keeping(house, max_completed=0)
    assert (await clean(process)).over_count == 1
    assert await left(house, [*made, fresh]) == [1]
    await asyncio.sleep(FRESH / 1000)
    assert (await clean(process, anyway=True)).over_count == 2


@housed
async def test_more_than_a_page_of_them(house: House) -> None:
    made = await house.queue.enqueue_many([NewJob("work", {}) for _ in range(2 * CHUNK + 50)])
    while any((await house.depth())[:2]):
        await house.deliver()
        await asyncio.sleep(1)
    await asyncio.sleep(FRESH / 1000)
    done = await clean(keeping(house, max_completed=7))
    assert done.over_count == 2 * CHUNK + 43
    assert len(await left(house, made)) == 7


@housed
async def test_a_failed_job_whose_burial_is_owed_stays(house: House) -> None:
    async def discard(_order: Order, _ctx: object) -> None:
        raise Discard("no")

    house.handlers["work"] = discard
    made = await house.queue.enqueue("work", {})
    house.first.sqs.fail("send_message", *[Died()] * 9)
    with pytest.raises(Died):
        await house.deliver()
    await asyncio.sleep(FRESH / 1000)
    process = keeping(house, max_failed=0, keep_failed=60)
    assert (await clean(process)).types == {}
    assert (await house.queue.get(made.id)).status is Status.FAILED
    await process.runtime.reaper.round()
    assert (await clean(process, anyway=True)).over_count == 1


@housed
async def test_dead_letters_of_jobs_that_were_removed_go_too(house: House) -> None:
    made = await failed(house, 3)
    await clean(keeping(house, max_failed=1))
    assert len(await house.letters()) == 3
    await asyncio.sleep(60)
    assert await house.runtime.dead_letters.round() == 2
    assert [letter["Body"].count(made[2].id) for letter in await house.letters()] == [1]
    page = await house.queue.list(type="work", status=Status.FAILED)
    assert [one.id for one in page.jobs] == [made[2].id]


@housed
async def test_a_letter_that_is_moved_back_makes_nothing_of_a_job_that_was_removed(house: House) -> None:
    (made,) = await failed(house, 1)
    await clean(keeping(house, max_failed=0))
    (letter,) = await house.letters()
    await house.sqs.send_message(QueueUrl=await house.runtime.queues.url("work"), MessageBody=letter["Body"])
    runs = len(house.runs)
    await house.deliver()
    assert len(house.runs) == runs
    assert await house.depth() == (0, 0, 0)
    with pytest.raises(JobNotFound):
        await house.queue.get(made.id)


# --- races and crashes --------------------------------------------------------------------------------------------


def before(process: Process, name: str, do: Callable[[], Awaitable[object]]) -> None:
    """Has something happen just before the process's next call of that name."""
    client = process.dynamodb.inner

    class Interfering:
        def __getattr__(self, asked: str) -> Any:
            async def call(**params: Any) -> Any:
                if asked == name:
                    process.dynamodb.inner = client
                    await do()
                return await getattr(client, asked)(**params)

            return call

    process.dynamodb.inner = Interfering()


@housed
async def test_a_job_that_is_retried_as_the_cleaner_comes_stays(house: House) -> None:
    made = await failed(house, 3)
    process = keeping(house, max_failed=1)
    before(process, "batch_execute_statement", lambda: house.queue.retry(made[0].id))
    done = await clean(process)
    assert (done.over_count, done.spared) == (1, 1)
    assert await left(house, made) == [0, 2]
    await house.deliver()
    assert (await house.queue.get(made[0].id)).status is Status.COMPLETED


@housed
async def test_a_job_that_has_failed_anew_as_the_cleaner_comes_stays(house: House) -> None:
    made = await failed(house, 2)

    async def discard(_order: Order, _ctx: object) -> None:
        raise Discard("no")

    async def fails_again() -> None:
        await asyncio.sleep(1)
        house.handlers["work"] = discard
        await house.queue.retry(made[0].id)
        await house.deliver()

    process = keeping(house, max_failed=1)
    before(process, "batch_execute_statement", fails_again)
    done = await clean(process)
    assert (done.over_count, done.spared) == (0, 1)
    assert await left(house, made) == [0, 1]
    await asyncio.sleep(FRESH / 1000)
    await clean(process, anyway=True)
    assert await left(house, made) == [0], "it is the newest by now"


@housed
async def test_two_cleaners_at_once_remove_each_job_once(house: House) -> None:
    made = await ended(house, 9)
    first, second = (keeping(house, max_completed=4) for _ in range(2))
    theirs: list[Cleaned] = []

    async def meanwhile() -> None:
        theirs.append(await _without_a_turn(second))

    # Between the first one's look at the index and its deletions.
    before(first, "batch_execute_statement", meanwhile)
    both = [await clean(first), *theirs]
    assert [(done.over_count, done.spared) for done in both] == [(0, 5), (5, 0)]
    assert await left(house, made) == [5, 6, 7, 8]


async def _without_a_turn(process: Process) -> Cleaned:
    """A round as of a process whose hold ran out while it was at it, and that has not heard of it yet."""
    done = Cleaned()
    cleaner = cleaner_of(process.runtime)
    cleaner._saved_at = 1 << 60
    await cleaner._go_on(cleaning.Turn(0), done, lambda: False)
    return done


@housed
async def test_of_many_processes_one_makes_the_round(house: House) -> None:
    await ended(house, 2)
    processes = [keeping(house, max_completed=1) for _ in range(3)]
    done = await asyncio.gather(*(cleaner_of(one.runtime).round() for one in processes))
    assert [one.over_count for one in done if one is not None] == [1]
    assert await cleaner_of(processes[1].runtime).round() is None, "one was made just now"
    await asyncio.sleep(1_800)
    assert await cleaner_of(processes[1].runtime).round() is not None


@housed
async def test_a_clock_that_was_ahead_keeps_no_round_away(house: House) -> None:
    process = keeping(house, max_completed=1)
    cleaner = cleaner_of(process.runtime)
    cleaner.clock = lambda: house.loop.epoch_ms() + 9 * DAY * 1000
    assert await cleaner.round() is not None
    assert await cleaner.round() is None
    cleaner.clock = house.loop.epoch_ms
    assert await cleaner.round() is not None
    assert await cleaner.round() is None


@housed
async def test_a_cleaner_that_dies_between_two_pages_leaves_the_rest_to_another(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "CHUNK", 2)
    made = await ended(house, 8)
    process, other = (keeping(house, max_completed=1) for _ in range(2))
    process.dynamodb.fail("batch_execute_statement", *[Died()] * 1)
    with pytest.raises(Died):
        await cleaner_of(process.runtime).round()
    process.dynamodb.fail("batch_execute_statement", Died(), after=True)
    with pytest.raises(Died):
        await cleaner_of(process.runtime).round()
    assert len(await left(house, made)) == 6
    assert await cleaner_of(other.runtime).round() is None, "the first one may be at it"
    await asyncio.sleep(HOLD / 1000 + 1)
    assert (await clean(other)).over_count == 5
    assert await left(house, made) == [7]


@housed
async def test_a_round_goes_on_with_the_partition_at_which_it_ran_out_of_time(house: House) -> None:
    tenants = ("ada", "bob", "cyd")
    made = [await ended(house, 2, tenant=tenant) for tenant in tenants]
    process, other = keeping(house, max_completed=1), keeping(house, max_completed=1)
    # Of each tenant's partitions one is asked of before it, and after each of its two pages and its one chunk.
    assert (await clean(process, out_of_time=after(5))).over_count == 1
    assert [await left(house, jobs) for jobs in made] == [[1], [0, 1], [0, 1]]
    assert (await clean(other)).over_count == 2, "although a round is not due"
    assert [await left(house, jobs) for jobs in made] == [[1], [1], [1]]
    assert await cleaner_of(process.runtime).round() is None


@housed
async def test_a_partition_that_takes_too_long_does_not_keep_the_others_waiting(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cleaning, "CHUNK", 1)
    ada, bob = await ended(house, 9, tenant="ada"), await ended(house, 2, tenant="bob")
    process = keeping(house, max_completed=1)
    # Its cancelled jobs are none. Then: out of time in its completed ones, after which they are tried once more.
    for _ in range(4):
        await cleaner_of(process.runtime).round(after(5))
    assert await left(house, bob) == [1]
    assert len(await left(house, ada)) > 1


@housed
async def test_one_partitions_trouble_is_not_the_others(house: House) -> None:
    ada, bob = await ended(house, 2, tenant="ada"), await ended(house, 2, tenant="bob")
    process = keeping(house, max_completed=1)
    process.dynamodb.fail("batch_execute_statement", throttled())
    assert (await clean(process)).over_count == 1
    assert [await left(house, jobs) for jobs in (ada, bob)] == [[0, 1], [1]]
    assert (await clean(process, anyway=True)).over_count == 1


@housed
async def test_who_was_slow_and_lost_the_round_stops(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "CHUNK", 1)
    made = await ended(house, 9)
    slow, other = keeping(house, max_completed=1), keeping(house, max_completed=1)

    async def taken_over() -> None:
        await asyncio.sleep(HOLD / 1000 + 1)
        assert (await clean(other)).over_count == 8

    before(slow, "batch_execute_statement", taken_over)
    done = await clean(slow)
    assert (done.over_count, done.spared) == (0, 1), "after its first row it hears of it"
    assert await left(house, made) == [8]


# --- by age -------------------------------------------------------------------------------------------------------


async def _without_ttl(house: House) -> None:
    off = {"AttributeName": "expires_at", "Enabled": False}
    await house.dynamodb.update_time_to_live(TableName="jobyard", TimeToLiveSpecification=off)


@housed
async def test_what_ttl_has_left_lying_goes_two_days_later(house: House) -> None:
    await _without_ttl(house)
    await ended(house, 2)
    process = keeping(house)
    await asyncio.sleep(KEEP_COMPLETED + OVERDUE / 1000 - FRESH / 1000 - 5)
    assert (await clean(process)).types == {}
    await asyncio.sleep(10)
    assert (await clean(process, anyway=True)).overdue == 2
    keys = {"ProjectionExpression": "pk", "FilterExpression": "begins_with(pk, :job)"}
    found = await house.dynamodb.scan(TableName="jobyard", **keys, ExpressionAttributeValues={":job": {"S": "job#"}})
    assert found["Items"] == []


@housed
async def test_a_row_that_says_itself_that_it_is_kept_longer_stays(house: House) -> None:
    await _without_ttl(house)
    made = await ended(house, 1)
    forever = number((house.loop.epoch_ms() + 900 * DAY * 1000) // 1000)
    await house.dynamodb.update_item(
        TableName="jobyard",
        Key={"pk": {"S": f"job#default#{made[0].id}"}, "sk": {"S": "job"}},
        UpdateExpression="SET expires_at = :forever",
        ExpressionAttributeValues={":forever": forever},
    )
    await asyncio.sleep(20 * DAY)
    done = await clean(keeping(house))
    assert (done.overdue, done.spared) == (0, 1)
    assert await left(house, made) == [0]


# --- what it costs ------------------------------------------------------------------------------------------------


@housed
async def test_whose_types_keep_any_number_pays_a_query_for_each_end(house: House) -> None:
    await ended(house, 30)
    process = keeping(house)
    done = await clean(process)
    assert done.looked_at == 0, "no ended job is walked past"
    assert process.dynamodb.calls == {"query": 1 + 3, "update_item": 4}


@housed
async def test_a_removed_job_costs_two_write_units(house: House) -> None:
    await ended(house, 27)
    process = keeping(house, max_completed=0)
    await clean(process)
    assert process.dynamodb.calls["batch_execute_statement"] == 2
    assert process.dynamodb.units == 27 * 2 + 4, "and the cleaner's own row two, and that of its run"


@housed
async def test_counting_writes_nothing(house: House) -> None:
    made = await ended(house, 5)
    process = keeping(house, max_completed=2)
    found = await cleaner_of(process.runtime).count()
    assert (found.over_count, found.overdue, found.types) == (3, 0, {"work": 3})
    assert set(process.dynamodb.calls) == {"query"}
    assert await left(house, made) == [0, 1, 2, 3, 4]
    row = await house.dynamodb.get_item(TableName="jobyard", Key=KEY)
    assert "Item" not in row


# --- options ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{"max_completed": -1}, {"max_failed": MAX_KEPT + 1}, {"max_failed": True}])
def test_a_number_that_cannot_be_kept_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match=next(iter(options))):
        job("work", **options)


def test_a_window_needs_jobs_that_are_kept_by_age() -> None:
    with pytest.raises(InvalidOption, match="by number"):
        job("work", max_completed=5, unique=Unique(window=60))
    # Whoever holds a key only until the end needs no record of it.
    job("work", max_completed=5, unique=Unique())
    job("work", max_completed=5, unique=Unique(window=60, mode="debounce"))


@housed
async def test_a_jobs_own_window_needs_it_too(house: House) -> None:
    process = keeping(house, max_failed=5)
    with pytest.raises(InvalidOption, match="by number"):
        await process.runtime.queue.enqueue("work", {}, unique=Unique(key="a", window=60))


def test_the_most_patient_type_says_what_is_overdue() -> None:
    @job("brief", keep_completed=60, keep_failed=60)
    async def brief(order: Order) -> None: ...

    @job("patient", keep_completed=40 * DAY, keep_failed=50 * DAY, max_failed=9)
    async def patient(order: Order) -> None: ...

    assert rule_of([brief], Status.COMPLETED) == Rule({}, round(KEEP_COMPLETED * 1000))
    assert rule_of([brief, patient], Status.CANCELLED) == Rule({}, 40 * DAY * 1000)
    assert rule_of([brief, patient], Status.FAILED) == Rule({"patient": 9}, 50 * DAY * 1000)
