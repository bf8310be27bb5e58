"""The workers that the serving process knows of. What they work on is everybody's, so it takes the scope `admin`."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.answers import Workers
from api.auth import ADMIN
from api.openapi import answers
from api.site import allow, site_of
from api.views import json_response

router = APIRouter(prefix="/api/v1/jobs", tags=["workers"])


@router.get("/workers", responses=answers(200, Workers, "Those of this process; elsewhere there may be more."))
async def list_workers(request: Request) -> Response:
    """Lists the workers that run in the same process as this API; on Lambda there are none."""
    allow(request, ADMIN)
    workers = site_of(request).workers
    return json_response({"workers": [] if workers is None else workers()})
