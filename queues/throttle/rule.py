"""What a job type may limit: how many of its jobs run at once, and how many start in any window of time. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal, get_args

from pydantic import BaseModel

from queues.errors import InvalidOption
from queues.fields import check_field

#: Whose jobs count together: all of the type, those of a tenant, or those of a tenant that have the same key.
Per = Literal["type", "tenant", "key"]
#: A field of the data, with dots for parts of parts, or a function of the data as the handler gets it.
Key = str | Callable[[Any], Any]

#: Jobs that may run at once under one limit: each takes some 80 bytes of one DynamoDB item, which is paid by the KB.
MAX_CONCURRENT = 1_000
#: Starts that a window may have.
MAX_STARTS = 1_000_000
#: Milliseconds of a window, at least and at the most (31 days).
MIN_PERIOD, MAX_PERIOD = 100, 31 * 86_400_000


@dataclass(frozen=True, slots=True)
class Concurrency:
    """At most `limit` jobs run at once; with a `key`, at most so many of each key in each tenant.

    A job whose process died counts until its lease is over.
    """

    limit: int
    per: Per | None = None
    key: Key | None = None

    def __post_init__(self) -> None:
        _check("concurrency", self.limit, MAX_CONCURRENT)
        object.__setattr__(self, "per", _per(self.per, self.key))

    @property
    def ident(self) -> str:
        """What tells it from the type's other limits, in its rows' keys."""
        return f"concurrency{_of_key(self.key)}"


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` jobs start in any window of `period` (a timedelta or seconds), attempts after the first included.

    They may all start at once. For a steadier flow add a second Rate of a shorter period.
    """

    limit: int
    period: timedelta | float
    per: Per | None = None
    key: Key | None = None

    def __post_init__(self) -> None:
        _check("rate", self.limit, MAX_STARTS)
        if not MIN_PERIOD <= self.period_ms <= MAX_PERIOD:
            raise InvalidOption("period", self.period, "give 0.1 seconds to 31 days")
        object.__setattr__(self, "per", _per(self.per, self.key))

    @property
    def period_ms(self) -> int:
        """The window in milliseconds."""
        seconds = self.period.total_seconds() if isinstance(self.period, timedelta) else self.period
        return round(seconds * 1000)

    @property
    def ident(self) -> str:
        """What tells it from the type's other limits, in its rows' keys."""
        return f"rate-{self.period_ms}{_of_key(self.key)}"


Limit = Concurrency | Rate


def _check(name: str, limit: int, most: int) -> None:
    if isinstance(limit, bool) or not isinstance(limit, int) or not 1 <= limit <= most:
        raise InvalidOption(f"{name}.limit", limit, f"give a whole number from 1 to {most:,}")


def _per(per: Per | None, key: Key | None) -> Per:
    if per is not None and per not in get_args(Per):
        raise InvalidOption("per", per, "use 'type', 'tenant' or 'key'")
    if per == "key" and key is None:
        raise InvalidOption("per", per, "name the field: key='customerId', or give a function of the data")
    if key is not None and per in ("type", "tenant"):
        raise InvalidOption("key", key, f"a limit per {per} has none; leave one of the two out")
    if key == "":
        raise InvalidOption("key", key, "name a field of the data")
    return per or ("type" if key is None else "key")


def key_name(key: Key) -> str:
    """A key's name: the field, or the function's."""
    return key if isinstance(key, str) else f"{key.__module__}.{key.__qualname__}"


def _of_key(key: Key | None) -> str:
    return "" if key is None else f"-{key_name(key)}"


def check_limits(limits: tuple[Limit, ...]) -> None:
    """InvalidOption for what is no limit, or for two that would be counted in the same row."""
    seen: set[tuple[Per | None, str]] = set()
    for one in limits:
        if not isinstance(one, Concurrency | Rate):
            raise InvalidOption("limits", one, "give Concurrency(...) and Rate(...)")
        if (one.per, one.ident) in seen:
            raise InvalidOption("limits", describe(one), "there are two of this kind; keep the narrower one")
        seen.add((one.per, one.ident))


def check_keys(limits: tuple[Limit, ...], model: type[BaseModel] | None) -> None:
    """InvalidOption for a key that a type's input does not have."""
    for one in limits:
        if isinstance(one.key, str) and (cure := check_field(model, one.key)) is not None:
            raise InvalidOption("limits.key", one.key, cure)


def describe(limit: Limit) -> str:
    """The limit in words: "5 at once per tenant"."""
    whose = {"type": "", "tenant": " per tenant", "key": f" per {key_name(limit.key)}" if limit.key else ""}
    what = "at once" if isinstance(limit, Concurrency) else f"in {limit.period_ms / 1000:g} s"
    return f"{limit.limit} {what}{whose[limit.per or 'type']}"
