"""One job: read it, wait for it, cancel, retry, replay, discard, delete it.

Another tenant's job is as unknown as one that never was.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import Response

from api.answers import Job, JobStatus
from api.auth import READ, WRITE
from api.body import read_body
from api.control_bodies import REPLAY, REPLAY_PLACES, RESCHEDULE, RESCHEDULE_PLACES, ReplayBody, RescheduleBody
from api.long_poll import long_poll
from api.models import WaitQuery
from api.openapi import answers, takes
from api.problems import NOT_FOUND, Problem
from api.site import known_id, queue_for
from api.views import job_view, json_response
from api.waiting_views import explained_view
from queues.errors import JobNotFound, NotLoaded
from queues.job import MARK, RESERVED_IDS

#: Bytes that data and result may each have to be shown with their job: both fit a Lambda's answer of 6 MB.
MAX_SHOWN_BYTES = 1_048_576

#: What of a job a `status` shows.
STATUS_FIELDS = tuple(field.alias or name for name, field in JobStatus.model_fields.items())


class _JobId(Convertor[str]):
    """A segment of a path that is no route's own word, so that no such route is taken for a job."""

    regex = f"(?!(?:{'|'.join(sorted(RESERVED_IDS))})(?:/|$))[^/]+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("jobid", _JobId())
#: In a path of a route: a job's id, as `job_id`.
JOB_ID = "{job_id:jobid}"

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])


@router.get("/{job_id:jobid}", responses=answers(200, Job, "The job.", 404))
async def get_job(request: Request, job_id: str, query: Annotated[WaitQuery, Query()]) -> Response:
    """The job as it stands, or, with `wait`, as soon as it has ended, or as it stands when the time is over."""
    queue = await queue_for(request, READ)
    job = None
    if query.wait > 0:
        job = await long_poll(request, queue.wait(known_id(job_id), timeout=query.wait, up_to=MAX_SHOWN_BYTES))
    job = job or await queue.get(known_id(job_id), up_to=MAX_SHOWN_BYTES)
    return json_response(await explained_view(queue, job))


@router.get("/{job_id:jobid}/data", responses=answers(200, Any, "The data: any JSON.", 404))
async def get_data(request: Request, job_id: str) -> Response:
    """The job's data by itself, whatever its size."""
    job = await (await queue_for(request, READ)).get(known_id(job_id))
    return _text(job.id, "data", job.data_json)


@router.get("/{job_id:jobid}/result", responses=answers(200, Any, "The result: any JSON.", 404))
async def get_result(request: Request, job_id: str) -> Response:
    """The job's result by itself, whatever its size; `null` until there is one."""
    job = await (await queue_for(request, READ)).get(known_id(job_id))
    return _text(job.id, "result", job.result_json or "null")


def _text(job_id: str, what: str, text: str) -> Response:
    if text.startswith(MARK):
        raise Problem(NOT_FOUND, str(NotLoaded(job_id, what)))
    return Response(text, media_type="application/json")


@router.delete(
    "/{job_id:jobid}",
    responses={
        **answers(200, Job, "The job, cancelled.", 404, 409),
        **answers(202, Job, "It runs, and is asked to end: it may complete before it hears of that."),
    },
)
async def cancel_job(request: Request, job_id: str) -> Response:
    """Cancels a job, or asks it to end if it runs; cancelling it again changes nothing."""
    queue = await queue_for(request, WRITE)
    job = await queue.cancel(known_id(job_id), by=request.scope["caller"].subject)
    return json_response(job_view(job), 200 if job.ended else 202)


@router.delete("/{job_id:jobid}/record", responses=answers(200, Job, "The job as it was.", 404, 409))
async def delete_job(request: Request, job_id: str) -> Response:
    """Removes the record of a job that has ended, with its data and result, and its dead letter if it has one."""
    queue = await queue_for(request, WRITE)
    return json_response(job_view(await queue.delete(known_id(job_id))))


@router.post("/{job_id:jobid}/retry", status_code=202, responses=answers(202, Job, "The job will run again.", 404, 409))
async def retry_job(request: Request, job_id: str) -> Response:
    """Gives a failed job its type's attempts afresh."""
    queue = await queue_for(request, WRITE)
    return json_response(job_view(await queue.retry(known_id(job_id))), 202)


@router.post(
    "/{job_id:jobid}/reschedule",
    responses=answers(200, Job, "The job, which waits for its new time.", 404, 409),
    openapi_extra=takes(RescheduleBody),
)
async def reschedule_job(request: Request, job_id: str) -> Response:
    """Has a job that waits run at another time."""
    queue = await queue_for(request, WRITE)
    body = await read_body(request, RESCHEDULE, RESCHEDULE_PLACES)
    return json_response(job_view(await queue.reschedule(known_id(job_id), body.when)))


@router.post(
    "/{job_id:jobid}/replay",
    status_code=202,
    responses=answers(202, Job, "The new job; `Location` says where to look.", 404),
    openapi_extra=takes(ReplayBody),
)
async def replay_job(request: Request, job_id: str) -> Response:
    """Runs a job once more as a new one, with its data or with other data; the old one stays as it was."""
    queue = await queue_for(request, WRITE)
    body = await read_body(request, REPLAY, REPLAY_PLACES)
    job = await queue.replay(known_id(job_id), body.other_data, new_id=body.job_id)
    headers = {"Location": f"{request.scope.get('root_path', '')}/api/v1/jobs/{job.id}"}
    return json_response(job_view(job), 202, headers)


@router.post("/{job_id:jobid}/discard", responses=answers(200, Job, "The job, cancelled.", 404, 409))
async def discard_job(request: Request, job_id: str) -> Response:
    """Gives a failed job up: it becomes cancelled, and its dead letter is removed."""
    queue = await queue_for(request, WRITE)
    return json_response(job_view(await queue.discard(known_id(job_id), by=request.scope["caller"].subject)))


@router.get("/{job_type}/{job_id}/status", responses=answers(200, JobStatus, "How it stands.", 404))
async def get_status(request: Request, job_type: str, job_id: str) -> Response:
    """How a job of this type stands, in short."""
    queue = await queue_for(request, READ)
    job = await queue.get(known_id(job_id), up_to=MAX_SHOWN_BYTES)
    if job.type != job_type:
        raise JobNotFound(job.id)
    view = job_view(job)
    return json_response({name: view[name] for name in STATUS_FIELDS})
