"""Results of other steps in a step's data: found, and put in. Pure.

A reference is an object with the one key `$result`, whose value is a step's name; anything else is data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from queues.flows.flow import PREVIOUS, Result

KEY = "$result"
#: What stands for the flow itself in the data of `on_end`.
SUMMARY = {"$flow": "summary"}


def reference(name: str) -> dict[str, str]:
    """A reference as JSON has it."""
    return {KEY: name}


def references(data: Any) -> Iterator[str]:
    """The names of the steps that plain JSON values refer to."""
    if isinstance(data, Mapping):
        name = _name(data)
        if name is not None:
            yield name
        else:
            for value in data.values():
                yield from references(value)
    elif isinstance(data, list | tuple):
        for value in data:
            yield from references(value)


def has_data(data: Any) -> bool:
    """Whether plain JSON values hold anything but references."""
    if isinstance(data, Mapping):
        return _name(data) is None and data != SUMMARY and any(map(has_data, data.values()))
    if isinstance(data, list | tuple):
        return any(map(has_data, data))
    return data is not None


def written(data: Any, previous: Sequence[str], rename: Callable[[str], str]) -> Any:
    """Data as plain values: each Result as a reference, by the name that the step has in the whole flow."""
    if isinstance(data, Result):
        return _named(data.step, previous, rename)
    if isinstance(data, Mapping):
        name = _name(data)
        if name is not None:
            return _named(name, previous, rename)
        return {key: written(value, previous, rename) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [written(value, previous, rename) for value in data]
    return data


def filled(data: Any, results: Mapping[str, Any], summary: Mapping[str, Any] | None = None) -> Any:
    """Data with each reference replaced by the result, and the flow's summary put in, if there is one."""
    if isinstance(data, Mapping):
        name = _name(data)
        if name is not None:
            return results.get(name)
        if summary is not None and data == SUMMARY:
            return dict(summary)
        return {key: filled(value, results, summary) for key, value in data.items()}
    if isinstance(data, list):
        return [filled(value, results, summary) for value in data]
    return data


def _named(name: str, previous: Sequence[str], rename: Callable[[str], str]) -> Any:
    if name != PREVIOUS:
        return reference(rename(name))
    if len(previous) == 1:
        return reference(previous[0])
    return [reference(one) for one in previous]


def _name(data: Mapping[Any, Any]) -> str | None:
    value = data.get(KEY) if len(data) == 1 else None
    return value if isinstance(value, str) else None
