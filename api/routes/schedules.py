"""Schedules, by which jobs come again and again. Another tenant's schedule is as unknown as one that never was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answers import Job
from api.auth import READ, WRITE
from api.body import read_body
from api.openapi import answers, takes
from api.problems import INVALID_REQUEST, Fault, Problem
from api.schedule_answers import DeletedSchedule, SchedulesPage, ScheduleView
from api.schedule_bodies import (
    NEW_SCHEDULE,
    PLACES,
    SCHEDULE,
    NewScheduleBody,
    NextQuery,
    ScheduleBody,
    SchedulesQuery,
)
from api.schedule_views import schedule_view
from api.site import allow, queue_for, site_of
from api.views import job_view, json_response
from queues.errors import InvalidOption, ScheduleNotFound
from queues.schedules.job_schedule import JobSchedule
from queues.schedules.recurring import check_name

if TYPE_CHECKING:
    from queues.schedules.schedules import Schedules

router = APIRouter(prefix="/api/v1/jobs/schedules", tags=["schedules"])

#: Due times ahead that a row of a list tells.
LISTED_RUNS = 1
SHOWN_RUNS = 5


@router.get("", responses=answers(200, SchedulesPage, "One page."))
async def list_schedules(request: Request, query: Annotated[SchedulesQuery, Query()]) -> Response:
    """Lists schedules by their names, each with its next time and its last run."""
    schedules = (await queue_for(request, READ)).schedules
    page = await schedules.list(limit=query.limit, cursor=query.cursor)
    last, now = await schedules.last_runs(page.schedules), await _now(request)
    rows = [schedule_view(one, last.get(one.name), now, LISTED_RUNS) for one in page.schedules]
    return json_response({"schedules": rows, "cursor": page.cursor})


@router.post(
    "",
    status_code=201,
    responses=answers(201, ScheduleView, "It will make jobs.", 409),
    openapi_extra=takes(NewScheduleBody),
)
async def create_schedule(request: Request) -> Response:
    """Makes a schedule. The same once more changes nothing; another one of that name is a conflict."""
    caller = allow(request, WRITE)
    schedules = (await queue_for(request, WRITE)).schedules
    body = await read_body(request, NEW_SCHEDULE, PLACES)
    made = await schedules.add(body.to_core(check_name(body.name)), body.type, by=caller.subject)
    place = f"{request.scope.get('root_path', '')}/api/v1/jobs/schedules/{made.name}"
    return await _answer(request, schedules, made, status=201, headers={"Location": place})


@router.get("/{name}", responses=answers(200, ScheduleView, "The schedule.", 404))
async def get_schedule(request: Request, name: str, query: Annotated[NextQuery, Query()]) -> Response:
    """The schedule with its next times, its last run, and what became of its last times."""
    schedules = (await queue_for(request, READ)).schedules
    return await _answer(request, schedules, await schedules.get(_known(name)), runs=query.next)


@router.put(
    "/{name}",
    responses=answers(200, ScheduleView, "The schedule as it is now.", 404, 409),
    openapi_extra=takes(ScheduleBody),
)
async def replace_schedule(request: Request, name: str) -> Response:
    """Replaces all that a schedule says but its job type. New times count from now."""
    caller = allow(request, WRITE)
    schedules = (await queue_for(request, WRITE)).schedules
    body = await read_body(request, SCHEDULE, PLACES)
    known = await schedules.get(_known(name))
    if body.type != known.type:
        message = f"a schedule keeps its job type, {known.type!r}; delete it and make another one"
        raise Problem(INVALID_REQUEST, f"type: {message}", errors=[Fault("type", message, body.type)])
    return await _answer(request, schedules, await schedules.put(body.to_core(name), by=caller.subject))


@router.delete("/{name}", responses=answers(200, DeletedSchedule, "It is gone; its jobs stay.", 404, 409))
async def delete_schedule(request: Request, name: str) -> Response:
    """Deletes a schedule. One that code declares is removed there."""
    await (await queue_for(request, WRITE)).schedules.delete(_known(name))
    return json_response({"name": name, "deleted": True})


@router.post("/{name}/run", status_code=202, responses=answers(202, Job, "The job will run.", 404))
async def run_schedule(request: Request, name: str) -> Response:
    """Makes a job of the schedule at once, whatever its policies say and even if it is paused."""
    job = await (await queue_for(request, WRITE)).schedules.run_now(_known(name))
    return json_response(job_view(job), 202, {"Location": f"{request.scope.get('root_path', '')}/api/v1/jobs/{job.id}"})


@router.post("/{name}/pause", responses=answers(200, ScheduleView, "The schedule, paused.", 404))
async def pause_schedule(request: Request, name: str) -> Response:
    """Makes no jobs until it is resumed; the times that pass meanwhile are not made up for."""
    schedules = (await queue_for(request, WRITE)).schedules
    return await _answer(request, schedules, await schedules.pause(_known(name)))


@router.post("/{name}/resume", responses=answers(200, ScheduleView, "The schedule, active.", 404))
async def resume_schedule(request: Request, name: str) -> Response:
    """Makes jobs at its times again."""
    schedules = (await queue_for(request, WRITE)).schedules
    return await _answer(request, schedules, await schedules.resume(_known(name)))


async def _answer(
    request: Request,
    schedules: Schedules,
    schedule: JobSchedule,
    *,
    runs: int = SHOWN_RUNS,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response:
    last = (await schedules.last_runs([schedule])).get(schedule.name)
    return json_response(schedule_view(schedule, last, await _now(request), runs), status, headers)


async def _now(request: Request) -> int:
    return (await site_of(request).runtime()).runner.endings.clock()


def _known(name: str) -> str:
    """A name from a path, if a schedule can have it; else none has it: the same 404 as for another tenant's."""
    try:
        return check_name(name)
    except InvalidOption:
        raise ScheduleNotFound(name[:64]) from None
