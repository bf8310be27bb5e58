"""IO: brings the schedules that code declares into being when a process starts that makes its own resources.

`jobyard up` and `jobyard work --create` do so; a deployment's come with its template (infra/deploy/schedules.py).
What is new is made, what has changed is changed, what is not declared any more is removed and does not fire again. What
a person has paused stays paused. Two processes that start at once do the same twice, which changes nothing.

Only what processes with the same modules of JOBYARD_JOBS have made, or with some of them, is removed: another service
may share the table.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from queues.schedules.changes import TRIES, Changes, Contended
from queues.schedules.declared import declarations, on_top, same_definition
from queues.schedules.job_schedule import CODE, JobSchedule, ScheduleStatus

log = logging.getLogger("jobyard.schedules")

#: Rows that are read at once.
PAGE = 200


async def reconcile(changes: Changes, modules: Sequence[str]) -> None:
    """`changes` are those of the tenant of code; `modules` are those of JOBYARD_JOBS."""
    wanted = {one.name: one for one in declarations(changes.catalog, changes.clock())}
    for schedule in wanted.values():
        await _declare(changes, replace(schedule, created_by=",".join(modules)))
    for row in await _rows(changes):
        ours = row.source == CODE and set(row.created_by.split(",")) <= set(modules)
        if ours and row.name not in wanted:
            await _remove(changes, row)


async def _declare(changes: Changes, new: JobSchedule) -> None:
    for _ in range(TRIES):
        now = changes.clock()
        row = await changes.store.get(changes.tenant, new.name, now)
        if row is not None and row.source != CODE and row.status is not ScheduleStatus.DELETED:
            log.warning(
                "the schedule %s of code is left out: there is one of that name that was made by hand; delete it "
                "with `jobyard schedules delete %s`, or give the one in code another name",
                *(new.name, new.name),
            )
            return
        done: JobSchedule | None
        if row is None or row.source != CODE:
            done = replace(new, revision=now)
            done = done if await changes.store.create(done, now) else None
        else:
            done = on_top(new, row)
            if not same_definition(done, row):
                done = await changes.store.change(done, row)
        if done is not None:
            # A time that has just passed is EventBridge's to serve.
            if done.status is ScheduleStatus.PAUSED or done.next_times(1, now):
                await changes.sync(done)
            return
    raise Contended(new.name)


async def _remove(changes: Changes, row: JobSchedule) -> None:
    known: JobSchedule | None = row
    while known is not None and known.source == CODE and known.status is not ScheduleStatus.DELETED:
        now = changes.clock()
        done = await changes.store.change(replace(known, status=ScheduleStatus.DELETED, updated_at=now), known)
        if done is not None:
            log.info("the schedule %s is not declared any more: it is removed", row.name)
            await changes.sync(done)
            return
        known = await changes.store.get(changes.tenant, row.name, now)


async def _rows(changes: Changes) -> list[JobSchedule]:
    found: list[JobSchedule] = []
    after: str | None = ""
    while after is not None:
        page, after = await changes.store.page(changes.tenant, after, PAGE, changes.clock())
        found += page
    return found
