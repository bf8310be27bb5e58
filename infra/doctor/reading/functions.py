"""Functions, and the event source mappings of queues."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from infra.doctor.reading.asking import Absent, Asker, Unreadable
from infra.doctor.reading.machine import secrets_of
from infra.doctor.snapshot import FunctionState, MappingState, QueueState

#: What Lambda says of what does not exist.
NOT_FOUND = frozenset({"ResourceNotFoundException", "ResourceNotFound", "404"})


async def read_mappings(asker: Asker, queues: Iterable[QueueState]) -> dict[str, tuple[MappingState, ...]]:
    """By queue: its mappings. One that is being deleted is gone."""
    found: dict[str, tuple[MappingState, ...]] = {}

    async def one(queue: QueueState) -> None:
        mappings: list[MappingState] = []
        with suppress(Unreadable):
            pages = asker.pages(
                "lambda",
                "ListEventSourceMappings",
                f"the event source mappings of {queue.name}",
                ("NextMarker", "Marker"),
                EventSourceArn=queue.arn,
            )
            async for page in pages:
                mappings += [
                    _mapping(queue.name, reply)
                    for reply in page.get("EventSourceMappings", ())
                    if reply.get("State") != "Deleting"
                ]
            found[queue.name] = tuple(mappings)

    async with asyncio.TaskGroup() as group:
        for queue in queues:
            group.create_task(one(queue))
    return found


def _mapping(queue: str, reply: dict[str, Any]) -> MappingState:
    return MappingState(
        uuid=reply["UUID"],
        queue=queue,
        function=function_name(reply.get("FunctionArn", "")),
        state=reply.get("State", ""),
        batch_size=reply.get("BatchSize", 0),
        window=reply.get("MaximumBatchingWindowInSeconds") or 0,
        maximum_concurrency=(reply.get("ScalingConfig") or {}).get("MaximumConcurrency"),
        reports_failures="ReportBatchItemFailures" in (reply.get("FunctionResponseTypes") or ()),
        filters=bool((reply.get("FilterCriteria") or {}).get("Filters")),
        last_result=reply.get("LastProcessingResult") or "",
    )


def function_name(arn: str) -> str:
    """The name in a function's ARN, with or without a version; what is no ARN is a name."""
    parts = arn.split(":")
    return parts[6] if len(parts) > 6 else arn


async def read_functions(asker: Asker, names: Iterable[str]) -> dict[str, FunctionState | None]:
    """Each of the functions that can be read; None is one that does not exist."""
    found: dict[str, FunctionState | None] = {}

    async def one(name: str) -> None:
        what = f"the function {name}"
        try:
            reply = await asker.ask("lambda", "GetFunctionConfiguration", what, NOT_FOUND, FunctionName=name)
            limit = await asker.ask(
                "lambda", "GetFunctionConcurrency", f"{what}'s reserved concurrency", FunctionName=name
            )
        except Absent:
            found[name] = None
        except Unreadable:
            pass
        else:
            found[name] = _function(name, reply, limit.get("ReservedConcurrentExecutions"))

    async with asyncio.TaskGroup() as group:
        for name in sorted(set(names)):
            group.create_task(one(name))
    return found


def _function(name: str, reply: dict[str, Any], reserved: int | None) -> FunctionState:
    return FunctionState(
        name=name,
        timeout=int(reply.get("Timeout", 0)),
        reserved=reserved,
        role=reply.get("Role", ""),
        state=reply.get("State") or "Active",
        reason=reply.get("StateReason") or "",
        secrets=secrets_of(reply.get("Environment", {}).get("Variables", {}), f" of {name}"),
    )
