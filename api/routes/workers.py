"""The long-running workers, as their registry has them. What they work on is everybody's, so it takes the scope
`admin`; which jobs those are is shown of the caller's own tenant alone."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import Workers
from api.auth import ADMIN
from api.openapi import answers
from api.site import allow, site_of
from api.views import json_response, moment
from queues.observe.roster import SeenWorker, seen

router = APIRouter(prefix="/api/v1/jobs", tags=["workers"])


@router.get("/workers", responses=answers(200, Workers, "Long-running workers, wherever they run."))
async def list_workers(request: Request) -> Response:
    """Lists the processes of `jobyard up` and `jobyard work`, as last heard of. Functions are not among them."""
    caller = allow(request, ADMIN)
    site = site_of(request)
    runtime = await site.runtime()
    now = runtime.runner.endings.clock()
    rows = {row.name: row for row in await runtime.workers.all(now)}
    # Of this process more is known than its last heartbeat.
    own = [] if site.workers is None else site.workers()
    rows |= {row.name: row for row in own}
    silent_after = runtime.settings.alert_worker_silent
    views = [worker_view(seen(row, caller.tenant, now, silent_after)) for _, row in sorted(rows.items())]
    return json_response({"workers": views})


def worker_view(worker: SeenWorker) -> dict[str, Any]:
    """A worker as a tenant's administrator may see it."""
    return {
        "name": worker.name,
        "startedAt": moment(worker.started_at),
        "seenAt": moment(worker.seen_at),
        "silent": worker.silent,
        "draining": worker.draining,
        "capacity": worker.capacity,
        "running": worker.running,
        "types": [{"type": one.type, "capacity": one.capacity, "running": one.running} for one in worker.types],
        "jobs": [
            {"id": job.id, "type": job.type, "attempt": job.attempt, "startedAt": moment(job.started_at)}
            for job in worker.jobs
        ],
    }
