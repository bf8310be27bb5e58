"""What a deployment tells of itself: where its API, its table, its queues, its alarms and its dashboard are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.deploy.alarms import TOPIC
from infra.deploy.dashboard import url
from infra.deploy.levels import queues_of
from infra.deploy.names import arn_of, logical
from infra.deploy.payloads import KEPT, store_url
from infra.deploy.workers import POLICY, ROLE
from queues.jobtype import JobType


def outputs(types: Sequence[JobType[Any, Any]]) -> dict[str, Any]:
    """Logical id -> output."""
    found = {
        "ApiUrl": _output("The HTTP API", {"Fn::GetAtt": ["HttpApi", "ApiEndpoint"]}),
        "Table": _output("The jobs' table", {"Ref": "JobsTable"}),
        "Alarms": _output("The topic that alarms are told to", {"Ref": TOPIC}),
        "DashboardUrl": _output("CloudWatch's dashboard", url()),
    }
    for job_type in types:
        name = job_type.name
        for queue in queues_of(job_type):
            # A queue's Ref is its URL.
            found[queue.logical_id + "Url"] = _output(f"The queue of {queue.name}", {"Ref": queue.logical_id})
        found[logical(name, "DeadLettersUrl")] = _output(
            f"The dead-letter queue of {name}", {"Ref": logical(name, "DeadLetters")}
        )
    if any(not job_type.options.on_lambda for job_type in types):
        found["WorkerPolicy"] = _output("What workers may do", {"Ref": POLICY})
        found["WorkerRole"] = _output("The role of workers on ECS", arn_of(ROLE))
        found["WorkerArtifacts"] = _output("JOBYARD_ARTIFACTS of workers", store_url()) | {"Condition": KEPT}
    return found


def _output(description: str, value: Any) -> dict[str, Any]:
    return {"Description": description, "Value": value}
