"""A template as CloudFormation understands it: conditions decided, parameters in their places. Pure.

What stands for something that only AWS knows, such as another resource's ARN, is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Template = Mapping[str, Any]
Resource = dict[str, Any]

#: What makes a resource what it is. `Metadata` is for tools, and DependsOn an order.
PARTS = ("Type", "Properties", "DeletionPolicy", "UpdateReplacePolicy")
#: `${Name}` and `${Name.Attribute}` in Fn::Sub, but not `${!Literal}`.
_IN_SUB = re.compile(r"\$\{([\w:]+)((?:\.[\w.]+)?)\}")
_NO_VALUE = {"Ref": "AWS::NoValue"}


def resources_of(template: Template, given: Mapping[str, str]) -> dict[str, Resource]:
    """Logical id -> resource, of those whose condition holds.

    `given`: values of parameters, and of pseudo parameters such as AWS::Region; defaults take the place of the others.
    """
    defaults = {name: str(one["Default"]) for name, one in template.get("Parameters", {}).items() if "Default" in one}
    words = _Words(template.get("Conditions", {}), {**defaults, **given})
    return {
        logical_id: words.fill({part: resource[part] for part in PARTS if part in resource})
        for logical_id, resource in template.get("Resources", {}).items()
        if "Condition" not in resource or words.holds(resource["Condition"])
    }


def references(value: Any) -> Iterator[str]:
    """The names that a value refers to: by Ref, Fn::GetAtt or Fn::Sub."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    elif isinstance(value, dict):
        for word, inner in value.items():
            if word == "Ref" and isinstance(inner, str):
                yield inner
            elif word == "Fn::GetAtt":
                yield inner.partition(".")[0] if isinstance(inner, str) else inner[0]
            elif word == "Fn::Sub":
                text, more = (inner, {}) if isinstance(inner, str) else inner
                yield from (name for name, _ in _IN_SUB.findall(text) if name not in more)
                yield from references(more)
            else:
                yield from references(inner)


@dataclass(frozen=True, slots=True)
class _Words:
    conditions: Mapping[str, Any]
    values: Mapping[str, str]

    def holds(self, condition: str) -> bool:
        return self._decide(self.conditions[condition])

    def _decide(self, term: Any) -> bool:
        ((word, inner),) = term.items()
        match word:
            case "Condition":
                return self.holds(inner)
            case "Fn::Equals":
                left, right = (self.fill(side) for side in inner)
                return bool(left == right)
            case "Fn::Not":
                return not self._decide(inner[0])
            case "Fn::And":
                return all(self._decide(one) for one in inner)
            case "Fn::Or":
                return any(self._decide(one) for one in inner)
        raise ValueError(f"{word} is no word of a condition")

    def fill(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.fill(item) for item in value if not self._is_nothing(item)]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            ((word, inner),) = value.items()
            if word == "Ref" and inner in self.values:
                return self.values[inner]
            if word == "Fn::If":
                return self.fill(inner[1] if self.holds(inner[0]) else inner[2])
            if word == "Fn::Sub" and isinstance(inner, str):
                text = _IN_SUB.sub(self._fill_in, inner)
                return {word: text} if "${" in text else text
        return {name: self.fill(inner) for name, inner in value.items() if not self._is_nothing(inner)}

    def _fill_in(self, found: re.Match[str]) -> str:
        name, attribute = found.groups()
        return found[0] if attribute else self.values.get(name, found[0])

    def _is_nothing(self, value: Any) -> bool:
        if isinstance(value, dict) and len(value) == 1 and "Fn::If" in value:
            condition, then, otherwise = value["Fn::If"]
            return self._is_nothing(then if self.holds(condition) else otherwise)
        return bool(value == _NO_VALUE)
