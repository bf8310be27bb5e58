"""The audit trail of the caller's tenant."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.audit_shapes import AuditPage, AuditQuery, audit_view
from api.auth import READ
from api.openapi import answers
from api.site import queue_for
from api.views import json_response

router = APIRouter(prefix="/api/v1/jobs", tags=["audit"])


@router.get("/audit", responses=answers(200, AuditPage, "One page."))
async def list_audit(request: Request, query: Annotated[AuditQuery, Query()]) -> Response:
    """Who did what to which job, queue or schedule, the latest first. A page may be short though there is a cursor."""
    queue = await queue_for(request, READ)
    page = await queue.audit(query.to_core(), limit=query.limit, cursor=query.cursor)
    return json_response({"entries": [audit_view(entry) for entry in page.entries], "cursor": page.cursor})
