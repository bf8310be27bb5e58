"""A stack as it is and as it would be, compared resource by resource: the plan. Pure.

A replacement spreads: what refers to a replaced resource changes, and is replaced itself if it does so in a property
that can only be given at the creation. So the plan is looked for again until no further resource is replaced.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from infra.deploy.planning.differences import Difference, differences
from infra.deploy.planning.kinds import KINDS, holds
from infra.deploy.planning.template import Resource, Template, references, resources_of

FUNCTION = "AWS::Lambda::Function"
#: Values of DeletionPolicy and UpdateReplacePolicy with which AWS keeps what the stack lets go of.
KEEPING = ("Retain", "RetainExceptOnCreate", "Snapshot")


class Action(StrEnum):
    """What becomes of a resource."""

    CREATE = "create"
    CHANGE = "change"
    REPLACE = "replace"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack as it is deployed, or as a template would make it."""

    template: Template
    #: Values of its parameters, where they are not the defaults; and of pseudo parameters.
    parameters: Mapping[str, str] = field(default_factory=dict)
    #: Logical id of a function -> SHA-256 of its zip, in base64. It stands for the place of the zip, which is another
    #: one at each deployment.
    code: Mapping[str, str] = field(default_factory=dict)

    def resources(self) -> dict[str, Resource]:
        """Logical id -> resource, with each function's code as its hash."""
        found = resources_of(self.template, self.parameters)
        for logical_id, resource in found.items():
            if resource["Type"] == FUNCTION:
                properties = resource.get("Properties", {})
                found[logical_id] = resource | {"Properties": properties | {"Code": self.code.get(logical_id)}}
        return found


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one resource."""

    action: Action
    logical_id: str
    #: Such as AWS::SQS::Queue.
    kind: str
    #: On AWS, where the template says it.
    name: str | None
    differences: tuple[Difference, ...] = ()
    #: It is changed, and CloudFormation may decide to replace it.
    perhaps_replaced: bool = False
    #: What is lost with the one that is replaced or removed; None if nothing is.
    loses: str | None = None
    #: The one that is replaced or removed stays on AWS, without a stack.
    kept: bool = False
    #: Why CloudFormation will refuse it, and the cure.
    obstacle: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a deployment will do, in the template's order, removals last."""

    changes: tuple[Change, ...]
    #: Whether there is no stack yet.
    new: bool

    def of(self, action: Action) -> list[Change]:
        """The changes of one kind."""
        return [change for change in self.changes if change.action is action]


def plan(old: Stack | None, new: Stack) -> Plan:
    """What must happen for `old` to become `new`; None: there is no stack yet."""
    before, after = old.resources() if old else {}, new.resources()
    changes = list(_changes(before, after, _replaced(before, after)))
    changes += [_removal(logical_id, before[logical_id]) for logical_id in before if logical_id not in after]
    return Plan(tuple(changes), old is None)


def _changes(before: dict[str, Resource], after: dict[str, Resource], replaced: set[str]) -> Iterator[Change]:
    for logical_id, resource in after.items():
        old = before.get(logical_id)
        if old is None:
            yield Change(Action.CREATE, logical_id, resource["Type"], _name(resource))
        elif found := _differences(old, resource, replaced):
            yield _change(logical_id, old, resource, found)


def _replaced(before: dict[str, Resource], after: dict[str, Resource]) -> set[str]:
    """The resources that will be replaced, those included that must be because others are."""
    common = [logical_id for logical_id in after if logical_id in before]
    replaced: set[str] = set()
    while True:
        found = {
            logical_id
            for logical_id in common
            if _is_replaced(after[logical_id], _differences(before[logical_id], after[logical_id], replaced))
        }
        if found <= replaced:
            return replaced
        replaced |= found


def _differences(old: Resource, new: Resource, replaced: set[str]) -> tuple[Difference, ...]:
    parts = [part for part in ("Type", "DeletionPolicy", "UpdateReplacePolicy") if old.get(part) != new.get(part)]
    found = [Difference(part, old.get(part), new.get(part)) for part in parts]
    found += differences(old.get("Properties", {}), new.get("Properties", {}))
    told = {difference.top for difference in found}
    for name, value in new.get("Properties", {}).items():
        cause = next((one for one in references(value) if one in replaced), None)
        if cause is not None and name not in told:
            found.append(Difference(name, because=cause))
    return tuple(found)


def _is_replaced(resource: Resource, found: tuple[Difference, ...]) -> bool:
    known = KINDS.get(resource["Type"])
    return known is not None and any(difference.top in known.create_only for difference in found)


def _change(logical_id: str, old: Resource, new: Resource, found: tuple[Difference, ...]) -> Change:
    known = KINDS.get(new["Type"])
    is_replaced = _is_replaced(new, found)
    policies = {"DeletionPolicy", "UpdateReplacePolicy"}
    perhaps = not is_replaced and any(
        difference.top not in policies if known is None else difference.top in known.perhaps for difference in found
    )
    return Change(
        Action.REPLACE if is_replaced else Action.CHANGE,
        logical_id,
        new["Type"],
        _name(new),
        found,
        perhaps_replaced=perhaps,
        loses=holds(old["Type"]) if is_replaced or perhaps else None,
        kept=(is_replaced or perhaps) and new.get("UpdateReplacePolicy") in KEEPING,
        obstacle=_obstacle(old, new, is_replaced or perhaps),
    )


def _obstacle(old: Resource, new: Resource, may_be_replaced: bool) -> str | None:
    if old["Type"] != new["Type"]:
        return f"CloudFormation does not make a {new['Type']} of a {old['Type']}: give it another logical id"
    name = _name(new)
    if may_be_replaced and name is not None and name == _name(old):
        return (
            f"CloudFormation makes the new one before it deletes the old one, and both would be called {name}: give "
            "the new one another name, or take back what changes"
        )
    return None


def _removal(logical_id: str, resource: Resource) -> Change:
    kept = resource.get("DeletionPolicy") in KEEPING
    guarded = resource.get("Properties", {}).get("DeletionProtectionEnabled") in (True, "true")
    return Change(
        Action.REMOVE,
        logical_id,
        resource["Type"],
        _name(resource),
        loses=holds(resource["Type"]),
        kept=kept,
        obstacle="its deletion protection is on: deploy it with DeletionProtectionEnabled false first"
        if guarded and not kept
        else None,
    )


def _name(resource: Resource) -> str | None:
    known = KINDS.get(resource["Type"])
    name: Any = resource.get("Properties", {}).get(known.name) if known and known.name else None
    return name if isinstance(name, str) else None
