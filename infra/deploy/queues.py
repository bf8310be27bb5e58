"""The queues and the dead-letter queue of each job type, as queues/resources.py has them, and behind TLS only."""

from __future__ import annotations

from typing import Any

import orjson

from infra.deploy.levels import queues_of
from infra.deploy.names import PREFIX, arn_of, logical
from infra.deploy.statements import document, only_by_tls
from queues.jobtype import JobType
from queues.resources import dead_letter_attributes, queue_attributes

#: What a deployment adds to the core's attributes: messages are encrypted with keys that SQS keeps, at no charge.
#: (AWS::SQS::Queue, SqsManagedSseEnabled)
ENCRYPTED = {"SqsManagedSseEnabled": True}


def job_queues(job_type: JobType[Any, Any]) -> dict[str, Any]:
    """Logical id -> resource: the queues of a type, and their policies. Its levels have one dead-letter queue."""
    name = job_type.name
    letters = logical(name, "DeadLetters")
    attributes = queue_attributes(job_type, "")
    redrive = orjson.loads(attributes.pop("RedrivePolicy")) | {"deadLetterTargetArn": arn_of(letters)}
    found: dict[str, Any] = {}
    for queue in queues_of(job_type):
        found[queue.logical_id] = _queue(f"{PREFIX}-{queue.name}", attributes, RedrivePolicy=redrive)
        found[queue.logical_id + "Policy"] = _policy(queue.logical_id)
    found[letters] = _queue(f"{PREFIX}-{name}-dlq", dead_letter_attributes())
    found[letters + "Policy"] = _policy(letters)
    return found


def _queue(name: str, attributes: dict[str, str], **more: Any) -> dict[str, Any]:
    numbers = {attribute: int(value) for attribute, value in attributes.items()}
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, **numbers, **more, **ENCRYPTED}}


def _policy(logical_id: str) -> dict[str, Any]:
    return {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {
            "Queues": [{"Ref": logical_id}],
            "PolicyDocument": document(only_by_tls("sqs:*", arn_of(logical_id))),
        },
    }
