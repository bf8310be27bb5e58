"""What is remembered of the cleaner's runs: when, whose, what went and how it ended, whoever dies."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from queues import maintenance
from queues.cleaning import cleaner as cleaning
from queues.cleaning.cleaner import cleaner_of
from queues.cleaning.rows import HOLD, CleanerRows
from queues.cleaning.run import KEEP_SECONDS, MAX_ERROR_CHARS, Cleaned, End, Run, run_of, seen, sort_key, values_of
from tests.core.house import Died, House, Process, housed, throttled
from tests.core.test_cleaning import before, clean, ended, keeping
from tests.core.test_maintenance import Standing, after


async def runs(house: House, limit: int = 50) -> list[Run]:
    return await CleanerRows(house.dynamodb, house.settings).latest(limit, house.loop.epoch_ms())


async def ends(house: House) -> list[str]:
    return [run.end.value for run in await runs(house)]


def name(process: Process) -> str:
    return process.runtime.runner.worker


@housed
async def test_a_run_tells_when_whose_how_long_and_what_went(house: House) -> None:
    assert await runs(house) == []
    await ended(house, 5)
    process = keeping(house, max_completed=2)
    begun_at = house.loop.epoch_ms()
    await clean(process)
    (run,) = await runs(house)
    assert (run.begun_at, run.by, run.by_hand, run.end, run.error) == (begun_at, name(process), False, End.DONE, None)
    assert run.ended_at == house.loop.epoch_ms()
    assert run.duration == run.ended_at - begun_at
    assert run.done == Cleaned(looked_at=5, over_count=3, types=run.done.types)
    assert run.done.types == {"work": 3}


@housed
async def test_they_are_listed_latest_first_for_a_week_by_hand_or_not(house: House) -> None:
    process = keeping(house, max_completed=2)
    began = []
    for by_hand in (False, True, True):
        began.append((house.loop.epoch_ms(), by_hand))
        await clean(process, anyway=by_hand)
        await asyncio.sleep(60)
    assert [(run.begun_at, run.by_hand) for run in await runs(house)] == began[::-1]
    assert [run.begun_at for run in await runs(house, limit=2)] == [began[2][0], began[1][0]]
    await asyncio.sleep(KEEP_SECONDS - 90)
    assert [run.begun_at for run in await runs(house)] == [began[2][0]]


@housed
async def test_of_many_processes_one_run_is_told(house: House) -> None:
    processes = [keeping(house, max_completed=1) for _ in range(4)]
    for hour in range(1, 4):
        await asyncio.gather(*(cleaner_of(one.runtime).round() for one in processes))
        assert await ends(house) == ["done"] * hour
        await asyncio.sleep(3_600)


@housed
async def test_one_that_runs_is_seen_and_one_that_died_is_lost(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "CHUNK", 1)
    await ended(house, 4)
    doomed, other = keeping(house, max_completed=1), keeping(house, max_completed=1)

    async def look() -> None:
        assert await ends(house) == ["running"]

    before(doomed, "batch_execute_statement", look)
    doomed.dynamodb.fail("batch_execute_statement", Died(), after=True)
    with pytest.raises(Died):
        await clean(doomed)
    assert await ends(house) == ["running"], "until its hold is over nobody can know"
    await asyncio.sleep(HOLD / 1000 + 1)
    assert await ends(house) == ["lost"]
    await clean(other)
    after_it, lost = await runs(house)
    assert (after_it.end, after_it.by, after_it.done.over_count) == (End.DONE, name(other), 2)
    assert (lost.end, lost.by, lost.duration) == (End.LOST, name(doomed), None)


@housed
async def test_the_same_process_that_begins_again_runs_once(house: House) -> None:
    process = keeping(house)
    lost = Run(begun_at=house.loop.epoch_ms(), by=name(process), by_hand=False)
    await cleaner_of(process.runtime).rows.remember(lost)
    await asyncio.sleep(1)
    before(process, "query", lambda: _both_seen(house))
    await clean(process)
    assert await ends(house) == ["done", "lost"]


async def _both_seen(house: House) -> None:
    assert await ends(house) == ["running", "lost"]


@housed
async def test_one_that_ends_while_it_is_looked_at_is_not_lost(house: House) -> None:
    process, reader = keeping(house), house.process()
    cleaner = cleaner_of(process.runtime)
    run = Run(begun_at=house.loop.epoch_ms(), by=cleaner.holder, by_hand=False)
    await cleaner.rows.remember(run)
    # Between the reader's first look and its second the run ends, and the hold goes.
    done = run.ended(End.DONE, house.loop.epoch_ms() + 5)
    before(reader, "get_item", lambda: cleaner.rows.remember(done))
    rows = CleanerRows(reader.dynamodb, house.settings)
    assert await rows.latest(9, house.loop.epoch_ms()) == [done]


@housed
async def test_one_that_is_cut_short_or_skips_a_part_says_so(house: House) -> None:
    for tenant in ("ada", "bob"):
        await ended(house, 2, tenant=tenant)
    process = keeping(house, max_completed=1)
    await clean(process, out_of_time=after(5))
    await asyncio.sleep(1)
    await clean(process)
    assert [(run.end, run.done.over_count) for run in await runs(house)] == [(End.DONE, 1), (End.CUT, 1)]
    await ended(house, 2, tenant="bob")
    process.dynamodb.fail("batch_execute_statement", throttled())
    done = await clean(process, anyway=True)
    run = (await runs(house))[0]
    assert (run.end, run.done.skipped, run.done.trouble) == (End.DONE, 1, done.trouble)
    assert "bob" in (done.trouble or "")


@housed
async def test_one_that_fails_says_why(house: House) -> None:
    process = keeping(house)
    process.dynamodb.fail("query", throttled())
    with pytest.raises(Exception, match="slow down"):
        await clean(process)
    (run,) = await runs(house)
    assert (run.end, "slow down" in (run.error or "")) == (End.FAILED, True)
    assert run.duration is not None


@housed
async def test_one_that_was_slow_and_lost_the_round_says_so(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "CHUNK", 1)
    await ended(house, 3)
    slow, other = keeping(house, max_completed=1), keeping(house, max_completed=1)

    async def taken_over() -> None:
        await asyncio.sleep(HOLD / 1000 + 1)
        await clean(other)

    before(slow, "batch_execute_statement", taken_over)
    await clean(slow)
    assert [(run.by, run.end) for run in await runs(house)] == [
        (name(other), End.DONE),
        (name(slow), End.TAKEN_OVER),
    ]


@housed
async def test_what_cannot_be_remembered_is_done_all_the_same(house: House) -> None:
    await ended(house, 3)
    process = keeping(house, max_completed=1)
    original = process.dynamodb.inner

    class Forgetful:
        def __getattr__(self, asked: str) -> Any:
            async def call(**params: Any) -> Any:
                if asked == "update_item" and params["Key"]["sk"]["S"].startswith("run#"):
                    raise throttled()
                return await getattr(original, asked)(**params)

            return call

    process.dynamodb.inner = Forgetful()
    assert (await clean(process)).over_count == 2
    assert await runs(house) == []
    assert await cleaner_of(process.runtime).round() is None, "it counts as made"


@housed
async def test_the_functions_answer_is_json_also_when_something_was_removed(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ended(house, 3)
    process = keeping(house, max_completed=1)
    monkeypatch.setattr(maintenance, "environment", Standing(process.runtime))

    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 900_000

    answer: Any = maintenance.clean({}, Context())
    told = orjson.loads(orjson.dumps(await answer))
    assert (told["over_count"], told["types"]) == (2, {"work": 2})


# --- the row ------------------------------------------------------------------------------------------------------


def test_a_run_survives_its_row_and_an_error_is_cut() -> None:
    run = Run(begun_at=1_000, by="host:1:a", by_hand=True)
    assert run_of(values_of(run)) == run
    run.done.skip("failed#t", OSError("x" * 2 * MAX_ERROR_CHARS))
    run.done.types["work"] += 2
    over = run.ended(End.FAILED, 3_500, OSError("y" * 2 * MAX_ERROR_CHARS))
    assert run_of(values_of(over)) == over
    assert over.duration == 2_500
    assert len(over.error or "") == len(over.done.trouble or "") == MAX_ERROR_CHARS
    assert sort_key(run) < sort_key(Run(begun_at=999_999_999_999_9, by="", by_hand=False))


def test_only_the_latest_of_who_holds_the_cleaning_runs() -> None:
    made = [Run(begun_at=at, by=by, by_hand=False) for at, by in ((3, "b"), (2, "a"), (1, "a"))]
    for holder, found in ((None, "LLL"), ("a", "LRL"), ("b", "RLL"), ("c", "LLL")):
        assert "".join(run.end.name[0] for run in seen(made, holder)) == found
