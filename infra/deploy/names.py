"""The names of what a deployment has: logical ids in the template, and names on AWS, where a prefix parts stages."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from queues.errors import Misconfigured
from queues.jobtype import JobType

#: In front of every name on AWS; serverless.yml says what it is.
PREFIX = "${self:custom.prefix}"

#: The functions that every deployment has: key in serverless.yml -> name after the prefix.
API, REAPER, DEAD_LETTERS, CLEANER = "api", "reaper", "deadLetterConsumer", "cleaner"
FIXED = {API: "api", REAPER: "reaper", DEAD_LETTERS: "dead-letters", CLEANER: "cleaner"}

#: Logical id of the role with which EventBridge sends the ticks of job schedules to the queues.
JOB_SCHEDULE_ROLE = "JobScheduleRole"


def logical(name: str, ending: str) -> str:
    """The logical id of a resource of a job type: `file-analysis` and `Queue` make FileAnalysisQueue."""
    return "".join(part.capitalize() for part in name.split("-")) + ending


def queue_id(name: str, level: str | None = None) -> str:
    """The logical id of a type's queue, or of a level's: `QueueAtBulk`. No level's name has a hyphen."""
    return logical(name, "Queue" if level is None else f"QueueAt{level.capitalize()}")


def key(name: str) -> str:
    """The key of a job type's function in serverless.yml: `file-analysis` makes fileAnalysis."""
    head = logical(name, "")
    return head[0].lower() + head[1:]


def function_id(function_key: str) -> str:
    """The logical id that the framework gives a function's resource."""
    return function_key[0].upper() + function_key[1:] + "LambdaFunction"


def role_id(function_key: str) -> str:
    """The logical id of a function's role."""
    return function_key[0].upper() + function_key[1:] + "Role"


def arn_of(logical_id: str) -> dict[str, list[str]]:
    """A resource's ARN."""
    return {"Fn::GetAtt": [logical_id, "Arn"]}


def check_names(types: Iterable[JobType[Any, Any]]) -> None:
    """Misconfigured if two functions would be one in the template or on AWS."""
    taken = {function_key: f"a function that every deployment has, {name!r}" for function_key, name in FIXED.items()}
    names = dict.fromkeys(FIXED.values(), "a function that every deployment has")
    for job_type in types:
        other = taken.get(key(job_type.name)) or names.get(job_type.name)
        if other is not None:
            raise Misconfigured(
                f"job type {job_type.name!r} cannot be deployed: in the template it has the same name as {other}; "
                "give it another name"
            )
        taken[key(job_type.name)] = f"the job type {job_type.name!r}"
