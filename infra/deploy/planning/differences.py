"""Two values of a template, compared property by property. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

#: Stands for a value that one side does not have.
ABSENT: Any = object()
#: Paths whose values are not shown: what functions find in their environment, and what sounds like a secret.
_PRIVATE = re.compile(r"Environment\.Variables\b|secret|password|token|private|credential", re.IGNORECASE)
#: Characters of a value that are shown.
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """A property that is not what it was."""

    #: From the resource's properties on: `ScalingConfig.MaximumConcurrency`, `Policies[0].PolicyName`.
    path: str
    #: As text, shortened; None: there is none, or it is nobody's business.
    before: str | None = None
    after: str | None = None
    #: The resource whose replacement is the reason, where nothing else is.
    because: str | None = None

    @property
    def top(self) -> str:
        """The property of the resource itself."""
        return re.split(r"[.\[]", self.path, maxsplit=1)[0]


def differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """What must be set for `before` to become `after`. Of lists of different lengths the items that are gone and those
    that are new are told, not their places."""
    if before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict) and not _is_word(before) and not _is_word(after):
        for name in sorted({*before, *after}):
            inner = f"{path}.{name}" if path else name
            yield from differences(before.get(name, ABSENT), after.get(name, ABSENT), inner)
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for number, (left, right) in enumerate(zip(before, after, strict=True)):
            yield from differences(left, right, f"{path}[{number}]")
    elif _PRIVATE.search(path):
        yield Difference(path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from (Difference(path, _text(item)) for item in before if item not in after)
        yield from (Difference(path, None, _text(item)) for item in after if item not in before)
    else:
        yield Difference(path, _text(before), _text(after))


def _is_word(value: dict[str, Any]) -> bool:
    """Whether it is one of CloudFormation's own, such as {"Ref": ...}, which is one value and not a structure."""
    return len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))


def _text(value: Any) -> str | None:
    if value is ABSENT:
        return None
    text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
