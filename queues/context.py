"""What a handler may ask of its job and tell about it. The same object for `async def`, `def`, and in a unit test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any

from queues.errors import InvalidOption
from queues.log_line import LogLine, level_of
from queues.outcome import JobCancelled

if TYPE_CHECKING:
    from queues.webhooks.store import EndpointStore


def _ignore_progress(_percent: float, _note: str | None) -> None:
    """In a unit test nobody listens."""


def _print(message: str, level: str, fields: Mapping[str, Any]) -> None:
    """In a unit test pytest shows it."""
    print(LogLine(0, 0, message, level, fields=fields))


def _never() -> bool:
    """In a unit test nobody cancels."""
    return False


@dataclass(slots=True)
class Context:
    """Passed as a handler's second parameter, if it has one. `Context.for_test()` makes one without a queue."""

    job_id: str
    type: str
    tenant: str
    #: 1 for the first attempt.
    attempt: int
    max_attempts: int
    #: Seconds that the attempt may take in all.
    timeout: float
    on_progress: Callable[[float, str | None], None] = _ignore_progress
    #: Takes message, level and fields.
    on_log: Callable[[str, str, Mapping[str, Any]], None] = _print
    is_cancelled: Callable[[], bool] = _never
    #: Whom webhooks go to: for the job type that delivers them.
    endpoints: EndpointStore | None = None
    _started: float = field(default_factory=monotonic)

    @classmethod
    def for_test(cls, *, job_id: str = "test", attempt: int = 1, max_attempts: int = 1, timeout: float = 60) -> Context:
        """A context for calling a handler directly; progress goes nowhere, log lines are printed."""
        return cls(job_id, "test", "test", attempt, max_attempts, timeout)

    def progress(self, percent: float, note: str | None = None) -> None:
        """Reports how far the job is: 0 to 100, with an optional note. Cheap: it is written a few times a second.

        JobCancelled if somebody has asked for the job to be cancelled.
        """
        if not 0 <= percent <= 100:
            raise InvalidOption("progress", percent, "give a percentage from 0 to 100")
        self.on_progress(percent, note)
        self.check()

    @property
    def cancelled(self) -> bool:
        """Whether somebody has asked for the job to be cancelled, as far as is known here: see `docs/control.md`.

        A handler that does not end by itself is stopped after its type's `cancel_grace`.
        """
        return self.is_cancelled()

    def check(self) -> None:
        """JobCancelled if somebody has asked for the job to be cancelled; for long loops."""
        if self.is_cancelled():
            raise JobCancelled("somebody has asked for the job to be cancelled")

    def log(self, message: str, /, *, level: str | int = "INFO", **fields: Any) -> None:
        """Adds a line to the job's log, with fields beside its text: `ctx.log("charged", cents=990)`. What a handler
        prints or logs is added too.

        A field that JSON does not have is its `str()`. `level`: DEBUG, INFO, WARNING, ERROR or CRITICAL, or a number of
        `logging`; InvalidOption for any other.
        """
        self.on_log(str(message), level_of(level), fields)

    def remaining(self) -> float:
        """Seconds until the attempt times out."""
        return max(0.0, self.timeout - (monotonic() - self._started))

    @property
    def last_attempt(self) -> bool:
        """Whether a failure now would be final."""
        return self.attempt >= self.max_attempts
