"""A schedule as the operations and the ticks see it: one row, read, and the statements that find and keep it."""

from dataclasses import dataclass
from typing import Any

import orjson

from infra.local.request import Request
from infra.local.scheduler.definition import Definition
from infra.local.scheduler.errors import no_such_schedule
from infra.local.scheduler.names import schedule_arn
from infra.local.scheduler.plan import Plan

ENABLED, DISABLED = "ENABLED", "DISABLED"

#: Schedules are read in the order of the table's columns.
FIND = "SELECT * FROM scheduler_schedules WHERE region = ? AND group_name = ? AND name = ?"
BY_ID = "SELECT * FROM scheduler_schedules WHERE id = ?"
INSERT = """
INSERT INTO scheduler_schedules
    (region, group_name, name, state, definition, token, created_at, modified_at, anchor, scheduled_at, due_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
UPDATE = """
UPDATE scheduler_schedules
SET state = ?, definition = ?, token = ?, modified_at = ?, anchor = ?, scheduled_at = ?, due_at = ? WHERE id = ?
"""
FIRED = "UPDATE scheduler_schedules SET last_at = ?, scheduled_at = ?, due_at = ? WHERE id = ?"
REMOVE = "DELETE FROM scheduler_schedules WHERE id = ?"
REMOVE_RETRIES = "DELETE FROM scheduler_retries WHERE schedule = ?"
OF_GROUP = "SELECT id FROM scheduler_schedules WHERE region = ? AND group_name = ? LIMIT ?"


@dataclass(frozen=True, slots=True)
class Schedule:
    """One row of `scheduler_schedules`; times are epoch ms."""

    id: int
    region: str
    group: str
    name: str
    state: str
    definition: Definition
    token: str | None
    created_at: int
    modified_at: int
    #: From which a rate counts.
    anchor: int
    #: The last time by the expression that was fired or dropped.
    last_at: int | None
    plan: Plan | None

    def arn(self, request: Request) -> str:
        return schedule_arn(request, self.group, self.name)


def schedule_of(row: tuple[Any, ...]) -> Schedule:
    """The schedule of a row."""
    number, region, group, name, state, definition, token, created_at, modified_at, anchor, last_at, *times = row
    return Schedule(
        id=number,
        region=region,
        group=group,
        name=name,
        state=state,
        definition=orjson.loads(definition),
        token=token,
        created_at=created_at,
        modified_at=modified_at,
        anchor=anchor,
        last_at=last_at,
        plan=None if times[1] is None else Plan(*times),
    )


def look_up(request: Request, group: str, name: str) -> Schedule | None:
    row = request.db.execute(FIND, (request.region, group, name)).fetchone()
    return None if row is None else schedule_of(row)


def find(request: Request, group: str, name: str) -> Schedule:
    """The schedule of that name; raises ResourceNotFoundException."""
    schedule = look_up(request, group, name)
    if schedule is None:
        raise no_such_schedule(name)
    return schedule


def by_id(request: Request, number: int) -> Schedule | None:
    row = request.db.execute(BY_ID, (number,)).fetchone()
    return None if row is None else schedule_of(row)


def times_of(plan: Plan | None) -> tuple[int | None, int | None]:
    """The columns scheduled_at and due_at."""
    return (None, None) if plan is None else (plan.scheduled_at, plan.due_at)


def remove(request: Request, number: int) -> None:
    """The schedule goes with its retries."""
    request.db.execute(REMOVE_RETRIES, (number,))
    request.db.execute(REMOVE, (number,))


def remove_some(request: Request, group: str, most: int) -> int:
    """Remove at most so many schedules of a group; how many."""
    numbers = request.db.execute(OF_GROUP, (request.region, group, most)).fetchall()
    request.db.executemany(REMOVE_RETRIES, numbers)
    request.db.executemany(REMOVE, numbers)
    return len(numbers)
