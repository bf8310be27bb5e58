"""What members, items and entries are called in the query protocol: by the service's model, or SQS's own table."""

from dataclasses import dataclass
from typing import Any

from infra.local.protocols.sqs_names import ENTRIES, sqs_name


@dataclass(frozen=True, slots=True)
class Names:
    """The names of one service."""

    service: str

    def member(self, name: str, shape: Any) -> str:
        """What a structure's member is called."""
        own = sqs_name(shape) if self.service == "sqs" else None
        if own is not None:
            return own
        serialization = shape.serialization
        if shape.type_name == "list" and serialization.get("flattened"):
            # A flattened list has the name of its items.
            return str(shape.member.serialization.get("name", serialization.get("name", name)))
        return str(serialization.get("name", name))

    def item(self, shape: Any) -> str | None:
        """What a list's items are called between the list's name and their number; None where it is flattened."""
        if shape.serialization.get("flattened"):
            return None
        return str(shape.member.serialization.get("name", "member"))

    def entry(self, shape: Any) -> tuple[str | None, str, str]:
        """What a map's entries (None where it is flattened), their keys and their values are called."""
        if self.service == "sqs":
            _, key, value = ENTRIES[shape.name]
            return None, key, value
        key = str(shape.key.serialization.get("name", "key"))
        value = str(shape.value.serialization.get("name", "value"))
        return None if shape.serialization.get("flattened") else "entry", key, value
