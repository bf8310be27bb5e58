"""A table's or an index's keys in one form, whether they come from a definition or from DescribeTable."""

from __future__ import annotations

from collections.abc import Iterable

#: (attribute, HASH or RANGE, type) of each key.
Keys = tuple[tuple[str, str, str], ...]


def keys_of(schema: Iterable[dict[str, str]], definitions: Iterable[dict[str, str]]) -> Keys:
    """From a KeySchema and the AttributeDefinitions, the partition key first."""
    types = {one["AttributeName"]: one["AttributeType"] for one in definitions}
    keys = [(one["AttributeName"], one["KeyType"], types.get(one["AttributeName"], "?")) for one in schema]
    return tuple(sorted(keys, key=lambda key: key[1]))


def words(keys: Keys) -> str:
    """For people: `pk (HASH, S), sk (RANGE, S)`."""
    return ", ".join(f"{name} ({kind}, {letter})" for name, kind, letter in keys) or "none"
