"""What a million jobs cost, that complete on their first attempt with a row of less than 1 KB. Pure.

Write units are counted by tests/core/test_enqueue.py. How long a job takes is the caller's to say, how long the API
takes is taken for. The two ends are given: `in_bulk`, everything in full batches, and `one_by_one`, each job a request
to the API and a batch of its own. What happens lies between them.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from infra.deploy.cost import prices
from infra.deploy.cost.item import Item
from infra.deploy.cost.standing import INVOCATION_LOG_BYTES
from infra.deploy.functions import mapping
from queues.job_options import DEFAULT_MEMORY, KEEP_COMPLETED
from queues.jobtype import JobType
from queues.limits import SQS_BATCH

#: Write units of a job: two at the enqueueing, one at the claim, three at the settlement. (docs/cost.md)
WRITE_UNITS = 6
#: SQS requests of a message: SendMessage, ReceiveMessage, DeleteMessage.
REQUESTS = 3
#: Seconds between two heartbeats, a third of the default lease, each a write unit and a ChangeMessageVisibility.
HEARTBEAT_SECONDS = 10
#: Bytes that the table bills for a job's row and its index entry: up to 1 KB, the entry, and 100 for each of the two.
#: (DynamoDB, table size: 100 bytes of overhead an item)
ROW_BYTES = 1_024 + 200 + 200
#: Megabytes of the API's function, as serverless.yml says, and the seconds that it takes to enqueue a job.
API_MEMORY = 1_024
API_SECONDS = 0.03
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Work:
    """Jobs of a type, as far as they cost."""

    #: From start to end of one.
    seconds: float
    #: Megabytes of the function.
    memory: int = DEFAULT_MEMORY
    architecture: str = "arm64"
    #: Jobs that an invocation has at the most.
    batch_size: int = 1
    #: Whether the jobs of an invocation run at once, as `async` ones do.
    at_once: bool = True
    #: Seconds for which ended jobs are kept.
    kept: float = KEEP_COMPLETED


def work_of(job_type: JobType[Any, Any], seconds: float, architecture: str) -> Work:
    """Jobs of this type, each of which takes so long."""
    options = job_type.options
    size = mapping(job_type).batch_size
    return Work(seconds, options.memory, architecture, size, job_type.is_async, options.keep_completed)


def in_bulk(work: Work) -> list[Item]:
    """The bill of a million jobs, enqueued ten and more at a time, and run in full batches."""
    return _bill(work, sent=SQS_BATCH, batch=work.batch_size, by_api=False)


def one_by_one(work: Work) -> list[Item]:
    """The bill of a million jobs, each enqueued through the HTTP API, and alone in its batch."""
    return _bill(work, sent=1, batch=1, by_api=True)


def _bill(work: Work, *, sent: int, batch: int, by_api: bool) -> list[Item]:
    jobs = prices.MILLION
    beats = math.ceil(work.seconds / HEARTBEAT_SECONDS) - 1 if work.seconds > 0 else 0
    # The mapping receives and deletes ten at a time, if a batch has so many.
    requests = 1 / sent + (REQUESTS - 1) / min(batch, SQS_BATCH) + beats
    seconds = work.seconds / (batch if work.at_once else 1)
    months = work.kept / (prices.MONTH_HOURS * 3_600)
    stored = jobs * ROW_BYTES / prices.GB * months
    gb_second = prices.LAMBDA_GB_SECOND[work.architecture]
    found = [
        Item("DynamoDB", "write units", jobs * (WRITE_UNITS + beats), prices.DYNAMODB_WRITE),
        Item(
            "DynamoDB", "GB-months of rows, with recovery", stored, prices.DYNAMODB_STORAGE + prices.DYNAMODB_RECOVERY
        ),
        Item("SQS", "requests", jobs * requests, prices.SQS_REQUEST),
        Item("Lambda", "invocations", jobs / batch, prices.LAMBDA_REQUEST),
        Item("Lambda", "GB-seconds", jobs * seconds * work.memory / 1024, gb_second),
        Item("CloudWatch", "GB of logs", jobs / batch * INVOCATION_LOG_BYTES / prices.GB, prices.LOGS_GB),
    ]
    if by_api:
        found += [
            Item("API Gateway", "requests", jobs, prices.HTTP_API_REQUEST),
            Item("Lambda", "invocations of the API", jobs, prices.LAMBDA_REQUEST),
            Item("Lambda", "GB-seconds of the API", jobs * API_SECONDS * API_MEMORY / 1024, gb_second),
            Item("CloudWatch", "GB of the API's logs", jobs * INVOCATION_LOG_BYTES / prices.GB, prices.LOGS_GB),
        ]
    return found
