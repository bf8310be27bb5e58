"""Operations on many jobs: retry by filter, redrive, discard, purge; how far they are, and calling them off."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.auth import ADMIN, READ, WRITE
from api.body import read_body
from api.control_answers import DryRun, Operation, OperationPage
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
from api.control_views import dry_run_view, operation_view, operations_view
from api.models import PageQuery
from api.openapi import answers, takes
from api.problems import INVALID_REQUEST, Fault, Problem
from api.site import allow, is_admin, known_type, queue_for
from api.tenancy import beyond_own
from api.views import json_response
from queues.control.admin import EVERYONE, Admin
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


@router.get("/operations", responses=answers(200, OperationPage, "One page."))
async def list_operations(request: Request, query: Annotated[PageQuery, Query()]) -> Response:
    """Operations on the caller's own jobs that its tenant began, the latest first; for `admin` everybody's."""
    operations = _operations(request, await queue_for(request, READ))
    return json_response(operations_view(await operations.operations(limit=query.limit, cursor=query.cursor)))


@router.get("/operations/{operation_id}", responses=answers(200, Operation, "How far it is.", 404))
async def get_operation(request: Request, operation_id: str) -> Response:
    """One of the operations that `GET /operations` lists; it is remembered for a week after its end."""
    operations = _operations(request, await queue_for(request, READ))
    return json_response(operation_view(await operations.operation(operation_id[: MAX_ID_CHARS + 1])))


@router.delete("/operations/{operation_id}", responses=answers(200, Operation, "It has ended.", 404))
async def call_off(request: Request, operation_id: str) -> Response:
    """Ends an operation where it is; what it has done stays done. One that has ended stays as it is."""
    operations = _operations(request, await queue_for(request, WRITE))
    return json_response(operation_view(await operations.call_off(operation_id[: MAX_ID_CHARS + 1])))


def _operations(request: Request, queue: Queue) -> Queue | Admin:
    """What knows the operations that the caller may see."""
    return queue.admin if is_admin(request.scope["caller"]) else queue


async def _letters(request: Request, name: str, *, discard: bool = False) -> Response:
    queue = await queue_for(request, WRITE)
    known_type(queue.catalog, name)
    body = await read_body(request, LETTERS, LETTERS_PLACES)
    return await _many(request, queue, body, body.filter.to_core(name), discard=discard)


async def _many(
    request: Request, queue: Queue, body: RetryManyBody | LettersBody, chosen: JobFilter, *, discard: bool = False
) -> Response:
    tenant, by = beyond_own(request, body.filter.tenant, everyone=body.everyone), request.scope["caller"].subject
    if tenant is None:
        if body.dry_run:
            return json_response(dry_run_view(await queue.count_failed(chosen)))
        begin = queue.discard_many if discard else queue.retry_many
        return _begun(request, await begin(chosen, rate=body.rate, by=by))
    admin = queue.admin
    if body.dry_run:
        found = await admin.count_failed(tenant, chosen)
        return json_response(dry_run_view(found, everyone=tenant == EVERYONE))
    begin_beyond = admin.discard_many if discard else admin.retry_many
    return _begun(request, await begin_beyond(tenant, chosen, rate=body.rate, by=by))


def _begun(request: Request, bulk: Bulk) -> Response:
    where = f"{request.scope.get('root_path', '')}/api/v1/jobs/operations/{bulk.id}"
    return json_response(operation_view(bulk), 202, {"Location": where})
