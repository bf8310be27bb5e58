"""A context for calling a handler directly, that remembers what the handler reported."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from queues.context import Context
from queues.log_line import LogLine, bounded


class FakeContext(Context):
    """Give it to a handler as its second argument, then look at `reports`, `percent`, `notes`, `logs`, `messages`."""

    def __init__(
        self,
        *,
        job_id: str = "test",
        type: str = "test",
        tenant: str = "test",
        attempt: int = 1,
        max_attempts: int = 3,
        timeout: float = 60,
    ):
        #: What `progress` was called with, in order: percent and note.
        self.reports: list[tuple[float, str | None]] = []
        #: What `log` was called with, in order; there is no clock, so each line's `at` is 0.
        self.logs: list[LogLine] = []
        self._asked = False
        numbers = (attempt, max_attempts, timeout)
        super().__init__(job_id, type, tenant, *numbers, self._report, self._log, lambda: self._asked)

    def cancel(self) -> None:
        """From now on somebody has asked for the job to be cancelled: `check` and `progress` raise JobCancelled."""
        self._asked = True

    def _report(self, percent: float, note: str | None) -> None:
        self.reports.append((percent, note))

    def _log(self, message: str, level: str, fields: Mapping[str, Any]) -> None:
        self.logs.append(bounded(0, self.attempt, message, level, fields))

    @property
    def percent(self) -> float:
        """The latest progress; 0 before the first."""
        return self.reports[-1][0] if self.reports else 0

    @property
    def notes(self) -> list[str]:
        """The notes that came with progress, in order."""
        return [note for _, note in self.reports if note is not None]

    @property
    def messages(self) -> list[str]:
        """The texts that `log` was called with, in order."""
        return [line.message for line in self.logs]
