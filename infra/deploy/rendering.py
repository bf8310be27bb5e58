"""A catalog as the files that serverless.yml includes. Pure: the same job types make the same text, byte for byte."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import Any

from infra.deploy.alarms import alarms
from infra.deploy.dashboard import dashboard
from infra.deploy.functions import functions
from infra.deploy.names import PREFIX, check_names
from infra.deploy.outputs import outputs
from infra.deploy.payloads import environment, payloads
from infra.deploy.queues import job_queues
from infra.deploy.roles import roles
from infra.deploy.schedules import schedules
from infra.deploy.stack_limits import excess
from infra.deploy.table import table
from infra.deploy.workers import workers
from infra.deploy.yaml_text import to_yaml
from queues.errors import Misconfigured
from queues.jobtype import JobType

HEAD = """{what}
Rendered from the job types by `jobyard render`, and the same until they change: edit them, not this file."""

#: File -> what its head says.
FILES = {
    "environment.yml": "What every function finds in its environment.",
    "functions.yml": "A function for each job type, and those that a schedule calls.",
    "queues.yml": "A queue and a dead-letter queue for each job type. Nobody reaches them through plain HTTP.",
    "table.yml": "The table that holds all jobs.",
    "payloads.yml": "Where large data and results are kept, if somebody asks for it.",
    "roles.yml": "A role for each function, with the calls that its code makes and no others.",
    "workers.yml": "What workers may do that run the job types which have no function.",
    "schedules.yml": "When reaper, dead-letter consumer and cleaner make their rounds, and when job types are due.",
    "alarms.yml": "What wakes somebody, and the topic that it is told to.",
    "dashboard.yml": "CloudWatch's dashboard.",
    "outputs.yml": "What the deployment tells of itself.",
}


def render(types: Iterable[JobType[Any, Any]], modules: Sequence[str]) -> dict[str, str]:
    """File name -> text. `modules` are those of JOBYARD_JOBS, in which the functions find their types again.

    Misconfigured if two types would get in each other's way, one has no entry point, or they are too many for one
    stack.
    """
    types = sorted(types, key=lambda job_type: job_type.name)
    check_names(types)
    documents = _documents(types, modules)
    too_much = excess(documents)
    if too_much is not None:
        fit = bisect_left(range(len(types)), True, key=lambda n: excess(_documents(types[:n], modules)) is not None) - 1
        raise Misconfigured(
            f"{len(types)} job types make {too_much}: deploy {fit} of them together, and the others as a service of "
            "their own (docs/deploy.md, 'More than one stack')"
        )
    return {name: to_yaml(documents[name], HEAD.format(what=what)) for name, what in FILES.items()}


def _documents(types: Sequence[JobType[Any, Any]], modules: Sequence[str]) -> dict[str, dict[str, Any]]:
    queues: dict[str, Any] = {}
    for job_type in types:
        queues |= job_queues(job_type)
    return {
        "environment.yml": {
            "JOBYARD_PREFIX": PREFIX,
            "JOBYARD_JOBS": ",".join(modules),
            "JOBYARD_METRICS": "${param:metrics}",
            "JOBYARD_SHARDS": "${param:shards}",
            **environment(),
        },
        "functions.yml": functions(types),
        "queues.yml": {"Resources": queues},
        "table.yml": {"Resources": table()},
        "payloads.yml": payloads(types),
        "roles.yml": {
            "Parameters": {"Tracing": _parameter("Active: functions are traced by X-Ray", "${param:tracing}")},
            "Conditions": {"Traced": {"Fn::Equals": [{"Ref": "Tracing"}, "Active"]}},
            "Resources": roles(types),
        },
        "workers.yml": {"Resources": workers(types)},
        "schedules.yml": {"Resources": schedules(types)},
        "alarms.yml": {
            "Parameters": {"AlarmEmail": _parameter("Who is told of alarms; may be empty", "${param:alarmEmail}")},
            "Conditions": {"HasAlarmEmail": {"Fn::Not": [{"Fn::Equals": [{"Ref": "AlarmEmail"}, ""]}]}},
            "Resources": alarms(types),
        },
        "dashboard.yml": {"Resources": dashboard(types)},
        "outputs.yml": {"Outputs": outputs(types)},
    }


def _parameter(description: str, default: str) -> dict[str, str]:
    return {"Type": "String", "Description": description, "Default": default}
