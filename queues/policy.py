"""What an exception means for its job, as the job type's `on_error` and `backoff` say. Decided where the exception is.

That may be a worker process: what comes of it is data (`outcome.Raised`), from which the parent makes the job's fate.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from queues.errors import InvalidOption
from queues.limits import MAX_ERROR_CHARS, MAX_JOB_DELAY_SECONDS
from queues.outcome import Cancel, Cancelled, Discard, Outcome, Raised, raised
from queues.retry import CUSTOM, Backoff

if TYPE_CHECKING:
    from queues.job_options import JobOptions

#: `Discard`: no further attempt. `Cancel`: the job is not wanted any more. A curve: waits of its own.
Action = type[Discard] | type[Cancel] | Backoff
#: An exception's class, or its dotted name, for a library that is not to be imported for it.
Name = type[BaseException] | str
#: Rules in the order in which they were given.
Rules = tuple[tuple[Name, Action], ...]
#: Seconds to wait after so many attempts, the last of which ended with that exception. None: as by default.
CustomBackoff = Callable[[int, BaseException], float | None]


def rules_of(on_error: Mapping[Any, Any] | None) -> Rules:
    """What `@job(on_error=...)` says, checked; InvalidOption."""
    for name, action in (on_error or {}).items():
        if isinstance(name, str):
            if not all(part.isidentifier() for part in name.split(".")) or "." not in name:
                raise InvalidOption("on_error", name, "name an exception as 'package.module.Class'")
        elif not (isinstance(name, type) and issubclass(name, BaseException)):
            raise InvalidOption("on_error", name, "give an exception's class, or its dotted name")
        if action is not Discard and action is not Cancel and not isinstance(action, Backoff):
            raise InvalidOption("on_error", action, "use Discard, Cancel, or a curve such as Fixed(5)")
        if action == CUSTOM:
            raise InvalidOption("on_error", action, "use Fixed, Linear or Exponential")
    return tuple((on_error or {}).items())


def outcome_of(
    error: BaseException, traceback: str | None, options: JobOptions, attempt: int, *, asks_type: bool
) -> Outcome:
    """The outcome of attempt number `attempt`, which raised `error`.

    `asks_type`: the job has no curve of its own, so that its type's function says how long to wait, if it has one.
    """
    outcome = raised(error, traceback)
    if not isinstance(outcome, Raised) or outcome.permanent or outcome.retry_in is not None:
        # The handler itself has said what it wants.
        return outcome
    action = _action(error, options.on_error) if options.on_error else None
    if action is Discard:
        return replace(outcome, permanent=True)
    if action is Cancel:
        return Cancelled(f"{outcome.error.type}: {outcome.error.message}"[:MAX_ERROR_CHARS])
    if isinstance(action, Backoff):
        return replace(outcome, backoff=action)
    if asks_type and options.custom_backoff is not None:
        return _custom(options.custom_backoff, attempt, error, outcome)
    return outcome


def _action(error: BaseException, rules: Rules) -> Action | None:
    """The rule for the nearest of the exception's classes."""
    for each in type(error).__mro__:
        for name, action in rules:
            if name is each or (isinstance(name, str) and _is_called(each, name)):
                return action
    return None


def _is_called(each: type, name: str) -> bool:
    if name == f"{each.__module__}.{each.__qualname__}":
        return True
    # Many libraries offer their exceptions under a shorter name than that of the module in which they are made.
    module, _, attribute = name.rpartition(".")
    return module in sys.modules and getattr(sys.modules[module], attribute, None) is each


def _custom(function: CustomBackoff, attempt: int, error: BaseException, outcome: Raised) -> Raised:
    try:
        seconds = function(attempt, error)
    except Exception as fault:
        print(f"backoff: {type(fault).__name__}: {fault}; the wait is the default one")
        return outcome
    if seconds is None:
        return outcome
    if not isinstance(seconds, int | float) or not math.isfinite(seconds) or seconds < 0:
        print(f"backoff: {seconds!r} is no number of seconds; the wait is the default one")
        return outcome
    return replace(outcome, retry_in=min(float(seconds), MAX_JOB_DELAY_SECONDS))
