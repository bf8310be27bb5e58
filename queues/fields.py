"""Parts of a job's data by name, with dots for parts of parts: `customer.id`. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel


class NoSuchField(LookupError):
    """The data has no field of that name."""


def plain(data: Any) -> Any:
    """Data as read by its type, as JSON values under the names that callers use; defaults included."""
    return data.model_dump(mode="json", by_alias=True) if isinstance(data, BaseModel) else data


def field_of(data: Any, name: str) -> Any:
    """The part of that name, be it a field's own or its alias. NoSuchField."""
    if isinstance(data, BaseModel):
        named = data.model_dump(mode="json")
        return _at(named if name.split(".")[0] in named else plain(data), name)
    return _at(data, name)


def _at(value: Any, name: str) -> Any:
    for part in name.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise NoSuchField(name)
        value = value[part]
    return value


def check_field(model: type[BaseModel] | None, name: str) -> str | None:
    """The names that a type's input has, as a sentence, if this is none of them; None if it is, or may be."""
    if model is None:
        return None
    known = {*model.model_fields, *(field.alias for field in model.model_fields.values() if field.alias)}
    return None if name.split(".")[0] in known else f"the data has {', '.join(sorted(known))}"
