"""The doctor and a job type with levels of priority: each level has its queue, its mapping, its part of the whole."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from infra.deploy.functions import mapping as planned
from infra.deploy.levels import queues_of
from infra.doctor.snapshot import FunctionState, Kind, MappingState, QueueState, Redrive, Snapshot, Target
from queues import SERVICE_CLASSES, job
from queues.jobtype import JobType
from queues.resources import MAX_RECEIVES, dead_letter_attributes, function_timeout, queue_attributes
from tests.doctor.world import ACCOUNT, broken, queue_arn, queue_state, sound

FUNCTION, LETTERS = "jobyard-graded", "jobyard-graded-dlq"
OWN, BULK, CRITICAL = "jobyard-graded", "jobyard-graded_bulk", "jobyard-graded_critical"


def a_type(**options: Any) -> JobType[Any, Any]:
    @job("graded", **({"priorities": SERVICE_CLASSES, "timeout": 60} | options))
    def graded(data: dict[str, int]) -> None:
        return None

    return graded


def stack(of: JobType[Any, Any] | None = None, **changes: Any) -> Snapshot:
    """The sound deployment of one type with levels."""
    job_type, base = of or a_type(), sound()
    queues: dict[str, QueueState | None] = {LETTERS: queue_state(LETTERS, dead_letter_attributes(), None)}
    mappings: dict[str, tuple[MappingState, ...]] = {}
    for queue in queues_of(job_type):
        name, plan = f"jobyard-{queue.name}", planned(job_type, queue)
        queues[name] = queue_state(name, queue_attributes(job_type, ""), Redrive(queue_arn(LETTERS), MAX_RECEIVES))
        mappings[name] = (
            MappingState(f"uuid-of-{name}", name, FUNCTION, "Enabled", 1, 0, plan.maximum_concurrency, True),
        )
    role = f"arn:aws:iam::{ACCOUNT}:role/{FUNCTION}"
    function = FunctionState(FUNCTION, function_timeout(job_type), planned(job_type).reserved, role)
    rounds = {name: one for name, one in base.functions.items() if name in ("jobyard-reaper", "jobyard-dead-letters")}
    made = replace(
        base,
        types=(job_type,),
        queues=queues,
        listed={name: queue.url for name, queue in queues.items() if queue is not None},
        mappings=mappings,
        functions={**rounds, FUNCTION: function},
    )
    return replace(made, **changes)


def with_mapping(name: str, **changes: Any) -> Snapshot:
    world = stack()
    return replace(world, mappings={**world.mappings, name: (replace(world.mappings[name][0], **changes),)})


def with_function(of: JobType[Any, Any] | None = None, **changes: Any) -> Snapshot:
    world = stack(of)
    old = world.functions[FUNCTION]
    assert old is not None
    return replace(world, functions={**world.functions, FUNCTION: replace(old, **changes)})


EMBEDDED = Target(Kind.EMBEDDED, "http://127.0.0.1:4566", "us-east-1", "000000000000")
SCARCE = a_type(concurrency=5)


@pytest.mark.parametrize(
    ("found", "snapshot"),
    [
        ([], stack()),
        ([], stack(SCARCE)),
        ([("queue-missing", BULK)], stack(queues={**stack().queues, BULK: None})),
        ([("mapping-missing", CRITICAL)], stack(mappings={**stack().mappings, CRITICAL: ()})),
        ([("mapping-several", BULK)], stack(mappings={**stack().mappings, BULK: stack().mappings[BULK] * 2})),
        ([("concurrency-exceeded", BULK)], with_mapping(BULK, maximum_concurrency=3)),
        ([("partial-responses", CRITICAL)], with_mapping(CRITICAL, reports_failures=False)),
        ([("mapping-disabled", OWN)], with_mapping(OWN, state="Disabled")),
        ([("reservation-low", FUNCTION)], with_function(reserved=16)),
        ([], with_function(reserved=17)),
        # Three mappings of two each come to six: the reservation of five is what keeps to the type's concurrency.
        ([("concurrency-exceeded", name) for name in (CRITICAL, OWN, BULK)], with_function(SCARCE, reserved=None)),
        ([("reservation-low", FUNCTION)], with_function(SCARCE, reserved=4)),
    ],
)
def test_each_level_is_looked_at(found: list[tuple[str, str]], snapshot: Snapshot) -> None:
    assert broken(snapshot) == found


def test_a_level_that_is_no_more_leaves_an_orphan() -> None:
    gone = replace(stack(), types=(a_type(priorities=None, concurrency=17),))
    assert {("queue-orphan", BULK), ("queue-orphan", CRITICAL)} <= set(broken(gone))


def test_embedded_levels_share_their_slots() -> None:
    shared = with_mapping(CRITICAL, maximum_concurrency=17)
    assert broken(shared) == [("concurrency-exceeded", CRITICAL)]
    assert broken(replace(shared, target=EMBEDDED)) == []


def test_each_level_has_its_own_patience_and_all_attempts_fit_the_receives() -> None:
    old = stack().queues[CRITICAL]
    assert old is not None
    few = replace(old, redrive=Redrive(queue_arn(LETTERS), 4))
    found = broken(stack(queues={**stack().queues, CRITICAL: few}))
    assert found == [("receives-too-few", CRITICAL)]
