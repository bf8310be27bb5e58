"""What one embedded operation sees of the world: a transaction, the time, and who asks."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra.local.lambda_.functions import Function

#: Runs a further operation of the engine's own, in a transaction of its own.
Submit = Callable[["Operation", dict[str, Any]], Awaitable[dict[str, Any]]]

#: Work outside any transaction, such as a function's invocation.
Errand = Callable[[Submit], Awaitable[None]]


def _wake_nobody(key: Hashable) -> None:
    """The default of `Request.wake`: nobody is waiting."""


def _no_alarm(at: int) -> None:
    """The default of `Request.alarm`: nothing ticks."""


def _no_errands(errand: Errand) -> None:
    raise RuntimeError("this request cannot start work in the background")


@dataclass(slots=True)
class Request:
    """Handed to each operation; valid only while that operation runs."""

    #: Inside the group's open transaction; rows are tuples.
    db: sqlite3.Connection
    #: Epoch milliseconds by the engine's clock; the same for a whole group.
    now: int
    #: The region that the caller signed for; queues and tables of two regions never meet.
    region: str
    #: The twelve-digit account.
    account: str
    #: Scheme, host and port that the caller used; queue URLs begin with it.
    endpoint: str
    #: A fresh UUID-shaped string.
    new_id: Callable[[], str]
    #: Registers something to do once the group is committed, such as waking a long poll.
    after_commit: Callable[[Callable[[], None]], None]
    #: Lets one call that waits on this key run again once the group is committed.
    wake: Callable[[Hashable], None] = _wake_nobody
    #: Epoch milliseconds at which the call came in: before `now` when it has waited.
    arrived: int = 0
    #: What can be read again from the tables, kept in memory between calls. The engine empties it
    #: whenever a group is rolled back, so it never says more than the database does.
    cache: dict[Any, Any] = field(default_factory=dict)
    #: Asks that the services' ticks run not later than at this time (epoch milliseconds).
    alarm: Callable[[int], None] = _no_alarm
    #: Starts an errand once the group is committed; it is cancelled when the engine closes, so what must survive
    #: that is written down first.
    spawn: Callable[[Errand], None] = _no_errands
    #: The Lambda functions that this process can run, by name.
    functions: Mapping[str, Function] = field(default_factory=dict)
    #: Whether the caller is this process's own core, whose values are legal and canonical: see `Engine.call`.
    trusted: bool = False
    #: The engine's `scheduler_precision`, in milliseconds.
    precision: int = 0


@dataclass(frozen=True, slots=True)
class Wait:
    """An operation's answer that it has nothing yet: run the call again when `key` is woken.

    The operation decides by itself when it has waited long enough, by `Request.arrived`.
    """

    #: What `Request.wake` is called with when something changes.
    key: Hashable
    #: Epoch milliseconds at which to run again at the latest.
    deadline: int
    #: Epoch milliseconds at which there will be something unless things change; None when nothing is in sight.
    due: int | None


@dataclass(frozen=True, slots=True)
class Later:
    """An operation's answer that something outside the transaction must be done first.

    `run` is awaited once the group is committed; what it returns, or the `AwsError` that it raises, is the reply.
    """

    run: Callable[[], Awaitable[dict[str, Any]]]


#: An operation: checks everything, then writes, then answers a boto-shaped reply without ResponseMetadata.
Operation = Callable[[Request, dict[str, Any]], dict[str, Any] | Wait | Later]
