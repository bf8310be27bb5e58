"""IO: the EventBridge schedules of job schedules, which only this file makes, changes and removes.

Each sends a tick to the queue that its jobs will go to. The name is a digest of tenant and name, so that no two
tenants meet in one; all begin alike, so that a policy can allow these and no others of the group.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from botocore.exceptions import ClientError

from queues.clients import code_of
from queues.errors import Misconfigured
from queues.priorities.levels import DEFAULT_PRIORITY
from queues.schedules.job_schedule import JobSchedule, ScheduleStatus
from queues.schedules.tick import body_of
from queues.settings import Settings
from queues.sqs import JobQueues

#: In front of the name of each.
HEAD = "job."
#: Characters of a schedule's own name that stand in it, for people; its digest has 32.
SHOWN_CHARS = 27
#: After the prefix and the region, the name of the role that lets EventBridge send to the queues.
ROLE = "schedules"

#: What AWS says of a schedule or a group that is not there; moto's server has a page of HTML for it.
_MISSING = ("ResourceNotFoundException", "500")
_EXISTS = "ConflictException"
Call = Callable[..., Awaitable[Any]]
#: What AWS says where it cannot assume the role.
_ROLE_WORDS = ("role", "assume")


def eventbridge_name(tenant: str, name: str) -> str:
    """The name of a schedule's EventBridge schedule. No tenant has a `#` in its name."""
    digest = blake2b(f"{tenant}#{name}".encode(), digest_size=16).hexdigest()
    return f"{HEAD}{name[:SHOWN_CHARS]}.{digest}"


def role_name(prefix: str, region: str) -> str:
    """The name of the role. Roles are not of a region, deployments are."""
    return f"{prefix}-{region}-{ROLE}"


def role_arn(queue_arn: str, prefix: str) -> str:
    """The role's ARN: in the account of the queues."""
    _, partition, _, region, account, _ = queue_arn.split(":", 5)
    return f"arn:{partition}:iam::{account}:role/{role_name(prefix, region)}"


def timing_of(schedule: JobSchedule) -> dict[str, Any]:
    """When it is due, in the words of CreateSchedule; CloudFormation's are the same."""
    window: dict[str, Any] = {"Mode": "OFF"}
    if schedule.jitter_minutes:
        window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": schedule.jitter_minutes}
    timing: dict[str, Any] = {
        "ScheduleExpression": schedule.aws_expression,
        "ScheduleExpressionTimezone": schedule.timezone,
        "FlexibleTimeWindow": window,
    }
    for name, moment in (("StartDate", schedule.start), ("EndDate", schedule.end)):
        if moment is not None and not schedule.one_time:
            timing[name] = datetime.fromtimestamp(moment / 1000, UTC)
    return timing


def priority_of(schedule: JobSchedule) -> int:
    """The priority of its jobs: their tick goes to the queue that they will go to, and waits no longer than they do."""
    return int(schedule.options.get("priority", DEFAULT_PRIORITY))


class EventBridge:
    """The schedule group of a deployment. `scheduler` may be None in a process that makes no schedules."""

    def __init__(self, scheduler: Any, queues: JobQueues, settings: Settings):
        self._scheduler, self._queues, self._group = scheduler, queues, settings.prefix

    async def put(self, schedule: JobSchedule) -> None:
        """Makes its EventBridge schedule what it says, whether there is one or not. Misconfigured if the role is not.

        A change that leaves the times alone leaves the next one alone.
        """
        arn = await self._queues.arn(self._queues.catalog.queue_of(schedule.type, priority_of(schedule)))
        enabled = schedule.status is ScheduleStatus.ACTIVE
        wanted = {
            "Name": eventbridge_name(schedule.tenant, schedule.name),
            "GroupName": self._group,
            "Description": f"Jobs of the type {schedule.type}, for the schedule {schedule.name} of {schedule.tenant}",
            "State": "ENABLED" if enabled else "DISABLED",
            "ActionAfterCompletion": "DELETE",
            "Target": {"Arn": arn, "RoleArn": role_arn(arn, self._group), "Input": body_of(schedule)},
            **timing_of(schedule),
        }
        client = self._client()
        # What nobody has changed yet is probably new.
        ways = [client.create_schedule, client.update_schedule]
        if schedule.revision != schedule.created_at:
            ways.reverse()
        try:
            if await _first(ways, wanted):
                return
            await self._create_group()
            if not await _first(ways, wanted):
                raise Misconfigured(f"EventBridge Scheduler does not keep the schedule group {self._group!r}")
        except ClientError as error:
            text = str(error.response.get("Error", {}).get("Message", ""))
            if code_of(error) == "ValidationException" and all(word in text.lower() for word in _ROLE_WORDS):
                raise Misconfigured(
                    f"EventBridge cannot take on the role {wanted['Target']['RoleArn']}; deploy the stack anew"
                ) from error
            raise

    async def remove(self, tenant: str, name: str) -> None:
        """Removes its EventBridge schedule, if there is one."""
        await _first(
            [self._client().delete_schedule], {"Name": eventbridge_name(tenant, name), "GroupName": self._group}
        )

    async def _create_group(self) -> None:
        try:
            await self._client().create_schedule_group(Name=self._group)
        except ClientError as error:
            if code_of(error) != _EXISTS:
                raise

    def _client(self) -> Any:
        if self._scheduler is None:
            raise Misconfigured("this process has no client of EventBridge Scheduler: it can make no schedules")
        return self._scheduler


async def _first(ways: Sequence[Call], wanted: dict[str, Any]) -> bool:
    """Does the first call of which AWS does not say that something is missing, or there already; False if none."""
    for way in ways:
        try:
            await way(**wanted)
        except ClientError as error:
            if code_of(error) not in (*_MISSING, _EXISTS):
                raise
        else:
            return True
    return False
