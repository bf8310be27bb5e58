"""What a handler in a worker process says arrives as the right outcome, and the process stays warm."""

from __future__ import annotations

import pytest

from queues.outcome import Cancelled, Lost, Newer, Outcome, Raised, Refused, Returned, Snoozed
from queues.processes import ProcessPool
from queues.retry import Backoff, Fixed
from tests.processes.conftest import MODULES, run


async def test_a_result_comes_back_as_json(pool: ProcessPool) -> None:
    assert (await run(pool, "add-up", {"values": [1, 2, 3]})).result == {"total": 6}


async def test_the_process_is_reused_and_has_a_group_of_its_own(pool: ProcessPool) -> None:
    first, second = [(await run(pool, "who-am-i", {"n": n})).result for n in range(2)]
    assert first["pid"] == second["pid"] == second["group"]
    assert second["data"] == {"n": 1}


async def test_secrets_stay_with_the_parent(pool: ProcessPool) -> None:
    assert (await run(pool, "who-am-i")).result["secrets"] == []


async def test_the_kernel_would_take_the_child_first(pool: ProcessPool) -> None:
    assert (await run(pool, "oom-score")).result == 1000


async def test_the_context_knows_its_job(pool: ProcessPool) -> None:
    assert (await run(pool, "context")).result == {
        "ids": ["job-1", "context", "acme"],
        "attempt": [2, 3, False],
        "remains": True,
    }


@pytest.mark.parametrize(
    ("what", "outcome"),
    [("snooze", Snoozed(9)), ("cancel", Cancelled("not wanted"))],
)
async def test_signals(pool: ProcessPool, what: str, outcome: Outcome) -> None:
    assert (await run(pool, "raise", {"what": what})).outcome == outcome


@pytest.mark.parametrize(
    ("what", "type_name", "message", "permanent", "retry_in"),
    [
        ("error", "ValueError", "wrong ? value", False, None),
        ("discard", "Discard", "never", True, None),
        ("retry-after", "RetryAfter", "busy", False, 5),
        ("interrupt", "KeyboardInterrupt", "", False, None),
        ("awkward", "Awkward", "its message cannot be read: RuntimeError", False, None),
    ],
)
async def test_errors(
    pool: ProcessPool, what: str, type_name: str, message: str, permanent: bool, retry_in: float | None
) -> None:
    outcome = (await run(pool, "raise", {"what": what})).outcome
    assert isinstance(outcome, Raised)
    assert (outcome.error.type, outcome.error.message) == (type_name, message)
    assert (outcome.permanent, outcome.retry_in) == (permanent, retry_in)
    assert len(pool.pids) == 1


async def test_a_traceback_shows_the_handlers_frames_only(pool: ProcessPool) -> None:
    outcome = (await run(pool, "raise", {"what": "error"})).outcome
    assert isinstance(outcome, Raised)
    assert outcome.error.traceback is not None
    assert "handlers.py" in outcome.error.traceback
    assert "child.py" not in outcome.error.traceback


async def test_a_result_that_is_too_large_for_a_row_is_whole(pool: ProcessPool) -> None:
    """What becomes of it is decided where the artifact store is."""
    outcome = (await run(pool, "answer", {"kind": "large"})).outcome
    assert isinstance(outcome, Returned)
    assert len(outcome.result_json) == 8_000_002


@pytest.mark.parametrize(("kind", "words"), [("object", "cannot be written as JSON"), ("surrogate", "JSON")])
async def test_a_result_that_cannot_be_kept_is_permanent(pool: ProcessPool, kind: str, words: str) -> None:
    outcome = (await run(pool, "answer", {"kind": kind})).outcome
    assert isinstance(outcome, Raised)
    assert outcome.permanent
    assert words in outcome.error.message


async def test_invalid_data_and_unknown_types_are_refused(pool: ProcessPool) -> None:
    invalid = (await run(pool, "add-up", {"values": ["x"]})).outcome
    assert isinstance(invalid, Refused)
    assert invalid.error.type == "InvalidData"
    assert "values.0" in invalid.error.message
    unknown = (await run(pool, "add-upp")).outcome
    assert isinstance(unknown, Refused)
    assert "did you mean 'add-up'" in unknown.error.message


async def test_an_async_function_does_not_belong_here(pool: ProcessPool) -> None:
    outcome = (await run(pool, "asynchronous")).outcome
    assert isinstance(outcome, Raised)
    assert outcome.permanent
    assert "event loop" in outcome.error.message


async def test_a_module_that_cannot_be_imported_is_an_error_not_a_hang() -> None:
    pool = ProcessPool(("tests.processes.no_such_module",), size=1)
    outcome = (await run(pool, "add-up")).outcome
    assert isinstance(outcome, Raised)
    assert "no_such_module" in outcome.error.message
    await pool.close()


async def test_no_room_for_a_process_is_a_lost_attempt() -> None:
    pool = ProcessPool(MODULES, size=1, spawn_env={"TOO_LONG": "x" * 3_000_000})
    outcome = (await run(pool, "add-up")).outcome
    assert isinstance(outcome, Lost)
    assert "could not be started" in outcome.reason or "no worker process" in outcome.reason
    await pool.close()


async def test_data_of_another_version_is_brought_up_refused_or_left_to_newer_code(pool: ProcessPool) -> None:
    assert (await run(pool, "measured", {"values": [5]}, version=3)).result == 5
    assert (await run(pool, "measured", {"value": 5}, version=2)).result == 5
    refused = (await run(pool, "measured", {"value": 5}, version=1)).outcome
    assert isinstance(refused, Refused)
    assert refused.error.type == "CannotUpcast"
    newer = (await run(pool, "measured", {"values": [5]}, version=4)).outcome
    assert isinstance(newer, Newer)
    assert "version 4" in newer.reason


async def test_progress_is_thinned_and_the_last_report_arrives(pool: ProcessPool) -> None:
    seen = await run(pool, "report", {"reports": 20_000})
    assert seen.progress[0] == (0, "step 0")
    assert seen.progress[-1] == (100, "? done")
    assert len(seen.progress) < 100


async def test_a_thread_that_outlives_its_job_reports_to_nobody(pool: ProcessPool) -> None:
    assert (await run(pool, "leave-thread")).progress == []
    assert (await run(pool, "await-thread")).progress == []


async def test_signals_for_the_service_do_not_stop_a_job_but_stop_its_programs(pool: ProcessPool) -> None:
    assert (await run(pool, "signalled")).result == "-15"


@pytest.mark.parametrize(
    ("data", "permanent", "backoff", "retry_in"),
    [("json", True, None, None), ("key", False, Fixed(40), None), ("other", False, None, 200)],
)
async def test_the_types_policy_is_asked_where_the_exception_is(
    pool: ProcessPool, data: str, permanent: bool, backoff: Backoff | None, retry_in: float | None
) -> None:
    outcome = (await run(pool, "policy", data)).outcome
    assert isinstance(outcome, Raised)
    assert (outcome.permanent, outcome.backoff, outcome.retry_in) == (permanent, backoff, retry_in)
