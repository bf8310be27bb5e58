"""Webhooks over HTTP: what registers one, how it reads, and the same for OpenAPI."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from api.models import TypeName
from api.views import moment
from queues.webhooks.endpoint import ENDS, EVENTS, MAX_TYPES, MAX_URL_CHARS, Endpoint


class NewWebhookBody(BaseModel):
    """Who wants to hear of jobs."""

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        alias_generator=to_camel,
        title="NewWebhook",
        json_schema_extra={"examples": [{"url": "https://example.com/hooks", "events": ["failed"]}]},
    )

    url: str | None = Field(
        None, min_length=1, max_length=MAX_URL_CHARS, description="Absent: a secret for URLs that single jobs name."
    )
    events: list[str] | None = Field(None, description=f"Of {', '.join(EVENTS)}; absent: {', '.join(ENDS)}.")
    types: Annotated[list[TypeName], Field(max_length=MAX_TYPES)] | None = Field(
        None, description="Job types; absent: all."
    )

    @property
    def wanted_events(self) -> tuple[str, ...]:
        return ENDS if self.events is None else tuple(self.events)


NEW_WEBHOOK = TypeAdapter(NewWebhookBody)
WEBHOOK_PLACES: dict[tuple[str, ...], Iterable[str]] = {(): tuple(NewWebhookBody.model_fields)}


class _Answer(BaseModel):
    # Built when /openapi.json is first asked for, and not at each cold start.
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, defer_build=True)


class WebhookView(_Answer):
    """A registration, without its secret."""

    id: str
    url: str | None
    events: list[str]
    types: list[str] = Field(description="None: all.")
    created_at: datetime
    created_by: str | None
    rotated_at: datetime | None = Field(description="When it was last given a new secret; the old one holds for a day.")


class WebhookWithSecret(WebhookView):
    """The same with its newest secret, which is told nowhere else."""

    secret: str = Field(examples=["whsec_..."])


class WebhooksView(_Answer):
    webhooks: list[WebhookView]


class DeletedWebhook(_Answer):
    id: str
    deleted: bool


def webhook_view(endpoint: Endpoint) -> dict[str, Any]:
    """An endpoint as the API shows it."""
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "events": endpoint.events,
        "types": endpoint.types,
        "createdAt": moment(endpoint.created_at),
        "createdBy": endpoint.created_by,
        "rotatedAt": moment(endpoint.rotated_at or None),
    }


def with_secret(endpoint: Endpoint) -> dict[str, Any]:
    """The same for who has just made it, or changed its secret."""
    return webhook_view(endpoint) | {"secret": endpoint.secrets[0]}
