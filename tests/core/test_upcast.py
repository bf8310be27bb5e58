"""Old data and new code, as tables: what the steps make of data, and what becomes of a job that they cannot read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from queues import job
from queues.errors import CannotUpcast, InvalidData, InvalidOption, NewerData
from queues.job import ENVELOPE_VERSION, Attempt, Envelope, Job, NewerEnvelope, Status
from queues.limits import MAX_HISTORY
from queues.outcome import MAX_NEWER, NEWER_BACKOFF, Newer, Refused, settle, unreadable
from queues.retry import Fixed
from queues.rows import job_of, new_row
from queues.upcast import Upcast, check_upcasts, upcast
from tests.core.house import DAY

HOUR = 3_600
JOB = Job(
    id="j", tenant="t", type="cut", status=Status.ACTIVE, attempt=1, max_attempts=3, timeout=60,
    backoff=Fixed(1), created_at=0, run_at=0,
)  # fmt: skip


def in_millimetres(old: dict[str, Any]) -> dict[str, Any]:
    """Version 1 had centimetres."""
    return {"size": old["cm"] * 10}


def in_a_list(old: dict[str, Any]) -> dict[str, Any]:
    """Version 2 had one size."""
    old["sizes"] = [old.pop("size")]
    return old


async def waits(old: Any) -> Any:
    return old


STEPS: dict[int, Upcast] = {1: in_millimetres, 2: in_a_list}


# --- the steps of a job type ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "steps"),
    [(1, {}), (2, {1: in_a_list}), (3, STEPS), (3, {2: in_a_list})],
    ids=["none", "one", "a chain", "the oldest left out"],
)
def test_steps_that_lead_to_the_types_version_are_taken(version: int, steps: dict[int, Upcast]) -> None:
    check_upcasts(version, steps)


@pytest.mark.parametrize(
    ("version", "steps", "words"),
    [
        (0, {}, "version=0 is not possible"),
        (True, {}, "version=True is not possible"),
        ("2", {}, "version='2' is not possible"),
        (2, {}, "no step from version 1 to 2"),
        (3, {1: in_millimetres}, "no step from version 2 to 3"),
        (4, {1: in_millimetres, 3: in_a_list}, "no step from version 2 to 3"),
        (2, {1: in_a_list, 2: in_a_list}, "upcasts=2 is not possible: a step starts from a version below 2"),
        (1, {0: in_a_list}, "below 1"),
        (2, {1: "in_a_list"}, "the step from version 1 must be a plain function"),
        (2, {1: waits}, "the step from version 1 must be a plain function"),
    ],
)
def test_a_job_type_with_other_steps_cannot_be_made(version: Any, steps: Any, words: str) -> None:
    with pytest.raises(InvalidOption, match=words):
        job("cut", version=version, upcasts=steps)


# --- old data ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "version", "new"),
    [
        ('{"cm": 2}', 1, b'{"sizes":[20]}'),
        ('{"size": 20}', 2, b'{"sizes":[20]}'),
        ('{"size": 20, "more": null}', 2, b'{"more":null,"sizes":[20]}'),
    ],
)
def test_each_step_from_the_datas_version_on_is_applied_in_order(old: str, version: int, new: bytes) -> None:
    assert upcast("cut", old, version, 3, STEPS) == new


@pytest.mark.parametrize(
    ("old", "steps", "why"),
    [
        ('{"inch": 1}', STEPS, "the step from version 1, in_millimetres, raised KeyError: 'cm'"),
        ("{}", {2: in_a_list}, "there is no step from version 1 any more"),
        ('{"cm": 1}', {1: lambda _old: {1, 2}, 2: lambda old: old}, "what the steps made is not JSON"),
    ],
)
def test_what_cannot_be_brought_up_says_why_and_what_to_do(old: str, steps: dict[int, Upcast], why: str) -> None:
    with pytest.raises(CannotUpcast) as caught:
        upcast("cut", old, 1, 3, steps)
    assert why in str(caught.value)
    assert str(caught.value).startswith("data of version 1 for 'cut' cannot be brought up to version 3: ")
    assert str(caught.value).endswith("mend the upcasts of the job type, deploy, and retry the job")
    refused = unreadable(caught.value)
    assert isinstance(refused, Refused)
    assert refused.error.type == "CannotUpcast"
    assert settle(JOB, refused, 0, 0).status is Status.FAILED, "what cannot be read now cannot be read later"


class Cut(BaseModel):
    """Version 2 of some input; strict, so that it matters that JSON is what is validated."""

    model_config = ConfigDict(strict=True)
    day: date


def by_day(old: dict[str, str]) -> dict[str, str]:
    return {"day": old["on"]}


@job("cut", version=2, upcasts={1: by_day})
async def cut(data: Cut) -> None: ...


def test_data_of_the_types_own_version_goes_to_the_model_as_it_is() -> None:
    assert cut.parse('{"day": "2026-11-20"}') == cut.parse('{"day": "2026-11-20"}', 2) == Cut(day=date(2026, 11, 20))
    with pytest.raises(InvalidData):
        cut.parse('{"on": "2026-11-20"}', 2)


def test_what_the_steps_made_is_checked_like_data_that_was_sent() -> None:
    assert cut.parse('{"on": "2026-11-20"}', 1) == Cut(day=date(2026, 11, 20))
    with pytest.raises(CannotUpcast, match="the result is refused: invalid data for 'cut': day: "):
        cut.parse('{"on": "yesterday"}', 1)


def test_at_the_door_only_the_types_own_version_is_taken() -> None:
    with pytest.raises(InvalidData):
        cut.check({"on": "2026-11-20"})


# --- the version in a row ------------------------------------------------------------------------------------------


def test_version_1_costs_no_attribute_and_any_other_is_kept() -> None:
    assert "data_version" not in new_row(JOB, 0)
    assert job_of(new_row(JOB, 0)).data_version == 1
    item = new_row(replace(JOB, data_version=3), 0)
    assert item["data_version"] == {"N": "3"}
    assert job_of(item).data_version == 3


# --- data from the future ------------------------------------------------------------------------------------------


def newer() -> Newer:
    with pytest.raises(NewerData) as caught:
        cut.parse("{}", 3)
    outcome = unreadable(caught.value)
    assert isinstance(outcome, Newer)
    return outcome


def history(*words: str) -> tuple[Attempt, ...]:
    return tuple(Attempt(number, 0, 0, word) for number, word in enumerate(words, 1))


@pytest.mark.parametrize(
    ("before", "seconds"),
    [
        ([], 15),
        (["newer"], 30),
        (["newer"] * 3, 120),
        (["newer"] * 8, HOUR),
        (["newer"] * (MAX_NEWER - 1), HOUR),
        (["newer"] * 5 + ["failed"], 15),
        (["newer"] * MAX_NEWER + ["invalid"], 15),
        (["newer"] * MAX_NEWER, None),
    ],
)
def test_a_job_of_newer_data_is_handed_back_ever_later_and_at_last_fails(
    before: list[str], seconds: int | None
) -> None:
    fate = settle(replace(JOB, history=history(*before)), newer(), 0, 0)
    assert fate.error is not None
    assert fate.error.type == "NewerData"
    assert "the data is of version 3 of 'cut', and this worker's code knows 2 at the most" in fate.error.message
    if seconds is None:
        assert (fate.status, fate.outcome) == (Status.FAILED, "invalid")
    else:
        assert (fate.status, fate.outcome, fate.run_at) == (Status.WAITING, "newer", seconds * 1_000)
        assert fate.max_attempts == JOB.max_attempts + 1, "no attempt is burnt"


def test_newer_code_has_most_of_a_day_to_come_and_a_row_remembers_every_wait() -> None:
    waits = [NEWER_BACKOFF.wait(number, 0) for number in range(1, MAX_NEWER + 1)]
    assert 17 * HOUR < sum(waits) < DAY
    assert MAX_NEWER < MAX_HISTORY


def test_an_envelope_of_newer_code_is_not_taken_for_a_faulty_one() -> None:
    body = Envelope("id", "tenant", "type").encode().replace(f'"v":{ENVELOPE_VERSION}', f'"v":{ENVELOPE_VERSION + 1}')
    with pytest.raises(NewerEnvelope, match="version 2, this code knows 1"):
        Envelope.decode(body)
    for odd in ('"2"', "0", "1.5", "null"):
        with pytest.raises(ValueError, match="not a Jobyard envelope") as caught:
            Envelope.decode(f'{{"v": {odd}}}')
        assert not isinstance(caught.value, NewerEnvelope)
