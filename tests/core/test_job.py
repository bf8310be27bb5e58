"""Ids, envelopes and the statuses that are shown."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from queues import job
from queues.errors import InvalidData, InvalidOption
from queues.ids import Ulids
from queues.job import Envelope, Status, check_job_id, check_tenant
from queues.options import Options
from queues.rows import job_of, new_row
from tests.core.test_outcome import JOB


@given(st.lists(st.integers(-5, 5), max_size=50))
def test_ids_sort_by_time_even_when_the_clock_is_set_back(steps: list[int]) -> None:
    now = [1_700_000_000_000]
    make = Ulids(lambda: now[0], random.Random(1))
    made = []
    for step in steps:
        now[0] += step
        made.append(make())
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert all(len(one) == 26 for one in made)


def test_an_id_holds_its_time() -> None:
    assert Ulids(lambda: 0, random.Random(1))().startswith("0000000000")


@pytest.mark.parametrize("job_id", ["", "a b", "x" * 129, "schedule", "batch", "ü", "a/b", "a#b", ".", ".."])
def test_a_callers_id_that_is_not_allowed(job_id: str) -> None:
    with pytest.raises(InvalidOption, match="jobId"):
        check_job_id(job_id)


@pytest.mark.parametrize("job_id", ["calc-tenant-123", "A.b_c:d-9", "x" * 128])
def test_a_callers_id_that_is_allowed(job_id: str) -> None:
    assert check_job_id(job_id) == job_id


@pytest.mark.parametrize("tenant", ["", "a#b", "x" * 65, "a b"])
def test_a_tenant_cannot_reach_into_anothers_keys(tenant: str) -> None:
    with pytest.raises(InvalidOption, match="tenant"):
        check_tenant(tenant)


def test_an_envelope_survives_its_body() -> None:
    envelope = Envelope("id", "tenant", "type")
    assert Envelope.decode(envelope.encode()) == envelope
    assert Envelope.decode(envelope.encode({"attempts": 3})).buried_attempt == 3


@pytest.mark.parametrize(
    "body", ["", "no", "[]", "{}", '{"v":2,"id":"a","tenant":"b","type":"c"}', '{"v":1,"id":"a","tenant":"b"}']
)
def test_a_body_that_is_no_envelope_says_so(body: str) -> None:
    with pytest.raises(ValueError, match=r"message|envelope"):
        Envelope.decode(body)


@given(st.text())
def test_any_text_is_an_envelope_or_a_value_error(body: str) -> None:
    try:
        Envelope.decode(body)
    except ValueError:
        return


def test_a_job_survives_its_row() -> None:
    waiting = JOB.seen_at(0)
    row = new_row(waiting, 5)
    assert job_of(row).data_json == waiting.data_json
    assert job_of(row).backoff == waiting.backoff


def test_waiting_is_shown_as_delayed_until_its_time() -> None:
    job = job_of(new_row(JOB, 5) | {"status": {"S": "waiting"}})
    assert job.seen_at(job.run_at - 1).status is Status.DELAYED
    assert job.seen_at(job.run_at).status is Status.WAITING


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"attempts": 0}, "attempts"),
        ({"attempts": 101}, "attempts"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": 901}, "timeout"),
        ({"delay": -1}, "delay"),
        ({"job_id": "batch"}, "jobId"),
        ({"expires_in": 0}, "expiresIn"),
        ({"expires_in": 5, "delay": 5}, "expiresIn"),
        ({"priority": 0}, "priority"),
        ({"tags": ["x"] * 21}, "tags"),
    ],
)
def test_an_option_out_of_range_is_named(options: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidOption, match=named):
        Options(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [{"x": float("nan")}, [1, [float("inf")]], {"a": {"b": (None, -float("inf"))}}])
def test_numbers_that_json_does_not_have_are_refused_not_nulled(data: object) -> None:
    @job("any")
    async def anything(value: object) -> None: ...

    with pytest.raises(InvalidData, match="NaN"):
        anything.check(data)
    assert anything.check({"x": None}) == '{"x":null}'


@pytest.mark.parametrize("name", ["", "Upper", "-x", "x-", "metrics", "x-dlq", "x" * 49, "a_b"])
def test_a_type_name_that_cannot_be_a_queue_or_a_route(name: str) -> None:
    with pytest.raises(InvalidOption, match="name"):
        job(name)
