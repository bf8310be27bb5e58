"""The list of a tenant's jobs."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answers import Page
from api.auth import READ
from api.models import ListQuery
from api.openapi import answers
from api.site import queue_for
from api.views import json_response, page_view

router = APIRouter(prefix="/api/v1/jobs", tags=["jobs"])


@router.get("", responses=answers(200, Page, "One page."))
async def list_jobs(request: Request, query: Annotated[ListQuery, Query()]) -> Response:
    """Lists jobs, the latest activity first, without their logs. A page may be short though there is a cursor."""
    queue = await queue_for(request, READ)
    page = await queue.list(status=query.status, type=query.type, limit=query.limit, cursor=query.cursor)
    return json_response(page_view(page))
