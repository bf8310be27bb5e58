"""The runs of the cleaner over HTTP: how one reads, and the same for OpenAPI. The command line prints them alike."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from api.views import moment
from queues.cleaning.run import Cleaned, Run


class CleanerQuery(BaseModel):
    """How many runs to show."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(24, ge=1, le=200, description="Runs at the most; they are remembered for a week.")


class _Answer(BaseModel):
    # Built when /openapi.json is first asked for, and not at each cold start.
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, defer_build=True)


class CleanerRun(_Answer):
    """What one process did of a round. While it runs, and if it is lost, all counts are 0."""

    begun_at: datetime
    ended_at: datetime | None
    duration: float | None = Field(description="Milliseconds.")
    by: str = Field(description="The process.")
    by_hand: bool = Field(description="Whether somebody asked for it, rather than the hour.")
    end: Literal["running", "done", "cut", "taken-over", "failed", "lost"] = Field(
        description="`cut`: its time was over, and the next one went on there. `lost`: its process died or was stopped."
    )
    error: str | None = Field(description="What ended it.")
    looked_at: int = Field(description="Index entries.")
    over_count: int = Field(description="Jobs removed because their type keeps fewer.")
    overdue: int = Field(description="Jobs removed because TTL had left them lying.")
    spared: int = Field(description="Jobs chosen that stay, because they had changed by then.")
    skipped: int = Field(description="Parts of the table that were left to the next round.")
    trouble: str | None = Field(description="Why the last of them was.")
    types: dict[str, int] = Field(description="Jobs removed, by type.")


class CleanerRuns(_Answer):
    every: float = Field(description="Milliseconds from one round to the next.")
    runs: list[CleanerRun] = Field(description="The latest first.")


def cleaned_view(done: Cleaned) -> dict[str, Any]:
    """What a run did, or would do."""
    return {
        "lookedAt": done.looked_at,
        "overCount": done.over_count,
        "overdue": done.overdue,
        "spared": done.spared,
        "skipped": done.skipped,
        "trouble": done.trouble,
        "types": dict(sorted(done.types.items())),
    }


def run_view(run: Run) -> dict[str, Any]:
    """A run as it stands."""
    return {
        "begunAt": moment(run.begun_at),
        "endedAt": moment(run.ended_at),
        "duration": run.duration,
        "by": run.by,
        "byHand": run.by_hand,
        "end": run.end.value,
        "error": run.error,
    } | cleaned_view(run.done)
