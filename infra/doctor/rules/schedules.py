"""Rules on the schedules of a deployment: those of the rounds, and those of users."""

from __future__ import annotations

from collections.abc import Iterator

from infra.deploy.rounds import ROUNDS
from infra.doctor.cure import aws
from infra.doctor.finding import Fault, Rule, Severity, Subject
from infra.doctor.snapshot import Kind, ScheduleState, Snapshot


def target_gone(snapshot: Snapshot) -> Iterator[Fault]:
    for schedule in snapshot.schedules or ():
        if schedule.target_exists is False:
            cure = f"make the target again, or {_command(snapshot, schedule, 'delete-schedule')}"
            yield Fault(_name(schedule), f"its target {schedule.target} does not exist", cure)


def off(snapshot: Snapshot) -> Iterator[Fault]:
    for schedule in snapshot.schedules or ():
        if not schedule.enabled and not _is_round(snapshot, schedule):
            yield Fault(_name(schedule), "it is DISABLED", "enable it when it shall fire again")


def rounds_unscheduled(snapshot: Snapshot) -> Iterator[Fault]:
    """Rounds are made by `jobyard up` and `jobyard work` themselves; elsewhere a schedule must call their functions."""
    if snapshot.schedules is None or not snapshot.runs_on_lambda or snapshot.target.kind is Kind.EMBEDDED:
        return
    for made in ROUNDS:
        name = f"{snapshot.settings.prefix}-{made.name}"
        calling = [one for one in snapshot.schedules if one.target.rpartition(":")[2] == name]
        if not any(one.enabled for one in calling):
            found = f"its schedule {_name(calling[0])} is DISABLED" if calling else "no schedule calls it"
            yield Fault(name, found, "deploy again; or let a `jobyard work` run, which makes the rounds itself")


def _is_round(snapshot: Snapshot, schedule: ScheduleState) -> bool:
    names = {f"{snapshot.settings.prefix}-{one.name}" for one in ROUNDS}
    return schedule.target.rpartition(":")[2] in names


def _name(schedule: ScheduleState) -> str:
    return f"{schedule.group}/{schedule.name}"


def _command(snapshot: Snapshot, schedule: ScheduleState, command: str) -> str:
    return aws(snapshot, "scheduler", command, "--group-name", schedule.group, "--name", schedule.name)


RULES = (
    Rule(
        "schedule-target-gone",
        Severity.ERROR,
        Subject.SCHEDULES,
        "It fires, and nothing happens: the call is given up, or ends in the schedule's dead-letter queue.",
        target_gone,
    ),
    Rule(
        "rounds-unscheduled",
        Severity.ERROR,
        Subject.SCHEDULES,
        "What a crash leaves behind, lost messages and attempts that went silent, stays as it is; so do jobs beyond "
        "the number that their type keeps.",
        rounds_unscheduled,
    ),
    Rule("schedule-disabled", Severity.NOTE, Subject.SCHEDULES, "It does not fire.", off),
)
