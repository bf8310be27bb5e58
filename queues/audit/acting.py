"""How calls are recorded: `@audited` on a method says under which word, and which of its arguments may be told.

What is not named is not told, so that a later argument, which may be a payload, is kept out until somebody decides.
Calls of a queue that nobody acts through (`Queue.acting_for`) are not recorded: code that holds the deployment's own
credentials can do all that the queue can, and more, unseen by us.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, Protocol, TypeVar

from queues.audit.entry import Result
from queues.control.job_filter import JobFilter
from queues.errors import JobyardError

if TYPE_CHECKING:
    from queues.audit.trail import Trail

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Acting:
    """In whose name calls are made, and from where."""

    trail: Trail
    tenant: str
    actor: str
    origin: str | None


class _Acts(Protocol):
    @property
    def acting(self) -> Acting | None: ...


S = TypeVar("S", bound=_Acts)
Method = Callable[Concatenate[S, P], Coroutine[Any, Any, R]]


def audited(action: str, target: str | None, *tells: str) -> Callable[[Method[S, P, R]], Method[S, P, R]]:
    """Records a method's calls as `action`: `target` and `tells` are names of its parameters.

    The intent is written before the call and what came of it after; see trail.py.
    """

    def decorate(method: Method[S, P, R]) -> Method[S, P, R]:
        bind = signature(method).bind
        named = {name for name in (target, *tells) if name is not None}
        assert named <= signature(method).parameters.keys(), named

        @wraps(method)
        async def call(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
            acting = self.acting
            if acting is None:
                return await method(self, *args, **kwargs)
            given = bind(self, *args, **kwargs).arguments
            object_ = _plain(given.get(target)) if target is not None else None
            told = {name: plain for name in tells if (plain := _plain(given.get(name))) not in (None, {}, False)}
            trail = acting.trail
            entry = await trail.begin(
                acting.tenant, acting.actor, acting.origin, action, None if object_ is None else str(object_), told
            )
            try:
                result = await method(self, *args, **kwargs)
            except JobyardError as error:
                await trail.end(entry, Result.REFUSED, type(error).__name__)
                raise
            except Exception as error:
                await trail.end(entry, Result.FAILED, type(error).__name__)
                raise
            made = getattr(result, "id", None)
            await trail.end(entry, Result.DONE, made if made != entry.target else None)
            return result

        return call

    return decorate


def _plain(value: Any) -> Any:
    """An argument as it is told: a filter as what it asks for, what has a name as that."""
    if isinstance(value, JobFilter):
        return {name: part for name, part in value.to_json().items() if part not in (None, ())}
    if value is None or isinstance(value, str | int | float | bool):
        return value
    name = getattr(value, "name", None)
    return name if isinstance(name, str) else type(value).__name__
