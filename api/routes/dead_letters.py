"""Jobs that have failed for good, with their errors."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.answers import Page
from api.auth import READ
from api.control_views import foreign_letters_view
from api.openapi import answers
from api.site import known_type, queue_for
from api.tenancy import LettersQuery, beyond_own
from api.views import json_response, page_view

router = APIRouter(prefix="/api/v1/jobs/queues", tags=["numbers"])


@router.get("/{name}/dead-letters", responses=answers(200, Page, "One page.", 404))
async def list_dead_letters(request: Request, name: str, query: Annotated[LettersQuery, Query()]) -> Response:
    """The caller's jobs of a type whose letters are in its dead-letter queue, the latest first.

    With the scope `admin`, another `tenant`'s: their errors, without their data.
    """
    queue = await queue_for(request, READ)
    known_type(queue.catalog, name)
    tenant = beyond_own(request, query.tenant)
    if tenant is None:
        return json_response(page_view(await queue.dead_letters(name, limit=query.limit, cursor=query.cursor)))
    theirs = queue.for_tenant(await queue.admin.known(tenant))
    page = await theirs.dead_letters(name, limit=query.limit, cursor=query.cursor)
    return json_response(foreign_letters_view(page))
