"""What it takes to tell of jobs by webhooks: whoever changes a job makes the job that delivers (queues/webhooks).

A deployment that has not listed that job type has none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infra.deploy.names import arn_of, logical
from infra.deploy.statements import Statement, allow
from queues.catalog import Catalog
from queues.jobtype import JobType
from queues.webhooks.delivering import delivers
from queues.webhooks.hooks import TYPE


def telling(types: Sequence[JobType[Any, Any]]) -> list[Statement]:
    """For every function that works on jobs."""
    if not delivers(Catalog(types)):
        return []
    return [
        allow("MakeDeliveries", ["dynamodb:PutItem"], arn_of("JobsTable")),
        allow("SendDeliveries", ["sqs:GetQueueUrl", "sqs:SendMessage"], arn_of(logical(TYPE, "Queue"))),
    ]
