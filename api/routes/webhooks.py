"""Who is told of jobs. Another tenant's webhook is as unknown as one that never was."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from api.auth import READ, WRITE
from api.body import read_body
from api.openapi import answers, takes
from api.site import queue_for
from api.views import json_response
from api.webhook_shapes import (
    NEW_WEBHOOK,
    WEBHOOK_PLACES,
    DeletedWebhook,
    NewWebhookBody,
    WebhooksView,
    WebhookView,
    WebhookWithSecret,
    webhook_view,
    with_secret,
)

router = APIRouter(prefix="/api/v1/jobs/webhooks", tags=["webhooks"])


@router.get("", responses=answers(200, WebhooksView, "All of them."))
async def list_webhooks(request: Request) -> Response:
    """Lists the tenant's webhooks, without their secrets."""
    found = await (await queue_for(request, READ)).webhooks.list()
    return json_response({"webhooks": [webhook_view(one) for one in found]})


@router.post(
    "",
    status_code=201,
    responses=answers(201, WebhookWithSecret, "Registered; its secret is told here only."),
    openapi_extra=takes(NewWebhookBody),
)
async def create_webhook(request: Request) -> Response:
    """Registers a URL for events of the tenant's jobs, or makes the secret for URLs that single jobs name."""
    queue = await queue_for(request, WRITE)
    body = await read_body(request, NEW_WEBHOOK, WEBHOOK_PLACES)
    by = request.scope["caller"].subject
    made = await queue.webhooks.create(body.url, events=body.wanted_events, types=tuple(body.types or ()), by=by)
    place = f"{request.scope.get('root_path', '')}/api/v1/jobs/webhooks/{made.id}"
    return json_response(with_secret(made), 201, {"Location": place})


@router.get("/{webhook_id}", responses=answers(200, WebhookView, "The webhook.", 404))
async def get_webhook(request: Request, webhook_id: str) -> Response:
    """One webhook, without its secret."""
    return json_response(webhook_view(await (await queue_for(request, READ)).webhooks.get(webhook_id)))


@router.post("/{webhook_id}/rotate", responses=answers(200, WebhookWithSecret, "It has a new secret.", 404))
async def rotate_webhook(request: Request, webhook_id: str) -> Response:
    """Gives a webhook a new secret, told here only; for a day what is sent is signed with the one before as well."""
    return json_response(with_secret(await (await queue_for(request, WRITE)).webhooks.rotate(webhook_id)))


@router.delete("/{webhook_id}", responses=answers(200, DeletedWebhook, "It is gone.", 404))
async def delete_webhook(request: Request, webhook_id: str) -> Response:
    """Removes a webhook; what is on its way to it is cancelled."""
    await (await queue_for(request, WRITE)).webhooks.delete(webhook_id)
    return json_response({"id": webhook_id, "deleted": True})
