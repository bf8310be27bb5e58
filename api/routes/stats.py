"""How many jobs of a tenant stand where, in all and by type."""

from __future__ import annotations

from collections import Counter
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import MetricsByName, Stats, TypeStats
from api.auth import READ
from api.counts import Tally, failed_rate, tally_of
from api.metrics import metrics
from api.openapi import answers
from api.site import allow, known_type, site_of
from api.views import json_response
from queues.job import Status
from queues.runtime import Runtime

router = APIRouter(prefix="/api/v1/jobs", tags=["numbers"])


@router.get("/stats", responses=answers(200, Stats, "The caller's jobs."))
async def get_stats(request: Request) -> Response:
    """Counts the caller's jobs by status, in all and for each type."""
    runtime, found = await _tally(request)
    types = [_type_view(found, name) for name in sorted({*runtime.catalog.names, *found.counts})]
    return json_response(_view(found.total(), found.exact) | {"types": types})


@router.get("/metrics", responses=answers(200, MetricsByName, "One entry a queue, by its name."))
async def get_metrics(request: Request) -> Response:
    """What `queues/metrics` says, as an object with an entry for each queue."""
    caller = allow(request, READ)
    runtime = await site_of(request).runtime()
    found = await metrics(runtime, caller, runtime.catalog.names)
    return json_response({"metrics": {one["name"]: one for one in found.queues}})


@router.get("/{job_type}/stats", responses=answers(200, TypeStats, "The caller's jobs of the type.", 404))
async def get_type_stats(request: Request, job_type: str) -> Response:
    """Counts the caller's jobs of one type by status."""
    allow(request, READ)
    known_type((await site_of(request).runtime()).catalog, job_type)
    _, found = await _tally(request)
    return json_response(_type_view(found, job_type))


async def _tally(request: Request) -> tuple[Runtime, Tally]:
    caller = allow(request, READ)
    runtime = await site_of(request).runtime()
    now = runtime.runner.endings.clock()
    return runtime, await tally_of(runtime, caller.tenant, now)


def _type_view(found: Tally, name: str) -> dict[str, Any]:
    return {"type": name} | _view(found.of(name), found.exact)


def _view(counts: Counter[Status], exact: bool) -> dict[str, Any]:
    return {
        "counts": {status.value: counts[status] for status in Status},
        "total": counts.total(),
        "failedRate": failed_rate(counts),
        "exact": exact,
    }
