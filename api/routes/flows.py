"""Flows: jobs that belong together. Another tenant's flow is as unknown as one that never was."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from api.auth import READ, WRITE
from api.body import read_body
from api.flow_answers import FlowsPage, FlowView, FlowWithSteps, flow_view, page_view, with_steps
from api.flow_bodies import FLOW, PLACES, FlowBody, FlowsQuery, StepsQuery
from api.openapi import answers, takes
from api.site import allow, queue_for
from api.views import json_response

router = APIRouter(prefix="/api/v1/jobs/flows", tags=["flows"])

#: Characters of a flow's id, which a path need not be.
MAX_ID_CHARS = 48


@router.get("", responses=answers(200, FlowsPage, "One page."))
async def list_flows(request: Request, query: Annotated[FlowsQuery, Query()]) -> Response:
    """Lists flows, the newest first; of ids that were chosen by their callers, the last in the alphabet."""
    flows = (await queue_for(request, READ)).flows
    return json_response(page_view(await flows.list(limit=query.limit, cursor=query.cursor)))


@router.post("", status_code=202, responses=answers(202, FlowView, "It will run."), openapi_extra=takes(FlowBody))
async def start_flow(request: Request) -> Response:
    """Starts a flow. With a `flowId` that is taken, the flow that has it is the answer."""
    caller = allow(request, WRITE)
    flows = (await queue_for(request, WRITE)).flows
    body = await read_body(request, FLOW, PLACES)
    flow = await flows.start(body.to_core(), flow_id=body.flow_id, by=caller.subject)
    place = f"{request.scope.get('root_path', '')}/api/v1/jobs/flows/{flow.id}"
    return json_response(flow_view(flow), 202, {"Location": place})


@router.get("/{flow_id}", responses=answers(200, FlowWithSteps, "The flow.", 404))
async def get_flow(request: Request, flow_id: str, query: Annotated[StepsQuery, Query()]) -> Response:
    """A flow, how far it is, and a page of its steps."""
    flows, known = (await queue_for(request, READ)).flows, flow_id[: MAX_ID_CHARS + 1]
    steps = await flows.steps(known, limit=query.steps, after=query.after)
    return json_response(with_steps(await flows.get(known), steps, query.steps))


@router.delete("/{flow_id}", responses=answers(200, FlowView, "It is cancelled, or will be.", 404, 409))
async def cancel_flow(request: Request, flow_id: str) -> Response:
    """Cancels a flow: starts nothing more, cancels what waits, asks what runs to end."""
    flows = (await queue_for(request, WRITE)).flows
    return json_response(flow_view(await flows.cancel(flow_id[: MAX_ID_CHARS + 1])))


@router.post("/{flow_id}/retry", status_code=202, responses=answers(202, FlowView, "It runs again.", 404, 409))
async def retry_flow(request: Request, flow_id: str) -> Response:
    """Runs what has failed, was cancelled or undone once more, as new jobs, and what comes after it."""
    flows = (await queue_for(request, WRITE)).flows
    return json_response(flow_view(await flows.retry(flow_id[: MAX_ID_CHARS + 1])), 202)
