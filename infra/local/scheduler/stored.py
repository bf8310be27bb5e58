"""JSON as it is kept in a column."""

from typing import Any

import orjson

from infra.local.scheduler.errors import invalid


def stored(value: dict[str, Any]) -> str:
    """Raises ValidationException for text with halves of surrogate pairs, which no database and no wire carries."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        raise invalid("The request contains text that is not valid Unicode.") from None
