"""Listings by Marker and MaxItems, as all of Lambda's are. A marker is opaque: where the last page ended, in base64."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from infra.local.lambda_.errors import invalid_parameter

T = TypeVar("T")


def page(
    items: Sequence[T], params: dict[str, Any], most: int, key: Callable[[T], str]
) -> tuple[Sequence[T], dict[str, str]]:
    """The items of the page asked for, at most `most`, and `{"NextMarker": ...}` if there are more.

    `items` are in the order of their keys.
    """
    after = _key_of(params["Marker"]) if params.get("Marker") else None
    rest = [item for item in items if after is None or key(item) > after]
    size = min(params.get("MaxItems", most), most)
    shown = rest[:size]
    return shown, {"NextMarker": _marker_of(key(shown[-1]))} if len(rest) > size else {}


def _marker_of(key: str) -> str:
    return urlsafe_b64encode(key.encode()).decode()


def _key_of(marker: str) -> str:
    try:
        return urlsafe_b64decode(marker).decode()
    except ValueError:
        raise invalid_parameter("Invalid Marker: it is not one that a listing returned.") from None
