"""How long to wait before the next attempt. Pure: the random number is handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from queues.errors import InvalidOption

#: Seconds: no curve waits longer than this unless its own cap says so.
DEFAULT_CAP = 3_600.0
#: The share of a wait that is drawn at random, so that jobs that failed together do not return together.
DEFAULT_JITTER = 0.1

Curve = Literal["fixed", "linear", "exponential", "custom"]


@dataclass(frozen=True, slots=True)
class Backoff:
    """A wait as a function of the number of attempts made.

    `delay` is the first wait in seconds; `factor` multiplies it for each further attempt (exponential only);
    `cap` bounds it in seconds; `jitter` (0 to 1) is the share by which it may be shortened at random.
    Use `Fixed`, `Linear` or `Exponential` to make one. `custom` is that of a type whose own function says how long to
    wait after an exception (`@job(backoff=...)`); where it is not asked or says nothing, it is the default curve.
    """

    curve: Curve
    delay: float
    factor: float = 2.0
    cap: float = DEFAULT_CAP
    jitter: float = DEFAULT_JITTER

    def __post_init__(self) -> None:
        if self.curve not in ("fixed", "linear", "exponential", "custom"):
            raise InvalidOption("backoff.type", self.curve, "use 'fixed', 'linear' or 'exponential'")
        if not 0 <= self.delay <= 365 * 86_400:
            raise InvalidOption("backoff.delay", self.delay, "give 0 or more seconds, a year at most")
        if not 1 <= self.factor <= 100:
            raise InvalidOption("backoff.factor", self.factor, "give a factor from 1 to 100")
        if not 0 <= self.jitter <= 1:
            raise InvalidOption("backoff.jitter", self.jitter, "give a share from 0 to 1")
        if self.cap < 0:
            raise InvalidOption("backoff.cap", self.cap, "give 0 or more seconds")

    def wait(self, attempts: int, random: float) -> float:
        """Seconds to wait after `attempts` attempts (1 or more); `random` is uniform in [0, 1)."""
        return min(self._raw(attempts), self.cap) * (1 - self.jitter * random)

    def _raw(self, attempts: int) -> float:
        if self.curve == "fixed":
            return self.delay
        if self.curve == "linear":
            return self.delay * attempts
        try:
            return self.delay * self.factor ** (attempts - 1)
        except OverflowError:
            return self.cap

    def to_json(self) -> dict[str, Any]:
        """The form that the HTTP API and a job's row use; durations in milliseconds."""
        return {
            "type": self.curve,
            "delay": round(self.delay * 1000),
            "factor": self.factor,
            "cap": round(self.cap * 1000),
            "jitter": self.jitter,
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Backoff:
        """Reads `to_json`'s form; all but `type` and `delay` may be absent."""
        return cls(
            value["type"],
            value["delay"] / 1000,
            value.get("factor", 2.0),
            value.get("cap", DEFAULT_CAP * 1000) / 1000,
            value.get("jitter", DEFAULT_JITTER),
        )


#: The curve of a job whose type has a function for it.
CUSTOM = Backoff("custom", 2.0)


def Fixed(delay: float, *, jitter: float = DEFAULT_JITTER) -> Backoff:  # noqa: N802 - reads as a curve's name
    """The same wait each time: `delay` seconds."""
    return Backoff("fixed", delay, cap=max(delay, DEFAULT_CAP), jitter=jitter)


def Linear(  # noqa: N802 - reads as a curve's name
    delay: float, *, cap: float = DEFAULT_CAP, jitter: float = DEFAULT_JITTER
) -> Backoff:
    """`delay`, 2 `delay`, 3 `delay` ... seconds, up to `cap`."""
    return Backoff("linear", delay, cap=cap, jitter=jitter)


def Exponential(  # noqa: N802 - reads as a curve's name
    delay: float, factor: float = 2.0, *, cap: float = DEFAULT_CAP, jitter: float = DEFAULT_JITTER
) -> Backoff:
    """`delay`, `delay` x `factor`, `delay` x `factor`^2 ... seconds, up to `cap`."""
    return Backoff("exponential", delay, factor, cap, jitter)
