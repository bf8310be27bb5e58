"""Each rule speaks where one thing is broken, and no other rule does; at its edge it is silent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from infra.doctor.diagnosis import diagnose
from infra.doctor.finding import Severity
from infra.doctor.rules import RULES
from infra.doctor.rules.machine import DISK_FULL, DISK_LOW
from infra.doctor.snapshot import (
    Denial,
    Folder,
    Kind,
    QueueState,
    Redrive,
    ScheduleState,
    Secret,
    Snapshot,
    Target,
    Unread,
)
from queues.resources import MAX_RECEIVES, STATE_INDEX, visibility_timeout
from tests.doctor.world import (
    ACCOUNT,
    FUNCTION,
    LETTERS,
    QUEUE,
    broken,
    queue_arn,
    settings,
    sound,
    unmapped,
    with_function,
    with_index,
    with_mapping,
    with_mappings,
    with_queue,
    with_table,
    without_queue,
    work,
)

MAPPING = sound().mappings[QUEUE][0]
ROLE = f"arn:aws:iam::{ACCOUNT}:role/{FUNCTION}"
EMBEDDED = Target(Kind.EMBEDDED, "http://127.0.0.1:4566", "us-east-1", "000000000000")
OTHER_KEYS = (("id", "HASH", "S"),)
GONE = ScheduleState("default", "nightly", True, queue_arn("jobyard-gone"), False)


def orphan(name: str) -> Snapshot:
    old = sound().queues[LETTERS]
    assert isinstance(old, QueueState)
    return sound(
        listed={**sound().listed, name: old.url}, queues={**sound().queues, name: replace(old, name=name, visible=2)}
    )


def folder(**changes: Any) -> Folder:
    return replace(Folder(".jobyard", DISK_LOW, 1_000_000, False), **changes)


def secret(**changes: Any) -> tuple[Secret, ...]:
    return (replace(Secret("JOBYARD_SECRET", 64, 16), **changes),)


#: (rule, resource, what is broken): exactly that is found.
SPEAKS: list[tuple[str, str, Snapshot]] = [
    ("queue-missing", QUEUE, without_queue(QUEUE)),
    ("queue-orphan", "jobyard-old", orphan("jobyard-old")),
    ("visibility-short", QUEUE, with_queue(visibility=89)),
    ("visibility-low", QUEUE, with_queue(visibility=90)),
    ("visibility-low", QUEUE, with_queue(visibility=539)),
    ("visibility-low", QUEUE, with_mapping(window=1)),
    ("visibility-low", QUEUE, with_function(timeout=91)),
    ("retention-low", QUEUE, with_queue(retention=86_400)),
    ("short-polls", QUEUE, with_queue(wait=19)),
    ("messages-old", QUEUE, with_queue(oldest=1_801.0, visible=3)),
    ("dead-letters-missing", LETTERS, without_queue(LETTERS)),
    ("redrive-missing", QUEUE, with_queue(redrive=None)),
    ("redrive-elsewhere", QUEUE, with_queue(redrive=Redrive(queue_arn("jobyard-single-dlq"), MAX_RECEIVES))),
    ("receives-too-few", QUEUE, with_queue(redrive=Redrive(queue_arn(LETTERS), 2))),
    ("receives-few", QUEUE, with_queue(redrive=Redrive(queue_arn(LETTERS), 3))),
    ("receives-few", QUEUE, with_queue(redrive=Redrive(queue_arn(LETTERS), MAX_RECEIVES - 1))),
    ("dead-letters-retention", LETTERS, with_queue(LETTERS, retention=1_209_600 - 86_400)),
    ("dead-letters-waiting", LETTERS, with_queue(LETTERS, visible=1)),
    ("dead-letters-waiting", LETTERS, with_queue(LETTERS, in_flight=1)),
    ("mapping-missing", QUEUE, with_mappings()),
    ("function-missing", QUEUE, sound(functions={**sound().functions, FUNCTION: None})),
    ("function-dead", FUNCTION, with_function(state="Failed", reason="no code")),
    ("function-timeout", FUNCTION, with_function(timeout=89)),
    ("partial-responses", QUEUE, with_mapping(reports_failures=False)),
    ("mapping-filters", QUEUE, with_mapping(filters=True)),
    ("mapping-several", QUEUE, with_mappings(MAPPING, replace(MAPPING, uuid="another"))),
    ("concurrency-exceeded", QUEUE, with_mapping(maximum_concurrency=11)),
    ("concurrency-exceeded", QUEUE, with_mapping(batch_size=2)),
    ("concurrency-exceeded", QUEUE, with_mapping(maximum_concurrency=None)),
    ("concurrency-exceeded", "jobyard-single", with_function("jobyard-single", reserved=None)),
    ("reservation-low", FUNCTION, with_function(reserved=9)),
    ("reservation-low", FUNCTION, with_function(reserved=1)),
    ("reservation-low", FUNCTION, with_function(reserved=0)),
    ("reservation-low", "jobyard-single", with_function("jobyard-single", reserved=0)),
    ("mapping-trouble", QUEUE, with_mapping(last_result="PROBLEM: Function call failed")),
    ("mapping-disabled", QUEUE, with_mapping(state="Disabled")),
    ("table-missing", "jobyard", sound(tables={"jobyard": None})),
    ("table-inactive", "jobyard", with_table(status="UPDATING")),
    ("table-inactive", STATE_INDEX, with_index(status="CREATING")),
    ("table-keys", "jobyard", with_table(keys=OTHER_KEYS)),
    ("index-missing", STATE_INDEX, with_table(indexes={})),
    ("index-differs", STATE_INDEX, with_index(keys=OTHER_KEYS)),
    ("index-differs", STATE_INDEX, with_index(projection="KEYS_ONLY", projected=frozenset())),
    ("ttl-off", "jobyard", with_table(ttl=None)),
    ("ttl-off", "jobyard", with_table(ttl="expires")),
    ("schedule-target-gone", "default/nightly", sound(schedules=(*(sound().schedules or ()), GONE))),
    (
        "schedule-disabled",
        "default/nightly",
        sound(schedules=(*(sound().schedules or ()), replace(GONE, enabled=False, target_exists=True))),
    ),
    ("rounds-unscheduled", "jobyard-reaper", sound(schedules=(sound().schedules or ())[:2])),
    ("rounds-unscheduled", "jobyard-cleaner", sound(schedules=(sound().schedules or ())[1:])),
    (
        "rounds-unscheduled",
        "jobyard-dead-letters",
        sound(schedules=tuple(replace(one, enabled="dead" not in one.name) for one in sound().schedules or ())),
    ),
    ("permission-denied", ROLE, sound(denials=(Denial(ROLE, "sqs:SendMessage", queue_arn(QUEUE), "implicitDeny"),))),
    ("clock-dangerous", "clock", sound(skew=20.0)),
    ("clock-dangerous", "clock", sound(skew=-20.0)),
    ("clock-off", "clock", sound(skew=5.0)),
    ("clock-off", "clock", sound(skew=-19.0)),
    ("secret-short", "JOBYARD_SECRET", sound(secrets=secret(characters=31, distinct=1, has_word=True))),
    ("secret-weak", "JOBYARD_SECRET", sound(secrets=secret(distinct=8))),
    ("secret-weak", "JOBYARD_SECRET", sound(secrets=secret(has_word=True))),
    ("secret-weak", "JOBYARD_SECRET", with_function("jobyard-reaper", secrets=secret(distinct=1))),
    ("secret-readable", "JOBYARD_SECRET", sound(secrets=secret(readable=True))),
    (
        "endpoint-open",
        "JOBYARD_HOST=0.0.0.0",
        sound(target=EMBEDDED, settings=settings(host="0.0.0.0")),
    ),
    ("disk-full", ".jobyard", sound(folder=folder(free=DISK_FULL - 1))),
    ("disk-low", ".jobyard", sound(folder=folder(free=DISK_LOW - 1))),
    ("data-readable", ".jobyard", sound(folder=folder(readable=True))),
    ("packages-unfit", "orjson", sound(misfits={"orjson": ("2.0", "orjson>=3.11")})),
    ("packages-unfit", "orjson", sound(misfits={"orjson": (None, "orjson>=3.11")})),
]

#: What looks like something, and is nothing.
SILENT: dict[str, Snapshot] = {
    "a sound stack": sound(),
    "what could not be read": Snapshot(settings=settings(), types=sound().types, target=sound().target),
    "more than is asked for": with_queue(visibility=43_200, retention=1_209_599),
    "a young message": with_queue(oldest=1_800.0, visible=1),
    "messages under way": with_queue(visible=5, in_flight=5, delayed=5),
    "an async batch within the concurrency": with_mapping(batch_size=2, maximum_concurrency=5),
    "a reservation as large as the mapping's concurrency": with_function(reserved=10),
    "a mapping's last result": with_mapping(last_result="No records processed"),
    "an index with all attributes": with_index(projection="ALL", projected=frozenset()),
    "a TTL that could not be read": with_table(ttl=None, ttl_known=False),
    "a target that could not be looked up": sound(
        schedules=(*(sound().schedules or ()), replace(GONE, target_exists=None))
    ),
    "schedules that could not be read": sound(schedules=None),
    "no rounds where `jobyard up` makes them": sound(schedules=(), target=EMBEDDED),
    "a clock a little off": sound(skew=4.9),
    "no secret yet": sound(secrets=()),
    "a secret of the least length": sound(secrets=secret(characters=32, distinct=9)),
    "a host that is open, but asks for signatures": sound(
        target=EMBEDDED, settings=settings(host="0.0.0.0", aws_secret="x")
    ),
    "some disk": sound(folder=folder()),
    "a refused call, where functions do all": sound(unread=(Unread("x", "refused", "sqs:GetQueueUrl"),)),
}


@pytest.mark.parametrize(
    ("rule", "resource", "snapshot"), SPEAKS, ids=[f"{n}-{one[0]}" for n, one in enumerate(SPEAKS)]
)
def test_a_rule_speaks(rule: str, resource: str, snapshot: Snapshot) -> None:
    assert broken(snapshot) == [(rule, resource)]


@pytest.mark.parametrize("snapshot", SILENT.values(), ids=SILENT)
def test_rules_are_silent(snapshot: Snapshot) -> None:
    assert broken(snapshot) == []


def test_without_functions_there_is_a_note_that_workers_must_run() -> None:
    assert broken(unmapped()) == [("mapping-none", "single, work")]


def test_without_functions_the_rule_of_visibility_is_another() -> None:
    short = with_queue(visibility=visibility_timeout(work) - 1).queues
    (finding, _) = diagnose(unmapped(queues=short)).findings
    assert (finding.rule, finding.severity) == ("visibility-unfit", Severity.NOTE)
    assert "it hides messages for 30 s at a time, by JOBYARD_LEASE" in finding.found


def test_without_functions_a_refused_call_is_a_workers_too() -> None:
    refused = Unread("the queue jobyard-work", "refused", "sqs:GetQueueUrl")
    other = Unread("schedules", "refused", "scheduler:ListSchedules")
    found = broken(unmapped(unread=(refused, other)))
    assert ("call-refused", f"arn:aws:iam::{ACCOUNT}:user/ada") in found
    assert len(found) == 2


def test_every_rule_is_tried() -> None:
    elsewhere = {"mapping-none", "visibility-unfit", "call-refused"}
    assert {rule for rule, _, _ in SPEAKS} | elsewhere == {rule.id for rule in RULES}


def test_rules_have_names_of_their_own_and_whole_sentences() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.why[0].isupper()
        assert rule.why.endswith(".")


@pytest.mark.parametrize(
    ("rule", "resource", "snapshot"), SPEAKS, ids=[f"{n}-{one[0]}" for n, one in enumerate(SPEAKS)]
)
def test_every_finding_has_a_cure_and_no_word_is_left_out(rule: str, resource: str, snapshot: Snapshot) -> None:
    (finding,) = diagnose(snapshot).findings
    assert finding.found
    assert finding.cure
    assert "None" not in finding.found + finding.cure


def test_the_worst_comes_first_within_its_subject() -> None:
    world = with_queue(visibility=1, wait=0, retention=60)
    assert [finding.severity for finding in diagnose(world).findings] == list(Severity)
    assert not diagnose(world).sound
    assert diagnose(with_queue(wait=0)).sound
