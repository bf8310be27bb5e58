"""Which functions may be run by their names: those of `JOBYARD_TASKS`, and those that code marks or lists.

None, unless somebody says so. The list is looked at before a module is imported, at the door and again in the worker,
which has an environment of its own: a job that waits when its function is taken off the list is refused there.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from queues.errors import Misconfigured
from queues.tasks.names import ALL, Function, parse, parse_entry

SETTING = "JOBYARD_TASKS"

F = TypeVar("F", bound=Callable[..., Any])

_MARKED: dict[Function, Callable[..., Any]] = {}
_LISTED: set[Function] = set()


class NotAllowed(ValueError):
    """A name that is not on the allow-list; the sentence says how it would come there."""


def task(function: F) -> F:
    """Lets a function of a module be run as a task, by the name `package.module:function`.

    It must be imported wherever tasks are enqueued or run: name its module in `JOBYARD_JOBS`. ValueError for what has
    no such name, such as a function inside a function.
    """
    found = parse(f"{function.__module__}:{function.__qualname__}")
    assert isinstance(found, Function)
    _MARKED[found] = function
    return function


def allow(*entries: str) -> None:
    """Lists functions in code, as `JOBYARD_TASKS` does: `allow("shop.reports:monthly", "shop.mail:*")`.

    Call it in a module of `JOBYARD_JOBS`, so that the list is the same in every process. ValueError for what is no
    entry.
    """
    _LISTED.update(map(parse_entry, entries))


def marked(function: Function) -> Callable[..., Any] | None:
    """What `@task` has marked under that name."""
    return _MARKED.get(function)


def check_allowed(function: Function) -> None:
    """NotAllowed unless the list has the function, or all of its module. Imports nothing."""
    if function in _MARKED:
        return
    entries = _LISTED | allowed_entries()
    if function in entries or Function(function.module, ALL) in entries:
        return
    name = f"{function.module}:{function.name}"
    listed = "is not on the list" if entries else "no function is, unless it is listed"
    raise NotAllowed(f"{name!r} may not be run: {listed}; add it to {SETTING}, or mark the function with @task")


def listed_exactly(function: Function) -> bool:
    """Whether the list has this very function, not only all of its module."""
    return function in _LISTED or function in allowed_entries()


def allowed_entries() -> frozenset[Function]:
    """The entries of `JOBYARD_TASKS`; Misconfigured for one that cannot be read."""
    return _entries(os.environ.get(SETTING, ""))


@lru_cache(maxsize=8)
def _entries(text: str) -> frozenset[Function]:
    try:
        return frozenset(parse_entry(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise Misconfigured(f"{SETTING}: {error}") from None
