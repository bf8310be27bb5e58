"""When the cleaner ran and what it removed. It is for every tenant's jobs, and so for the scope `admin`."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.auth import ADMIN
from api.cleaner_shapes import CleanerQuery, CleanerRuns, run_view
from api.openapi import answers
from api.site import allow, site_of
from api.views import json_response
from queues.cleaning.rows import CleanerRows

router = APIRouter(prefix="/api/v1/jobs/health", tags=["health"])


@router.get("/cleaner", responses=answers(200, CleanerRuns, "Its last runs."))
async def list_runs(request: Request, query: Annotated[CleanerQuery, Query()]) -> Response:
    """Lists the runs of the cleaner, which removes ended jobs: whose process, how long, how they ended, what went."""
    allow(request, ADMIN)
    runtime = await site_of(request).runtime()
    rows = CleanerRows(runtime.clients.dynamodb, runtime.settings)
    runs = await rows.latest(query.limit, runtime.runner.endings.clock())
    every = round(runtime.settings.clean_every * 1000)
    return json_response({"every": every, "runs": [run_view(run) for run in runs]})
