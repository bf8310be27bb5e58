"""The schedules of a deployment, and whether what they call is there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import orjson

from infra.doctor.reading.asking import Asker, Unreadable
from infra.doctor.reading.functions import function_name, read_functions
from infra.doctor.reading.queues import read_queue
from infra.doctor.snapshot import FunctionState, QueueState, ScheduleState, Target
from queues.settings import Settings

#: Schedules of an account that are looked at.
MAX_SCHEDULES = 5_000
#: EventBridge Scheduler's universal target for SendMessage, whose Input names the queue. (Scheduler, universal targets)
SEND_MESSAGE = ":aws-sdk:sqs:sendMessage"
WHAT = "schedules"


async def read_schedules(
    asker: Asker,
    settings: Settings,
    target: Target,
    queues: Mapping[str, QueueState | None],
    functions: Mapping[str, FunctionState | None],
) -> tuple[ScheduleState, ...] | None:
    """The schedules that are in the deployment's group, bear its prefix, or call something that does; None if they
    cannot be listed."""
    try:
        replies = await _list(asker)
    except Unreadable:
        return None
    reader = _Targets(asker, target, dict(queues), dict(functions))
    found = await asyncio.gather(*(reader.state(reply) for reply in replies))
    return tuple(one for one in found if _is_ours(one, settings.prefix))


async def _list(asker: Asker) -> list[dict[str, Any]]:
    replies: list[dict[str, Any]] = []
    async for page in asker.pages("scheduler", "ListSchedules", WHAT, ("NextToken", "NextToken")):
        replies += page.get("Schedules", ())
        if len(replies) >= MAX_SCHEDULES and page.get("NextToken"):
            asker.skip(f"more than {MAX_SCHEDULES:,} schedules", "the rest was not looked at")
            break
    return replies


def _is_ours(schedule: ScheduleState, prefix: str) -> bool:
    name = schedule.target.replace("/", ":").rpartition(":")[2]
    heads = (f"{prefix}-",)
    return schedule.group == prefix or schedule.name.startswith(heads) or name.startswith(heads)


class _Targets:
    """Looks up what schedules call, each once."""

    def __init__(
        self,
        asker: Asker,
        target: Target,
        queues: dict[str, QueueState | None],
        functions: dict[str, FunctionState | None],
    ):
        self._asker, self._target, self._queues, self._functions = asker, target, queues, functions

    async def state(self, reply: dict[str, Any]) -> ScheduleState:
        group, name = reply.get("GroupName", "default"), reply["Name"]
        arn = reply.get("Target", {}).get("Arn", "")
        exists = None
        with suppress(Unreadable):
            if arn.endswith(SEND_MESSAGE):
                arn = await self._queue_url(group, name) or arn
            exists = await self._exists(f"the target of the schedule {group}/{name}", arn)
        return ScheduleState(group, name, reply.get("State") != "DISABLED", arn, exists)

    async def _queue_url(self, group: str, name: str) -> str | None:
        reply = await self._asker.ask(
            "scheduler", "GetSchedule", f"the target of the schedule {group}/{name}", GroupName=group, Name=name
        )
        with suppress(orjson.JSONDecodeError):
            return str(orjson.loads(reply["Target"].get("Input") or "{}").get("QueueUrl") or "") or None
        return None

    async def _exists(self, what: str, target: str) -> bool | None:
        if target.startswith("http"):
            return await self._queue_exists(urlsplit(target).path.rpartition("/")[2])
        _, _, service, region, account, rest = [*target.split(":", 5), "", "", "", "", ""][:6]
        if service not in ("sqs", "lambda"):
            self._asker.skip(what, f"{target} is neither a queue nor a function")
            return None
        if region != self._target.region or account != (self._target.account or account):
            self._asker.skip(what, f"{target} is in another region or account")
            return None
        if service == "sqs":
            return await self._queue_exists(rest)
        return await self._function_exists(function_name(target))

    async def _queue_exists(self, name: str) -> bool:
        if name not in self._queues:
            self._queues[name] = await read_queue(self._asker, name)
        return self._queues[name] is not None

    async def _function_exists(self, name: str) -> bool | None:
        if name not in self._functions:
            self._functions |= await read_functions(self._asker, [name])
        return None if name not in self._functions else self._functions[name] is not None
