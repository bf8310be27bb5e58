"""Each type's queue in numbers: everybody's for the scope `admin`, the caller's own otherwise (see `counts.py`); and
paused and resumed, which is for everybody, and so for `admin` alone."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answers import Metrics, QueueView
from api.auth import ADMIN, READ
from api.counts import all_tenants_numbers, own_numbers, tally_of
from api.metrics import metrics
from api.models import TypeQuery
from api.openapi import answers
from api.site import allow, is_admin, known_type, queue_for, site_of
from api.views import json_response

router = APIRouter(prefix="/api/v1/jobs/queues", tags=["numbers"])


@router.get("/metrics", responses=answers(200, Metrics, "One entry a queue.", 404))
async def get_metrics(request: Request, query: Annotated[TypeQuery, Query()]) -> Response:
    """Depths and rates of every queue, or of one."""
    caller = allow(request, READ)
    runtime = await site_of(request).runtime()
    names = runtime.catalog.names if query.type is None else [known_type(runtime.catalog, query.type).name]
    return json_response({"metrics": (await metrics(runtime, caller, names)).queues})


@router.get("/{name}", responses=answers(200, QueueView, "The queue of a job type.", 404))
async def get_queue(request: Request, name: str) -> Response:
    """What waits, is worked on, is delayed and is dead. A queue is named as its job type."""
    caller = allow(request, READ)
    runtime = await site_of(request).runtime()
    names = [known_type(runtime.catalog, name).name]
    if is_admin(caller):
        return json_response((await all_tenants_numbers(runtime, names))[0].view())
    now = runtime.runner.endings.clock()
    found = await tally_of(runtime, caller.tenant, now)
    return json_response(own_numbers(found, runtime.catalog, names, await runtime.pauses.paused())[0].view())


@router.post("/{name}/pause", responses=answers(200, QueueView, "None of its jobs is started any more.", 404))
async def pause_queue(request: Request, name: str) -> Response:
    """Has no job of a type started, of any tenant, until it is resumed; what runs goes on."""
    queue, runtime = await queue_for(request, ADMIN), await site_of(request).runtime()
    await queue.pause(known_type(runtime.catalog, name).name, by=request.scope["caller"].subject)
    return json_response((await all_tenants_numbers(runtime, [name]))[0].view())


@router.post("/{name}/resume", responses=answers(200, QueueView, "Its jobs run again.", 404))
async def resume_queue(request: Request, name: str) -> Response:
    """Lets a paused type's jobs run again."""
    queue, runtime = await queue_for(request, ADMIN), await site_of(request).runtime()
    await queue.resume(known_type(runtime.catalog, name).name)
    return json_response((await all_tenants_numbers(runtime, [name]))[0].view())
