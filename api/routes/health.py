"""Whether jobs can be taken: table and queues answer. For a load balancer without a token; with one, numbers too, and
what is wrong by the rules of observe/rules.py.

A backlog is no reason to take an API from its load balancer, so trouble by these rules is told with a 200.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import Health
from api.auth import READ, Caller
from api.metrics import metrics
from api.observed import everybodys, own
from api.openapi import answers
from api.site import Site, allow, is_admin, site_of
from api.views import json_response
from queues.errors import JobyardError
from queues.observe.rules import REMARKS, Finding, Thresholds, evaluate
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
    """`healthy` (200) or `unhealthy` (503); with a token numbers too, and `degraded` (200) if a rule finds trouble.

    The rules look at the caller's own jobs, or for `admin` at everybody's and at the workers.
    """
    caller: Caller | None = request.scope["caller"]
    if caller is not None:
        allow(request, READ)
    runtime = await _usable(site_of(request))
    if runtime is None:
        return json_response({"status": "unhealthy"}, 503)
    view: dict[str, Any] = {"status": "healthy"}
    if caller is not None:
        found = await metrics(runtime, caller, runtime.catalog.names)
        findings = await _findings(runtime, caller)
        if any(one.rule not in REMARKS for one in findings):
            view["status"] = "degraded"
        view |= {"queues": len(runtime.catalog), "totalJobs": found.total_jobs, "metrics": found.queues}
        view["findings"] = [finding_view(one) for one in findings]
    return json_response(view)


async def _findings(runtime: Runtime, caller: Caller) -> Sequence[Finding]:
    bounds, names = Thresholds.of(runtime.settings), runtime.catalog.names
    if is_admin(caller):
        return evaluate(await everybodys(runtime, names, bounds.window), bounds)
    return evaluate(await own(runtime, caller.tenant, names, bounds.window), bounds)


def finding_view(finding: Finding) -> dict[str, Any]:
    """A finding as JSON; `subject` is a job type or a worker."""
    return {
        "rule": finding.rule.value,
        "subject": finding.subject,
        "value": finding.value,
        "threshold": finding.threshold,
        "message": finding.message,
    }


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
