"""From a task's name to what is called. The allow-list comes first: a module that is not on it is never imported."""

from __future__ import annotations

import difflib
import importlib
import inspect
from collections.abc import Callable
from typing import Any

from queues.jobtype import JobType
from queues.tasks.allowed import NotAllowed, check_allowed, listed_exactly, marked
from queues.tasks.names import Function, Method, parse
from queues.tasks.services import find_service


class NotImportable(Exception):
    """The module of an allowed function cannot be imported in this process; another process may have it."""


def find(name: str) -> Callable[..., Any]:
    """What the name stands for, ready to be called: NotAllowed, NotImportable, or ValueError for what is not there."""
    named = parse(name)
    if isinstance(named, Method):
        return find_service(named).bound(named.name)
    check_allowed(named)
    return marked(named) or _of_module(named)


def check(name: str) -> None:
    """NotAllowed, or ValueError, if the name can be of no use; imports nothing, and makes no service."""
    named = parse(name)
    if isinstance(named, Method):
        find_service(named)
    else:
        check_allowed(named)


def signature_of(name: str) -> inspect.Signature | None:
    """What the task takes, as far as this process can tell. Makes no service. NotImportable, ValueError."""
    named = parse(name)
    if isinstance(named, Method):
        return find_service(named).signature(named.name)
    try:
        return inspect.signature(find(name), eval_str=False)
    except TypeError:
        return None
    except ValueError as error:
        if isinstance(error, NotAllowed) or "no signature found" not in str(error):
            raise
        # Some functions that are written in C do not say.
        return None


def _of_module(named: Function) -> Callable[..., Any]:
    """The function, if it is the module's own or its to give.

    What a module has only because it imported it (`from os import system`) is not: that takes an entry of its own in
    the list, or the module's `__all__`.
    """
    try:
        module = importlib.import_module(named.module)
    except (Exception, SystemExit) as error:
        raise NotImportable(f"{named.module} cannot be imported: {type(error).__name__}: {error}") from error
    members = vars(module)
    found = members.get(named.name)
    if isinstance(found, JobType):
        raise ValueError(f"{named.module}:{named.name} is the job type {found.name!r}; enqueue that")  # noqa: TRY004
    if not inspect.isroutine(found):
        functions = [name for name, value in members.items() if inspect.isroutine(value) and name[0] != "_"]
        near = difflib.get_close_matches(named.name, functions, n=1)
        cure = f"did you mean {near[0]!r}?" if near else "name one of its functions"
        raise ValueError(f"{named.module} has no function {named.name!r}; {cure}")
    exported = getattr(module, "__all__", ())
    if getattr(found, "__module__", None) != named.module and named.name not in exported and not listed_exactly(named):
        raise NotAllowed(
            f"{named.module}:{named.name} is not defined in {named.module}, which only imports it; list it by name, "
            "or put it into the module's __all__"
        )
    return found
