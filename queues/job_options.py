"""The options of a job type, which `@job` takes and the rest reads: their defaults and bounds. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, get_args

from queues import limits
from queues.encryption.rule import Sensitive, check_sensitive
from queues.errors import InvalidOption
from queues.policy import CustomBackoff, Rules
from queues.priorities.levels import Level, Levels
from queues.retry import Backoff, Exponential
from queues.throttle.rule import Limit, check_limits
from queues.unique.rule import Unique

#: Seconds for which ended jobs are kept, unless their type says otherwise.
KEEP_COMPLETED = 7 * 86_400.0
KEEP_FAILED = 30 * 86_400.0
#: Ended jobs that a type may be told to keep: counting them means walking past them.
MAX_KEPT = 10_000_000
#: Megabytes of memory of a type's Lambda function, unless the type says otherwise.
DEFAULT_MEMORY = 512
#: Jobs of a type that run at once, unless the type or its levels of priority say otherwise.
DEFAULT_CONCURRENCY = 10
#: Where a deployment runs the jobs of a type: in a Lambda function, or in long-running workers (`jobyard work`) alone.
RunsOn = Literal["lambda", "worker"]


@dataclass(frozen=True, slots=True)
class JobOptions:
    """How jobs of one type are run. Durations in seconds."""

    #: Starts before a job fails for good.
    attempts: int = 3
    backoff: Backoff = field(default_factory=lambda: Exponential(2))
    #: An attempt that runs longer is stopped.
    timeout: float = 60.0
    #: Messages handed to one invocation at the most. An invocation lasts as long as its slowest job, so more than one
    #: is for jobs that are short: it saves Lambda invocations.
    batch_size: int = 1
    #: How long a batch may be gathered.
    batching_window: float = 0.0
    #: Jobs of this type that run at once in one deployment.
    concurrency: int = DEFAULT_CONCURRENCY
    #: How long ended jobs are kept.
    keep_completed: float = KEEP_COMPLETED
    keep_failed: float = KEEP_FAILED
    #: How many of them a tenant keeps at the most, the newest; None: any number. Cancelled jobs are counted apart, by
    #: `max_completed` (cleaning/rule.py).
    max_completed: int | None = None
    max_failed: int | None = None
    #: Megabytes that the type's Lambda function has; its share of a processor grows with them.
    memory: int = DEFAULT_MEMORY
    #: Extras of pyproject.toml that the type's Lambda function is packaged with.
    extras: tuple[str, ...] = ()
    #: `worker`: a deployment has no Lambda function for the type, and `timeout` may be longer than one could run.
    runs_on: RunsOn = "lambda"
    #: Seconds between the request to cancel a running job and the end of an attempt that does not heed it.
    cancel_grace: float = 10.0
    #: What exceptions mean (policy.py), and how long to wait after one, if the type has a function for it.
    on_error: Rules = ()
    custom_backoff: CustomBackoff | None = None
    #: One job for one key (unique/rule.py), unless a job has an id or a key of its own.
    unique: Unique | None = None
    #: How many of its jobs run at once, and start in a time (throttle/rule.py).
    limits: tuple[Limit, ...] = ()
    #: A queue for each level of priority (priorities/levels.py); None: one queue for all.
    priorities: Levels | None = None

    #: What is encrypted before it is written anywhere (encryption/rule.py): all, or some fields.
    sensitive: Sensitive = False

    @property
    def on_lambda(self) -> bool:
        """Whether a deployment has a Lambda function for the type."""
        return self.runs_on == "lambda"

    def attempts_of(self, priority: int) -> int:
        """Starts before a job of that priority fails for good, if it does not say so itself."""
        if self.priorities is None:
            return self.attempts
        return self.priorities.of(priority).attempts or self.attempts

    def level_concurrency(self, level: Level) -> int:
        """Jobs of a level that run at once at the most."""
        return min(self.concurrency, level.concurrency or self.concurrency)

    @property
    def most_attempts(self) -> int:
        """Of all its levels."""
        return max([self.attempts_of(level.first) for level in self.priorities or ()], default=self.attempts)

    def __post_init__(self) -> None:
        check_attempts(self.attempts)
        if self.runs_on not in get_args(RunsOn):
            raise InvalidOption("runs_on", self.runs_on, "use 'lambda' or 'worker'")
        if self.runs_on == "worker":
            _within("timeout", self.timeout, 0.05, limits.MAX_WORKER_TIMEOUT_SECONDS, "seconds")
        elif self.timeout > limits.MAX_TIMEOUT_SECONDS:
            cure = f"give up to {limits.MAX_TIMEOUT_SECONDS} seconds, or have its jobs run in workers: runs_on='worker'"
            raise InvalidOption("timeout", self.timeout, cure)
        else:
            check_timeout(self.timeout)
        _within("batch_size", self.batch_size, 1, limits.MAX_BATCH_SIZE, "messages")
        _within("batching_window", self.batching_window, 0, limits.MAX_BATCHING_WINDOW_SECONDS, "seconds")
        _within("concurrency", self.concurrency, 1, 10 * limits.MAX_CONCURRENCY, "jobs")
        _within("cancel_grace", self.cancel_grace, 0, limits.MAX_TIMEOUT_SECONDS, "seconds")
        _within("keep_completed", self.keep_completed, 60, 10 * 365 * 86_400, "seconds")
        _within("keep_failed", self.keep_failed, 60, 10 * 365 * 86_400, "seconds")
        for name, most in (("max_completed", self.max_completed), ("max_failed", self.max_failed)):
            if most is not None:
                _within(name, most, 0, MAX_KEPT, "jobs, or None for any number")
        _within("memory", self.memory, limits.MIN_MEMORY_MB, limits.MAX_MEMORY_MB, "megabytes")
        if isinstance(self.extras, str):
            raise InvalidOption("extras", self.extras, f"give a tuple of names: extras=({self.extras!r},)")
        if self.batch_size > limits.BATCH_SIZE_WITHOUT_WINDOW and self.batching_window < 1:
            raise InvalidOption("batch_size", self.batch_size, "more than 10 need a batching_window of 1 s or more")
        if self.unique is not None:
            self.unique.check_kept(self)
        check_limits(self.limits)
        if self.sensitive is not False:
            check_sensitive(self.sensitive, self.unique, self.limits)


def _within(name: str, value: float, low: float, high: float, unit: str) -> None:
    if isinstance(value, bool) or not low <= value <= high:
        raise InvalidOption(name, value, f"give {low:g} to {high:g} {unit}")


def check_attempts(attempts: int) -> int:
    """The number if a job may have so many attempts, else InvalidOption."""
    _within("attempts", attempts, 1, limits.MAX_ATTEMPTS, "attempts")
    return attempts


def check_timeout(timeout: float) -> float:
    """The seconds if an attempt may run that long, else InvalidOption."""
    _within("timeout", timeout, 0.05, limits.MAX_TIMEOUT_SECONDS, "seconds")
    return timeout
