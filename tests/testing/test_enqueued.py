"""Assertions about what was enqueued, and what they say when they fail."""

from __future__ import annotations

from datetime import timedelta

import pytest

from queues import Status
from queues.errors import UnknownJobType
from queues.testing import Yard
from tests.testing.jobs import Order, greet


async def test_jobs_are_found_by_type_data_delay_status_and_tenant(jobyard: Yard) -> None:
    await jobyard.queue.enqueue("greet", {"size": 1, "failures": 0})
    await jobyard.queue.enqueue("greet", {"size": 2}, delay=60)
    await jobyard.queue.for_tenant("acme").enqueue("plain", Order(size=3))
    assert [job.type for job in jobyard.enqueued()] == ["greet", "greet", "plain"]
    jobyard.assert_enqueued("greet", count=2)
    jobyard.assert_enqueued(greet, {"size": 1}, delay=0, count=1)
    (late,) = jobyard.assert_enqueued(delay=timedelta(minutes=1), status="delayed")
    assert late.data["size"] == 2
    jobyard.assert_enqueued("plain", Order(size=3), tenant="acme", status=Status.WAITING)
    jobyard.refute_enqueued("greet", {"size": 3})
    jobyard.refute_enqueued("plain", tenant="default")
    await jobyard.drain()
    jobyard.assert_enqueued("greet", {"size": 1}, status="completed", count=1)


async def test_data_is_matched_in_part_at_any_depth(jobyard: Yard) -> None:
    jobyard.assert_enqueued(count=0)
    await jobyard.queue.enqueue("free", {"to": {"name": "Ada", "mail": "a@b.c"}, "tags": [1, 2]})
    jobyard.assert_enqueued("free", {"to": {"name": "Ada"}})
    jobyard.assert_enqueued("free", {"tags": [1, 2]})
    for wrong in ({"to": {"name": "Bob"}}, {"tags": [1]}, {"to": {"age": None}}, {"to": "Ada"}):
        jobyard.refute_enqueued("free", wrong)


async def test_a_failed_assertion_shows_what_there_is(jobyard: Yard) -> None:
    with pytest.raises(AssertionError) as failure:
        jobyard.assert_enqueued("greet")
    assert str(failure.value) == "no job 'greet' was enqueued; there are no jobs at all"
    first = await jobyard.queue.enqueue("greet", {"size": 1}, delay=900)
    second = await jobyard.queue.enqueue("plain", {"size": 2})
    with pytest.raises(AssertionError) as failure:
        jobyard.assert_enqueued("greet", {"size": 2}, delay=60, tenant="acme", status="delayed")
    assert str(failure.value) == (
        "no job 'greet' that is delayed with data {\"size\":2} with a delay of 60 s of tenant 'acme' was enqueued; "
        f'there are:\n  greet {first.id}: delayed (delay 900 s), data {{"size":1}}\n'
        f'  plain {second.id}: waiting, data {{"size":2}}'
    )


async def test_a_wrong_count_says_both_numbers(jobyard: Yard) -> None:
    job = await jobyard.queue.enqueue("plain", {})
    with pytest.raises(AssertionError, match="2 expected, 1 found: job 'plain'; there are:\n  plain"):
        jobyard.assert_enqueued("plain", count=2)
    with pytest.raises(AssertionError) as failure:
        jobyard.refute_enqueued("plain")
    assert str(failure.value) == f"a job 'plain' was enqueued:\n  plain {job.id}: waiting, data {{}}"


async def test_a_long_list_is_cut(jobyard: Yard) -> None:
    for _ in range(25):
        await jobyard.queue.enqueue("free", "x" * 500)
    with pytest.raises(AssertionError) as failure:
        jobyard.assert_enqueued("greet")
    lines = str(failure.value).splitlines()
    assert lines[-1] == "  and 5 more"
    assert all(len(line) < 200 for line in lines)


async def test_many_jobs_are_all_seen(jobyard: Yard) -> None:
    for _ in range(7):
        await jobyard.queue.enqueue("free", "x" * 200_000)
    assert len(jobyard.enqueued("free")) == 7  # a page of a scan holds five


def test_an_unknown_type_is_no_reason_to_pass(jobyard: Yard) -> None:
    with pytest.raises(UnknownJobType, match="did you mean 'greet'"):
        jobyard.refute_enqueued("great")
