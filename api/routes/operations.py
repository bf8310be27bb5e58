"""Operations on many jobs: retry by filter, redrive, discard, purge; how far they are, and calling them off."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.auth import ADMIN, READ, WRITE
from api.body import read_body
from api.control_answers import DryRun, Operation
from api.control_bodies import (
    LETTERS,
    LETTERS_PLACES,
    PURGE,
    PURGE_PLACES,
    RETRY_MANY,
    RETRY_MANY_PLACES,
    LettersBody,
    PurgeBody,
    RetryManyBody,
)
from api.control_views import dry_run_view, operation_view
from api.openapi import answers, takes
from api.problems import INVALID_REQUEST, Fault, Problem
from api.site import allow, known_type, queue_for
from api.views import json_response
from queues.control.bulk import Bulk
from queues.control.job_filter import JobFilter
from queues.queue import Queue

router = APIRouter(prefix="/api/v1/jobs", tags=["operations"])

#: Characters of an operation's id: a ULID, which a path need not be.
MAX_ID_CHARS = 26
_MANY = {
    **answers(202, Operation, "It has begun; `Location` says where to look."),
    **answers(200, DryRun, "With `dryRun`: for how many jobs it would be."),
}


@router.post("/retry", status_code=202, responses=_MANY, openapi_extra=takes(RetryManyBody))
async def retry_jobs(request: Request) -> Response:
    """Gives failed jobs, chosen by a filter, their type's attempts afresh."""
    queue = await queue_for(request, WRITE)
    body = await read_body(request, RETRY_MANY, RETRY_MANY_PLACES)
    return await _many(request, queue, body, body.filter.to_core(body.filter.type))


@router.post(
    "/queues/{name}/redrive", status_code=202, responses=_MANY | answers(202, Operation, "It has begun.", 404),
    openapi_extra=takes(LettersBody),
)  # fmt: skip
async def redrive(request: Request, name: str) -> Response:
    """Has a type's failed jobs run again, and their dead letters removed."""
    return await _letters(request, name)


@router.post(
    "/queues/{name}/discard", status_code=202, responses=_MANY | answers(202, Operation, "It has begun.", 404),
    openapi_extra=takes(LettersBody),
)  # fmt: skip
async def discard_letters(request: Request, name: str) -> Response:
    """Gives a type's failed jobs up: they become cancelled, and their dead letters are removed."""
    return await _letters(request, name, discard=True)


@router.delete(
    "/queues/{name}", status_code=202, responses=answers(202, Operation, "It has begun.", 404),
    openapi_extra=takes(PurgeBody),
)  # fmt: skip
async def purge_queue(request: Request, name: str) -> Response:
    """Empties a queue and cancels all jobs that wait in it, of every tenant. The queue's name is typed once more."""
    caller = allow(request, ADMIN)
    queue = await queue_for(request, ADMIN)
    known_type(queue.catalog, name)
    body = await read_body(request, PURGE, PURGE_PLACES)
    if body.confirm != name:
        cure = f"write the queue's name, {name!r}: all jobs that wait in it will be cancelled"
        raise Problem(INVALID_REQUEST, f"confirm: {cure}", errors=[Fault("confirm", cure, body.confirm)])
    return _begun(request, await queue.purge(name, by=caller.subject))


@router.get("/operations/{operation_id}", responses=answers(200, Operation, "How far it is.", 404))
async def get_operation(request: Request, operation_id: str) -> Response:
    """An operation that the caller's tenant began; it is remembered for a week after its end."""
    queue = await queue_for(request, READ)
    return json_response(operation_view(await queue.operation(operation_id[: MAX_ID_CHARS + 1])))


@router.delete("/operations/{operation_id}", responses=answers(200, Operation, "It has ended.", 404))
async def call_off(request: Request, operation_id: str) -> Response:
    """Ends an operation where it is; what it has done stays done. One that has ended stays as it is."""
    queue = await queue_for(request, WRITE)
    return json_response(operation_view(await queue.call_off(operation_id[: MAX_ID_CHARS + 1])))


async def _letters(request: Request, name: str, *, discard: bool = False) -> Response:
    queue = await queue_for(request, WRITE)
    known_type(queue.catalog, name)
    body = await read_body(request, LETTERS, LETTERS_PLACES)
    return await _many(request, queue, body, body.filter.to_core(name), discard=discard)


async def _many(
    request: Request, queue: Queue, body: RetryManyBody | LettersBody, chosen: JobFilter, *, discard: bool = False
) -> Response:
    if body.everyone:
        allow(request, ADMIN)
    if body.dry_run:
        return json_response(dry_run_view(await queue.count_failed(chosen, everyone=body.everyone)))
    begin = queue.discard_many if discard else queue.retry_many
    by = request.scope["caller"].subject
    return _begun(request, await begin(chosen, rate=body.rate, everyone=body.everyone, by=by))


def _begun(request: Request, bulk: Bulk) -> Response:
    where = f"{request.scope.get('root_path', '')}/api/v1/jobs/operations/{bulk.id}"
    return json_response(operation_view(bulk), 202, {"Location": where})
