"""The shapes of what operations on many jobs answer, for OpenAPI; `control_views.py` writes them."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, defer_build=True)


class Selection(_Answer):
    """Which jobs an operation is for."""

    type: str | None
    error: str | None
    failed_after: datetime | None
    failed_before: datetime | None = Field(description="Not later than the beginning of the operation.")
    tags: list[str]


class Operation(_Answer):
    """An operation on many jobs, and how far it is."""

    id: str
    action: Literal["retry", "discard", "purge"]
    status: Literal["running", "done", "cancelled"]
    owner: str = Field(description="The tenant that began it.")
    tenants: Literal["all", "own", "other"] = Field(
        description="Whose jobs: every tenant's, the owner's, or another's."
    )
    tenant: str | None = Field(description="The same by its name; null: every tenant's.")
    filter: Selection
    rate: float | None = Field(description="Jobs a second at the most.")
    examined: int = Field(description="Jobs looked at so far. After a crash some may be missing from this and `done`.")
    done: int = Field(description="Jobs to which it was done so far.")
    created_at: datetime
    created_by: str | None
    ended_at: datetime | None


class OperationPage(_Answer):
    operations: list[Operation]
    cursor: str | None = Field(description="Pass it on to get the next page; null at the end.")


class DryRun(_Answer):
    """What an operation would be for."""

    dry_run: Literal[True]
    matched: int
    exact: bool = Field(description="False: there are more failed jobs than were looked at; this is a lower bound.")
    tenants: dict[str, int] | None = Field(None, description="With `everyone`: whose they are.")
