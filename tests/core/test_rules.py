"""The rules of trouble: a table of states and what is found in each."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from queues.observe.rules import Key, QueueState, Rule, Snapshot, Thresholds, WorkerState, evaluate

QUIET = QueueState(
    "work", waiting=0, active=0, dead_letters=0, paused=False, oldest_age=0, completed=0, failed=0, last_end=None
)
BOUNDS = Thresholds(backlog=100, failure_rate=10, stalled=600, worker_silent=60, dead_letters=1)


def found(*, known: tuple[Key, ...] = (), **state: Any) -> list[str]:
    return [one.rule.value for one in evaluate(Snapshot((replace(QUIET, **state),)), BOUNDS, known)]


@pytest.mark.parametrize(
    ("state", "rules"),
    [
        ({}, []),
        ({"waiting": 99, "active": 1}, []),
        ({"waiting": 100, "active": 1}, ["backlog"]),
        ({"waiting": 100, "paused": True, "oldest_age": 5_000}, ["backlog"]),
        # Too few have ended for a rate to say anything.
        ({"completed": 0, "failed": 19}, []),
        ({"completed": 18, "failed": 2}, ["failure-rate"]),
        ({"completed": 19, "failed": 2}, []),
        ({"waiting": 1, "oldest_age": 599}, []),
        ({"waiting": 1, "oldest_age": 600}, ["stalled"]),
        ({"waiting": 1, "oldest_age": 5_000, "last_end": 599}, []),
        ({"waiting": 1, "oldest_age": 5_000, "last_end": 600}, ["stalled"]),
        ({"waiting": 1, "oldest_age": 5_000, "active": 1}, []),
        ({"waiting": 1, "oldest_age": 5_000, "paused": True}, []),
        ({"waiting": 1, "oldest_age": None}, []),
        ({"waiting": 0, "oldest_age": 5_000}, []),
        ({"dead_letters": 1}, ["dead-letters"]),
    ],
)
def test_what_is_found(state: dict[str, Any], rules: list[str]) -> None:
    assert found(**state) == rules


def test_what_is_known_is_over_only_well_below_its_bound() -> None:
    known = (Key(Rule.BACKLOG, "work"), Key(Rule.FAILURE_RATE, "work"))
    assert found(waiting=80, active=1, known=known) == ["backlog"]
    assert found(waiting=79, active=1, known=known) == []
    assert found(completed=92, failed=8, known=known) == ["failure-rate"]
    assert found(completed=93, failed=7, known=known) == []
    assert found(waiting=80, active=1, known=(Key(Rule.BACKLOG, "other"),)) == []


def test_workers_that_are_silent() -> None:
    state = Snapshot((), (WorkerState("host:1:aa", 59), WorkerState("host:2:bb", 60)))
    (finding,) = evaluate(state, BOUNDS)
    assert (finding.rule, finding.subject, finding.value) == (Rule.WORKER_SILENT, "host:2:bb", 60)
    assert finding.message.startswith("worker host:2:bb has not been heard of for 60 s")


def test_a_bound_of_zero_is_none() -> None:
    never = Thresholds(backlog=0, failure_rate=0, stalled=0, worker_silent=0, dead_letters=0)
    state = replace(QUIET, waiting=10**6, oldest_age=10**6, failed=100, dead_letters=10)
    assert evaluate(Snapshot((state,), (WorkerState("w", 10**6),)), never) == ()


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"waiting": 1_200, "active": 1}, "1,200 jobs of type work wait"),
        ({"waiting": 1_200, "paused": True}, "1,200 jobs of type work wait, and the queue is paused"),
        (
            {"waiting": 1, "oldest_age": 700},
            "1 job of type work waits, and none has been worked on for 700 s: no worker and no function takes them",
        ),
        (
            {"completed": 30, "failed": 10},
            "25.0 % of the jobs of type work that ended in the last 15 minutes failed: 10 of 40",
        ),
    ],
)
def test_the_sentences(state: dict[str, Any], message: str) -> None:
    (finding,) = evaluate(Snapshot((replace(QUIET, **state),)), BOUNDS)
    assert finding.message == message
