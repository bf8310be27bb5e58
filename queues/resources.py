"""What must exist in AWS for a catalog to run: pure definitions, made real by `sqs.py` and `store.py` or a template."""

from __future__ import annotations

import math
from typing import Any

import orjson

from queues import limits
from queues.jobtype import JobType
from queues.settings import Settings

#: Seconds of a function's time beyond its jobs' timeout, to write down how they ended.
SETTLE_MARGIN_SECONDS = 30
#: SQS's own redrive is only the net under poison that kills the runner before it can count; see G3.
MAX_RECEIVES = 100
#: The index that lists jobs and finds those that are overdue.
STATE_INDEX = "by-state"
#: A mapped queue's visibility timeout in timeouts of its function. (Lambda, using SQS: configuring a queue)
VISIBILITY_TIMEOUTS = 6


def function_timeout(job_type: JobType[Any, Any]) -> int:
    """Seconds that the type's Lambda function may run; or an invocation in a worker, if the type has no function."""
    seconds = math.ceil(job_type.options.timeout) + SETTLE_MARGIN_SECONDS
    return min(limits.MAX_FUNCTION_SECONDS, seconds) if job_type.options.on_lambda else seconds


def visibility_timeout(job_type: JobType[Any, Any]) -> int:
    """Seconds: as AWS asks of the queue of the type's function."""
    return mapped_visibility(function_timeout(job_type), job_type.options.batching_window)


def mapped_visibility(timeout: int, window: float) -> int:
    """Seconds: six times a function's timeout plus the batching window, as AWS asks of a mapped queue."""
    return min(limits.MAX_VISIBILITY_SECONDS, VISIBILITY_TIMEOUTS * timeout + math.ceil(window))


def worker_visibility(job_type: JobType[Any, Any], lease: float) -> int:
    """Seconds for which a worker of ours receives a message: heartbeats extend it, so that a killed one's comes back
    after one lease."""
    return math.ceil(lease + job_type.options.batching_window)


def queue_attributes(job_type: JobType[Any, Any], dead_letter_arn: str) -> dict[str, str]:
    """CreateQueue's Attributes for a type's queue."""
    redrive = {"deadLetterTargetArn": dead_letter_arn, "maxReceiveCount": MAX_RECEIVES}
    return {
        "VisibilityTimeout": str(visibility_timeout(job_type)),
        # A day less than the DLQ: a moved message keeps its age on a standard queue.
        "MessageRetentionPeriod": str(limits.MAX_RETENTION_SECONDS - 86_400),
        "ReceiveMessageWaitTimeSeconds": str(limits.MAX_WAIT_SECONDS),
        "RedrivePolicy": orjson.dumps(redrive).decode(),
    }


def dead_letter_attributes() -> dict[str, str]:
    """CreateQueue's Attributes for a dead-letter queue."""
    return {"MessageRetentionPeriod": str(limits.MAX_RETENTION_SECONDS), "VisibilityTimeout": "60"}


def table_definition(settings: Settings) -> dict[str, Any]:
    """CreateTable's parameters; `store.py` documents what the keys hold."""
    return {
        "TableName": settings.table,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"},
            {"AttributeName": "sk", "AttributeType": "S"},
            {"AttributeName": "state", "AttributeType": "S"},
            {"AttributeName": "due", "AttributeType": "N"},
        ],
        "KeySchema": [
            {"AttributeName": "pk", "KeyType": "HASH"},
            {"AttributeName": "sk", "KeyType": "RANGE"},
        ],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": STATE_INDEX,
                "KeySchema": [
                    {"AttributeName": "state", "KeyType": "HASH"},
                    {"AttributeName": "due", "KeyType": "RANGE"},
                ],
                "Projection": {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["type"]},
            }
        ],
    }
