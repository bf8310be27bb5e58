"""Which calls the code makes, by the roles of infra/deploy/roles.py, with ARNs in the place of a template's words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from infra.deploy.levels import queues_of
from infra.deploy.names import FIXED, PREFIX, key, logical, role_id
from infra.deploy.roles import roles
from infra.deploy.workers import statements
from infra.doctor.snapshot import AnyType
from queues.settings import Settings


@dataclass(frozen=True, slots=True)
class Wanted:
    """Actions that somebody makes on one resource."""

    actions: tuple[str, ...]
    resource: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where the resources of a deployment are."""

    partition: str
    region: str
    account: str

    def arn(self, service: str, rest: str) -> str:
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{rest}"


def wanted_actions(types: Sequence[AnyType]) -> frozenset[str]:
    """Every action that any of the code makes."""
    return frozenset(
        action for role in roles(types).values() for statement in _statements(role) for action in statement["Action"]
    )


def wanted_of_functions(types: Sequence[AnyType], settings: Settings, place: Place) -> dict[str, list[Wanted]]:
    """Function's name -> what its role must allow."""
    named = {role_id(one): name for one, name in FIXED.items()}
    named |= {role_id(key(one.name)): one.name for one in types if one.options.on_lambda}
    found = roles(types)
    return {
        f"{settings.prefix}-{name}": list(_wanted(_statements(found[role]), types, settings, place))
        for role, name in named.items()
    }


def wanted_of_worker(types: Sequence[AnyType], settings: Settings, place: Place) -> list[Wanted]:
    """What `jobyard work --api` does with its own credentials: all that functions do, but for their logs."""
    by_resource: dict[str, set[str]] = {}
    functions = [one for all_of in wanted_of_functions(types, settings, place).values() for one in all_of]
    for one in (*functions, *_wanted(statements(types), types, settings, place)):
        if ":logs:" not in one.resource:
            by_resource.setdefault(one.resource, set()).update(one.actions)
    return [Wanted(tuple(sorted(actions)), resource) for resource, actions in by_resource.items()]


def _statements(role: dict[str, Any]) -> list[dict[str, Any]]:
    """What the policy allows that every stage has; the other one is for traces."""
    statements: list[dict[str, Any]] = role["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    return [statement for statement in statements if statement["Effect"] == "Allow"]


def _wanted(
    allowed: Sequence[dict[str, Any]], types: Sequence[AnyType], settings: Settings, place: Place
) -> Iterator[Wanted]:
    for statement in allowed:
        if "Condition" in statement:
            # It is about the service that asks, which a simulation cannot know.
            continue
        resources = statement["Resource"]
        for resource in resources if isinstance(resources, list) else [resources]:
            yield Wanted(tuple(statement["Action"]), _arn(resource, types, settings, place))


def _arn(resource: dict[str, Any] | str, types: Sequence[AnyType], settings: Settings, place: Place) -> str:
    """The ARN that CloudFormation makes of a GetAtt or a Sub; a star is one already."""
    if isinstance(resource, str):
        return resource
    table = place.arn("dynamodb", f"table/{settings.table}")
    arns = {"JobsTable": table}
    for one in types:
        for queue in queues_of(one):
            arns[queue.logical_id] = place.arn("sqs", settings.queue(queue.name))
        arns[logical(one.name, "DeadLetters")] = place.arn("sqs", settings.dead_letter_queue(one.name))
    if "Fn::GetAtt" in resource:
        return arns[resource["Fn::GetAtt"][0]]
    text: str = resource["Fn::Sub"]
    words = {
        "${JobsTable.Arn}": table,
        "${AWS::Partition}": place.partition,
        "${AWS::Region}": place.region,
        "${AWS::AccountId}": place.account,
        PREFIX: settings.prefix,
    }
    for word, value in words.items():
        text = text.replace(word, value)
    return text
