"""A line of a job's log over HTTP, for OpenAPI: `views.py` writes it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

_EXAMPLE: dict[str, Any] = {
    "at": "2026-11-22T07:30:00.123Z",
    "attempt": 2,
    "level": "WARNING",
    "message": "card refused",
    "logger": "shop.orders",
    "fields": {"order": 17, "cents": 990},
}


class LogLine(BaseModel):
    """What an attempt printed, logged or said by `ctx.log`. What a line does not have is left out."""

    # Built when /openapi.json is first asked for, and not at each cold start.
    model_config = ConfigDict(extra="forbid", defer_build=True, json_schema_extra={"examples": [_EXAMPLE]})

    at: datetime
    attempt: int
    level: Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"] = Field(description="What is printed is INFO.")
    message: str
    logger: str | None = Field(None, description="The logger's name, if it comes from Python's `logging`.")
    stream: Literal["stderr"] | None = Field(None, description="Where it was printed, if that is known to be stderr.")
    fields: dict[str, Any] | None = Field(None, description="What was given beside the message.")
    exception: str | None = Field(None, description="The traceback that was logged with it, or its end.")
