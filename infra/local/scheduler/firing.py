"""The tick: fires what is due, tries again what has failed, and removes groups that are being deleted.

A schedule's next time and the message that it sends are written in one transaction, the tick's. So a process that is
killed at any moment has done both or neither, and each time fires once.

After a stop, a time that was missed fires late, if it is not older than its MaximumEventAgeInSeconds; else it goes to
the dead-letter queue, or nowhere. Of the times that a recurring schedule has missed only the last one fires.
"""

from typing import Any

import orjson

from infra.local.request import Request
from infra.local.scheduler.dead_letter import AGE, ATTEMPTS, bury
from infra.local.scheduler.groups import clear_deleted
from infra.local.scheduler.invocation import OWN_FAULT, Failure, Invocation, make_call, perform
from infra.local.scheduler.limits import FIRST_RETRY_WAIT, LONGEST_RETRY_WAIT, TICK_LIMIT
from infra.local.scheduler.plan import latest_plan, next_plan
from infra.local.scheduler.schedule import FIRED, Schedule, by_id, remove, schedule_of, times_of

DUE = "SELECT * FROM scheduler_schedules WHERE due_at <= ? ORDER BY due_at LIMIT ?"
NEXT_DUE = "SELECT due_at FROM scheduler_schedules WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1"
RETRIES = """
SELECT id, schedule, target, scheduled_at, due_at, attempts FROM scheduler_retries
WHERE next_at <= ? ORDER BY next_at LIMIT ?
"""
NEXT_RETRY = "SELECT next_at FROM scheduler_retries ORDER BY next_at LIMIT 1"
PUT_OFF = """
INSERT INTO scheduler_retries (schedule, target, scheduled_at, due_at, attempts, next_at) VALUES (?, ?, ?, ?, ?, ?)
"""
DONE = "DELETE FROM scheduler_retries WHERE id = ?"
IS_RETRIED = "SELECT 1 FROM scheduler_retries WHERE schedule = ? LIMIT 1"

TOO_LATE = Failure(
    OWN_FAULT,
    "The scheduler was not running when the schedule was due, longer ago than MaximumEventAgeInSeconds.",
    passing=True,
)


def tick(request: Request) -> int | None:
    """Does a bounded part of what is due; answers when there is more, None for nothing planned."""
    region = request.region
    try:
        more = clear_deleted(request)
        due = [schedule_of(row) for row in request.db.execute(DUE, (request.now, TICK_LIMIT))]
        for schedule in due:
            fire(request, schedule)
        retries = request.db.execute(RETRIES, (request.now, TICK_LIMIT)).fetchall()
        for row in retries:
            retry(request, row)
    finally:
        request.region = region
    if more or TICK_LIMIT in (len(due), len(retries)):
        return request.now
    ahead = [row[0] for statement in (NEXT_DUE, NEXT_RETRY) for row in request.db.execute(statement)]
    return min(ahead, default=None)


def fire(request: Request, schedule: Schedule) -> None:
    """Invoke the target for the time that is due, and plan the next one."""
    request.region = schedule.region
    arn, definition, anchor, plan = schedule.arn(request), schedule.definition, schedule.anchor, schedule.plan
    assert plan is not None
    following = next_plan(request, arn, definition, anchor, plan.scheduled_at + 1)
    if following is not None and following.due_at <= request.now:
        plan = latest_plan(request, arn, definition, anchor, following)
        following = next_plan(request, arn, definition, anchor, plan.scheduled_at + 1)
    request.db.execute(FIRED, (plan.scheduled_at, *times_of(following), schedule.id))
    attempt(request, Invocation(schedule.id, arn, definition["Target"], plan.scheduled_at, plan.due_at))
    if following is None:
        complete(request, schedule)


def retry(request: Request, row: tuple[Any, ...]) -> None:
    number, schedule_id, target, *rest = row
    request.db.execute(DONE, (number,))
    schedule = by_id(request, schedule_id)
    if schedule is None:
        return
    request.region = schedule.region
    attempt(request, Invocation(schedule_id, schedule.arn(request), orjson.loads(target), *rest))
    if schedule.plan is None:
        complete(request, schedule)


def attempt(request: Request, invocation: Invocation) -> None:
    """One attempt, and what follows from its end: nothing, another one later, or the dead-letter queue."""
    now = request.now
    if now > invocation.deadline:
        bury(request, make_call(request, invocation), TOO_LATE, AGE)
        return
    invocation = invocation.again()
    call = make_call(request, invocation)
    failure = perform(request, call)
    if failure is None:
        return
    if not failure.passing:
        bury(request, call, failure, None)
    elif invocation.attempts > invocation.target["RetryPolicy"]["MaximumRetryAttempts"]:
        bury(request, call, failure, ATTEMPTS)
    elif now == invocation.deadline:
        bury(request, call, failure, AGE)
    else:
        # The last attempt is made at the very end of the allowed age.
        put_off(request, invocation, min(now + retry_wait(invocation.attempts), invocation.deadline))


def retry_wait(attempts: int) -> int:
    """Milliseconds from a failed attempt, the `attempts`-th, to the next."""
    doublings = min(attempts - 1, LONGEST_RETRY_WAIT.bit_length())
    return min(FIRST_RETRY_WAIT << doublings, LONGEST_RETRY_WAIT) * 1000


def put_off(request: Request, invocation: Invocation, next_at: int) -> None:
    target = orjson.dumps(invocation.target).decode()
    row = (invocation.schedule, target, invocation.scheduled_at, invocation.due_at, invocation.attempts, next_at)
    request.db.execute(PUT_OFF, row)


def complete(request: Request, schedule: Schedule) -> None:
    """After the last time of a schedule: it goes, if that was asked for and no retry is open."""
    if schedule.definition["ActionAfterCompletion"] != "DELETE":
        return
    if request.db.execute(IS_RETRIED, (schedule.id,)).fetchone() is None:
        remove(request, schedule.id)
