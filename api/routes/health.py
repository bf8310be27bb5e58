"""Whether jobs can be taken: table and queues answer. For a load balancer without a token; with one, numbers too."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import Health
from api.auth import READ, Caller
from api.metrics import metrics
from api.openapi import answers
from api.site import Site, allow, site_of
from api.views import json_response
from queues.errors import JobyardError
from queues.runtime import Runtime

log = logging.getLogger("jobyard.api")

router = APIRouter(prefix="/api/v1/jobs/health", tags=["health"])

#: Seconds that table and queue may take to answer before the state counts as unhealthy.
PATIENCE_SECONDS = 5


@router.get(
    "/check",
    responses=answers(200, Health, "Jobs can be taken.") | answers(503, Health, "They cannot."),
)
async def check_health(request: Request) -> Response:
    """`healthy` (200) or `unhealthy` (503); with a token how many queues and jobs there are, and their metrics."""
    caller: Caller | None = request.scope["caller"]
    if caller is not None:
        allow(request, READ)
    runtime = await _usable(site_of(request))
    if runtime is None:
        return json_response({"status": "unhealthy"}, 503)
    view: dict[str, Any] = {"status": "healthy"}
    if caller is not None:
        found = await metrics(runtime, caller, runtime.catalog.names)
        view |= {"queues": len(runtime.catalog), "totalJobs": found.total_jobs, "metrics": found.queues}
    return json_response(view)


async def _usable(site: Site) -> Runtime | None:
    """The runtime if a row can be read and a queue can be asked; the log says why not."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            runtime = await site.runtime()
            await runtime.store.get("health", "check", 0)
            for name in runtime.catalog.names[:1]:
                await runtime.queues.depth(name)
    except (JobyardError, ClientError, BotoCoreError, OSError) as error:
        log.warning("unhealthy: %s", error)
        return None
    return runtime
