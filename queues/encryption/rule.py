"""What of a job type is sensitive: all that a job takes, gives and says, or some fields of its data. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import orjson
from pydantic import BaseModel, ValidationError

from queues.errors import InvalidOption

if TYPE_CHECKING:
    from queues.throttle.rule import Key, Limit
    from queues.unique.rule import Unique

#: True: all of it. Names: these fields of data and result; error, note and log, which may quote them, in any case.
Sensitive = bool | tuple[str, ...]


def check_sensitive(sensitive: Sensitive, unique: Unique | None, limits: Iterable[Limit]) -> None:
    """InvalidOption for what is neither, and for keys that would give the data away."""
    if isinstance(sensitive, bool):
        pass
    elif isinstance(sensitive, str) or not isinstance(sensitive, tuple) or not all(sensitive) or not sensitive:
        raise InvalidOption("sensitive", sensitive, "give True, or a tuple of names: sensitive=('card_number',)")
    if unique is not None and sensitive and exposed_by(unique, sensitive):
        raise InvalidOption(
            "unique", unique.mode, "a key made of sensitive data could be guessed from its hash: give a key of your own"
        )
    if sensitive and any(_of_sensitive(limit.key, sensitive) for limit in limits if limit.key is not None):
        raise InvalidOption("limits", "...", "a limit's key could be guessed from its hash: make it of data in clear")


def _of_sensitive(key: Key, sensitive: Sensitive) -> bool:
    # What a function makes its key of is not known.
    return sensitive is True or not isinstance(key, str) or key.split(".")[0] in (sensitive or ())


def check_fields(sensitive: Sensitive, model: type[BaseModel] | None) -> None:
    """InvalidOption for a field that a type's input does not have."""
    if model is None or isinstance(sensitive, bool):
        return
    known = _names(model)
    for name in sensitive:
        if name not in known:
            raise InvalidOption("sensitive", name, f"the data has {', '.join(sorted(known))}")


def exposed_by(unique: Unique, sensitive: Sensitive) -> bool:
    """Whether a key of that rule is made of sensitive data."""
    if unique.key is not None:
        return False
    if sensitive is True or not unique.fields:
        return True
    return any(name.split(".")[0] in (sensitive or ()) for name in unique.fields)


def all_names(sensitive: tuple[str, ...], model: type[BaseModel] | None) -> frozenset[str]:
    """The fields' names and aliases: data may have either."""
    fields = {} if model is None else model.model_fields
    both = {name: field.alias or name for name, field in fields.items()}
    return frozenset(
        {*sensitive, *(n for n, a in both.items() if a in sensitive), *(both.get(n, n) for n in sensitive)}
    )


def split(text: str, names: Iterable[str]) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """A JSON object without those members, and the members; None if it has none of them, or is no object."""
    value = orjson.loads(text)
    if not isinstance(value, dict):
        return None
    held = {name: value.pop(name) for name in names if name in value}
    return (value, held) if held else None


def discreet_faults(error: ValidationError, model: type[BaseModel]) -> list[dict[str, Any]]:
    """pydantic's complaints as {"field", "message"}, without a word of what the data says.

    A field is named if the model has it; what somebody's own check says of a value may quote it.
    """
    known, faults = _names(model), []
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        first = str(fault["loc"][0]) if fault["loc"] else "data"
        kind = fault["type"]
        own = kind in ("value_error", "assertion_error") or "_" not in kind
        faults.append(
            {
                "field": first if first in known else "data",
                "message": "it is refused by the type's own check" if own else f"it is refused: {kind}",
            }
        )
    return faults


def _names(model: type[BaseModel]) -> set[str]:
    return {*model.model_fields, *(field.alias for field in model.model_fields.values() if field.alias)}
