"""The audit trail over HTTP: what may be asked of it, how an entry reads, and the same for OpenAPI."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from api.models import PageQuery
from api.views import moment
from queues.audit.entry import MAX_NAME_CHARS, Entry, Result
from queues.audit.trail import AuditFilter

_RESULT = "Null: not known; its process died, or could not write it. The action may have taken place."


class AuditQuery(PageQuery):
    """Which entries; all that is given must hold."""

    action: str | None = Field(None, max_length=MAX_NAME_CHARS, examples=["job.cancel"])
    actor: str | None = Field(None, max_length=MAX_NAME_CHARS, description="A token's `sub`.")
    target: str | None = Field(None, max_length=MAX_NAME_CHARS, description="A job's id, a queue's name ...")

    def to_core(self) -> AuditFilter:
        return AuditFilter(self.action, self.actor, self.target)


class _Answer(BaseModel):
    # Built when /openapi.json is first asked for, and not at each cold start.
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, defer_build=True)


class AuditEntry(_Answer):
    """One action."""

    id: str
    at: datetime
    actor: str = Field(description="The token's `sub`.")
    origin: str | None = Field(description="The client's address.")
    action: str
    target: str | None
    parameters: dict[str, Any]
    result: Result | None = Field(description=_RESULT)
    detail: str | None = Field(description="Why not; or the id of what it has made.")


class AuditPage(_Answer):
    entries: list[AuditEntry]
    cursor: str | None = Field(description="Pass it on to get the next page; null at the end.")


def audit_view(entry: Entry) -> dict[str, Any]:
    """An entry as the API shows it."""
    return {
        "id": entry.id,
        "at": moment(entry.at),
        "actor": entry.actor,
        "origin": entry.origin,
        "action": entry.action,
        "target": entry.target,
        "parameters": entry.parameters,
        "result": entry.result,
        "detail": entry.detail,
    }
