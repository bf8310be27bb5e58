"""Old data, new code: what becomes of a job that was enqueued before its type's input model was changed. Pure.

A job type says which version of its input it takes, and how to bring older data up to it, one version at a time:

    def in_millimetres(old: dict[str, Any]) -> dict[str, Any]:
        return {"size": old["size_cm"] * 10}

    @job("cut", version=2, upcasts={1: in_millimetres})

A job's row says which version its data was written with; a row that says nothing has version 1, as has a job type.

    the row's version is          what happens
    the type's own                the data goes to the model as it is
    older                         the steps from that version on are applied in order, then the model checks the result
    older, and a step is missing  the job fails for good: what cannot be read now cannot be read later
    newer                         the code is older than the data, as in a rolling deployment or after a rollback: the
                                  job is handed back, and runs when newer code meets it (`outcome.Newer`)

A step gets plain JSON values, may change them in place, and returns plain JSON values. It must neither wait nor look
at anything else: it runs anew with each attempt, and the row keeps the data as it was sent.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from queues.errors import CannotUpcast, InvalidOption

#: The version of data whose row names none, and of job types that say nothing.
FIRST_VERSION = 1

#: Data of one version -> the same in the shape of the next.
Upcast = Callable[[Any], Any]


def check_upcasts(version: int, upcasts: Mapping[int, Upcast]) -> None:
    """InvalidOption unless the steps lead to `version` without a gap.

    The oldest may be left out once no job is left that has its version; the last may not.
    """
    if isinstance(version, bool) or not isinstance(version, int) or version < FIRST_VERSION:
        raise InvalidOption("version", version, f"give a whole number from {FIRST_VERSION} on")
    for start, step in upcasts.items():
        if isinstance(start, bool) or not isinstance(start, int) or not FIRST_VERSION <= start < version:
            raise InvalidOption("upcasts", start, f"a step starts from a version below {version}, the type's own")
        if not callable(step) or inspect.iscoroutinefunction(step):
            raise InvalidOption("upcasts", step, f"the step from version {start} must be a plain function of the data")
    wanted = range(min(upcasts, default=version - 1), version)
    for start in wanted:
        if start >= FIRST_VERSION and start not in upcasts:
            raise InvalidOption(
                "upcasts", sorted(upcasts), f"there is no step from version {start} to {start + 1}; write one"
            )


def upcast(type_name: str, data_json: str | bytes, version: int, to: int, upcasts: Mapping[int, Upcast]) -> bytes:
    """Data of `version`, older than `to`, as JSON text of version `to`; CannotUpcast names the step that failed."""
    data = orjson.loads(data_json)
    for start in range(version, to):
        step = upcasts.get(start)
        if step is None:
            raise CannotUpcast(type_name, version, to, f"there is no step from version {start} any more")
        try:
            data = step(data)
        except Exception as error:
            raise CannotUpcast(type_name, version, to, f"{_step(start, step)} raised {_words(error)}") from error
    try:
        return orjson.dumps(data)
    except TypeError as error:
        raise CannotUpcast(type_name, version, to, f"what the steps made is not JSON: {error}") from None


def _step(start: int, step: Upcast) -> str:
    return f"the step from version {start}, {getattr(step, '__qualname__', repr(step))},"


def _words(error: Exception) -> str:
    try:
        return f"{type(error).__name__}: {error}"
    except Exception:
        return type(error).__name__
