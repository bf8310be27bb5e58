"""Which jobs an operation on many is for. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from queues import limits
from queues.errors import InvalidOption
from queues.job import Job

#: Characters of an error's type in a filter: an exception's class name.
MAX_ERROR_TYPE_CHARS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """All that is given must hold; nothing given: every job."""

    #: The job type.
    type: str | None = None
    #: The error's type, such as `ConnectionError` or `Timeout`.
    error: str | None = None
    #: Epoch ms: failed at this time or later, and before that one.
    failed_after: int | None = None
    failed_before: int | None = None
    #: Tags that the job must have, all of them.
    tags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.error is not None and not 0 < len(self.error) <= MAX_ERROR_TYPE_CHARS:
            raise InvalidOption("filter.error", self.error[:80], f"give 1 to {MAX_ERROR_TYPE_CHARS} characters")
        if len(self.tags) > limits.MAX_TAGS or any(not 0 < len(tag) <= 64 for tag in self.tags):
            raise InvalidOption("filter.tags", list(self.tags), f"give up to {limits.MAX_TAGS} of 1 to 64 characters")
        if self.failed_after is not None and self.failed_before is not None and self.failed_after >= self.failed_before:
            raise InvalidOption("filter.failedBefore", self.failed_before, "give a time that is later than failedAfter")

    def until(self, moment: int) -> JobFilter:
        """The same, but only what has failed by then: what fails later must not be met again and again."""
        latest = moment + 1
        return replace(self, failed_before=min(latest, self.failed_before or latest))

    def matches(self, job: Job) -> bool:
        """Whether a failed job is meant."""
        failed = job.finished_at or 0
        return (
            self.type in (None, job.type)
            and (self.error is None or (job.error is not None and job.error.type == self.error))
            and (self.failed_after is None or failed >= self.failed_after)
            and (self.failed_before is None or failed < self.failed_before)
            and set(self.tags) <= set(job.tags)
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "error": self.error,
            "failed_after": self.failed_after,
            "failed_before": self.failed_before,
            "tags": self.tags,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> JobFilter:
        return cls(**{**value, "tags": tuple(value["tags"])})
