"""The ways in: one job, many, one for later. 202 means that it will run; 200 that its jobId or key was taken before."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import BatchAnswer, Job
from api.auth import WRITE
from api.body import read_body
from api.direct import Direct
from api.faulty_batch import batch_problem, jobs_of
from api.models import BATCH, NEW_JOB, SCHEDULED_JOB, NewJobBody, ScheduledJobBody
from api.openapi import answers, takes
from api.site import allow, site_of
from api.views import job_view, json_response, listed_view
from queues.errors import InvalidData, PayloadTooLarge, UnknownJobType
from queues.job import Job as CoreJob
from queues.options import NewJob
from queues.runtime import Runtime

router = APIRouter(prefix="/api/v1/jobs", tags=["enqueue"], route_class=Direct)

#: Header of an answer with a job that its jobId found: nothing new was made.
EXISTING = "Jobyard-Existing"

_ONE = {
    **answers(202, Job, "The job will run; `Location` says where to look."),
    **answers(200, Job, f"A job has that jobId or key: here it is, nothing new was made. Header `{EXISTING}: true`."),
}


@router.post("", status_code=202, responses=_ONE, openapi_extra=takes(NewJobBody))
async def create_job(request: Request) -> Response:
    """Enqueues one job."""
    allow(request, WRITE)
    return await _enqueue(request, (await read_body(request, NEW_JOB)).to_core())


@router.post("/schedule", status_code=202, responses=_ONE, openapi_extra=takes(ScheduledJobBody))
async def schedule_job(request: Request) -> Response:
    """Enqueues one job that runs once, `delay` ms from now or at `runAt`."""
    allow(request, WRITE)
    body = await read_body(request, SCHEDULED_JOB)
    now = datetime.fromtimestamp(_now(await site_of(request).runtime()) / 1000, UTC)
    return await _enqueue(request, body.to_core(now))


@router.post(
    "/batch",
    status_code=202,
    responses=answers(202, BatchAnswer, "All will run."),
    openapi_extra=takes(NewJobBody, many=True),
)
async def create_jobs(request: Request) -> Response:
    """Enqueues many jobs. All are checked before the first is made; each fault names its place in the list."""
    caller = allow(request, WRITE)
    bodies = await read_body(request, BATCH)
    new = jobs_of(bodies)
    runtime = await site_of(request).runtime()
    since = _now(runtime)
    try:
        jobs = await runtime.queue.for_tenant(caller.tenant).enqueue_many(new)
    except (UnknownJobType, InvalidData, PayloadTooLarge):
        raise batch_problem(runtime.catalog, new, runtime.payloads.max_data) from None
    existing = sum(_existed(runtime, one, job, since) for one, job in zip(new, jobs, strict=True))
    return json_response(
        {"jobs": [listed_view(job) for job in jobs], "created": len(jobs) - existing, "existing": existing}, 202
    )


async def _enqueue(request: Request, new: NewJob) -> Response:
    runtime = await site_of(request).runtime()
    since = _now(runtime)
    queue = runtime.queue.for_tenant(request.scope["caller"].tenant)
    job = await queue.enqueue(new.type, new.data, new.options)
    headers = {"Location": f"{request.scope.get('root_path', '')}/api/v1/jobs/{job.id}"}
    if _existed(runtime, new, job, since):
        return json_response(job_view(job), 200, headers | {EXISTING: "true"})
    return json_response(job_view(job), 202, headers)


def _now(runtime: Runtime) -> int:
    return runtime.runner.endings.clock()


def _existed(runtime: Runtime, new: NewJob, job: CoreJob, since: int) -> bool:
    """Whether the job was there before the request.

    The core does not say. What was made before `since`, or has begun, was; two requests of one millisecond may
    both be told that theirs made it, which is no lie about what will happen.
    """
    options = new.options
    named = options.job_id is not None or options.unique is not None
    shared = named or runtime.catalog.get(job.type).options.unique is not None
    return shared and (job.created_at < since or job.attempt > 0 or job.ended)
