"""Asks an engine, parameter by parameter, what it refuses to support.

Whatever is not supported is refused by name, with an error that says so. So there is no list of it: each parameter of
AWS's model, down to the innermost, is put into a call that is sound without it, and the answer tells.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import count
from typing import Any

from botocore.exceptions import ClientError

from infra.actions.samples import FUNCTION_ARN, NAME, NEEDED, QUEUE_ARN, sample, values
from infra.local.engine import Engine
from infra.local.lambda_.functions import Function
from infra.local.model import input_shapes

#: How the engine says of an operation, and of a parameter, that it has none; the last two are AWS's words, said here of
#: whatever belongs to targets and event sources that there are none of.
NO_OPERATION = "UnknownOperationException"
_NO_PARAMETER = re.compile(
    r"The embedded [\w ]+ does not support|is not supported by the embedded|The embedded \w+ reads"
    r"|not supported for the target|is not valid for SQS event sources"
)

#: Milliseconds: the clock of a probe, which goes on with every look at it, so that no state outlasts a call.
START, STEP = 1_700_000_000_000, 10_000

#: The members on the way to a parameter, and a step for the entries of each list and map between them.
Path = tuple[str, ...]
ENTRIES_OF = {"list": "[]", "map": "{}"}
ENTRIES = frozenset(ENTRIES_OF.values())
#: Structures that are data, and may contain themselves.
DEEP = frozenset({"AttributeValue"})


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine has of one operation."""

    supported: bool
    #: Top-level parameters, in the order of AWS's model.
    parameters: tuple[str, ...]
    #: Parameters that are refused: `CreateTable.SSESpecification.KMSMasterKeyId` is `SSESpecification.KMSMasterKeyId`.
    refused: tuple[str, ...]


async def ask(service: str, operation: str) -> Answer:
    """Asks an engine of its own about an operation."""
    shape = input_shapes(service)[operation]
    members = tuple(shape.members) if shape is not None else ()
    engine = Engine(None, clock=count(START, STEP).__next__)
    try:
        there = await _furnish(engine)
        request = {} if shape is None else sample(service, operation, shape) | NEEDED.get((service, operation), {})
        request |= {name: there[name] for name in request.keys() & there.keys()}
        probe = Probe(engine, service, operation)
        if NO_OPERATION in await probe.error(request):
            return Answer(False, members, ())
        return Answer(True, members, tuple(await probe.refused(request, shape) if shape is not None else ()))
    finally:
        await engine.close()


async def ask_all(service: str) -> dict[str, Answer]:
    """Of every operation of AWS's service, in the order of names."""
    return {operation: await ask(service, operation) for operation in sorted(input_shapes(service))}


async def _furnish(engine: Engine) -> dict[str, Any]:
    """Makes the things that the samples are about; answers the parameters that cannot be known before."""

    async def echo(event: Any, context: Any) -> Any:
        return event

    engine.functions[NAME] = Function(NAME, FUNCTION_ARN, echo, "orders.handler", timeout=1, concurrency=1)
    await engine.call("sqs", "CreateQueue", {"QueueName": NAME})
    await engine.call("dynamodb", "CreateTable", NEEDED["dynamodb", "CreateTable"] | {"TableName": NAME})
    schedule = sample("scheduler", "CreateSchedule", input_shapes("scheduler")["CreateSchedule"])
    await engine.call("scheduler", "CreateSchedule", schedule)
    mapping = {"FunctionName": NAME, "EventSourceArn": QUEUE_ARN, "Enabled": False}
    return {"UUID": (await engine.call("lambda", "CreateEventSourceMapping", mapping))["UUID"]}


@dataclass(frozen=True, slots=True)
class Probe:
    engine: Engine
    service: str
    operation: str

    async def refused(self, request: dict[str, Any], structure: Any, path: Path = ()) -> list[str]:
        """Which members are refused, of the structure that is at `path` in a sound request."""
        refused: list[str] = []
        for name, shape in structure.members.items():
            here = (*path, name)
            told = ".".join(step for step in here if step not in ENTRIES)
            inner, steps = _inside(shape)
            whole = sample(self.service, name, shape)
            words = [
                f"{told}{word}"
                for word, value in values(self.service, name, shape)
                if not _one_of(inner) and _NO_PARAMETER.search(await self.error(_with(request, here, value)))
            ]
            if words and len(words) == len(list(values(self.service, name, shape))):
                refused.append(told)
                continue
            refused += words
            if inner.type_name == "structure" and inner.name not in DEEP:
                filled, there = _with(request, here, whole), (*here, *steps)
                below = await self.refused(_with(filled, there, {}) if _one_of(inner) else filled, inner, there)
                all_of_it = below and {f"{told}.{member}" for member in inner.members} <= set(below)
                refused += [told] if all_of_it else below
        return refused

    async def error(self, request: dict[str, Any]) -> str:
        """The code and the message of the error that a request ends with; nothing if it is answered."""
        try:
            await self.engine.call(self.service, self.operation, request)
        except ClientError as error:
            return "{Code}: {Message}".format(**error.response["Error"])
        return ""


def _one_of(shape: Any) -> bool:
    """Whether it is a structure of which only one member may be given."""
    return bool(getattr(shape, "is_tagged_union", False))


def _inside(shape: Any) -> tuple[Any, Path]:
    """The shape of a parameter's entries, and the way to one of them."""
    steps: list[str] = []
    while shape.type_name in ENTRIES_OF:
        steps.append(ENTRIES_OF[shape.type_name])
        shape = shape.member if shape.type_name == "list" else shape.value
    return shape, tuple(steps)


def _with(holder: Any, path: Path, value: Any) -> Any:
    """A copy of a request in which the member at `path` has that value."""
    if not path:
        return value
    step, *rest = path
    if step == ENTRIES_OF["list"]:
        return [_with(entry, tuple(rest), value) for entry in holder]
    if step == ENTRIES_OF["map"]:
        return {key: _with(entry, tuple(rest), value) for key, entry in holder.items()}
    return {**holder, step: _with(holder.get(step), tuple(rest), value)}
