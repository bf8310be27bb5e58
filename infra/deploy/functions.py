"""The functions that the catalog makes necessary, in the words of serverless.yml: one for each job type, with the event
source mappings of its queues, and those whose rounds a schedule calls. The API's is in serverless.yml itself."""

from __future__ import annotations

import inspect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from infra.deploy.handlers import handler_of
from infra.deploy.levels import DeployedQueue, queues_of
from infra.deploy.names import PREFIX, arn_of, key, role_id
from infra.deploy.packaging.plan import JOBS, artifact_of
from infra.deploy.rounds import MEMORY, ROUNDS, Round
from queues import limits
from queues.jobtype import JobType
from queues.resources import function_timeout

#: The least MaximumConcurrency of a mapping. (Lambda, ScalingConfig)
MIN_MAXIMUM_CONCURRENCY = 2
#: Characters of a function's description. (Lambda, CreateFunction)
MAX_DESCRIPTION = 256

#: Seconds after which a call of a round that could not be made is given up, the least there is: the next one comes
#: anyway. (Lambda, MaximumEventAgeInSeconds)
MAX_EVENT_AGE = 60


@dataclass(frozen=True, slots=True)
class Mapping:
    """How Lambda polls a type's queue, so that `concurrency` is never exceeded."""

    batch_size: int
    #: Seconds.
    window: int
    maximum_concurrency: int
    #: ReservedConcurrentExecutions, for the one case in which a mapping alone allows too much.
    reserved: int | None


def mapping(job_type: JobType[Any, Any], queue: DeployedQueue | None = None) -> Mapping:
    """The mapping of one of a type's queues, by default of its own one.

    The jobs of a batch run at once if they are `async`, and one after the other if not: a function has one process for
    them. A mapping lets two batches run at least, so a `concurrency` of less than two for each queue takes a
    reservation besides. Batches that it turns away cost their messages a receive each, of which they have a hundred; it
    lessens what is left for the account's other functions.
    """
    options, queues = job_type.options, queues_of(job_type)
    own = queue or next(one for one in queues if one.name == job_type.name)
    batch_size = options.batch_size
    if job_type.is_async:
        batch_size = min(batch_size, max(1, own.concurrency // MIN_MAXIMUM_CONCURRENCY))
    batches = own.concurrency // (batch_size if job_type.is_async else 1)
    return Mapping(
        batch_size=batch_size,
        window=math.ceil(options.batching_window),
        maximum_concurrency=min(max(batches, MIN_MAXIMUM_CONCURRENCY), limits.MAX_CONCURRENCY),
        reserved=options.concurrency if options.concurrency < MIN_MAXIMUM_CONCURRENCY * len(queues) else None,
    )


def functions(types: Sequence[JobType[Any, Any]]) -> dict[str, Any]:
    """Key in serverless.yml -> function."""
    found = {one.key: _of_round(one) for one in ROUNDS}
    for job_type in types:
        if job_type.options.on_lambda:
            found[key(job_type.name)] = _of_type(job_type)
    return found


def _of_type(job_type: JobType[Any, Any]) -> dict[str, Any]:
    plan = mapping(job_type)
    function: dict[str, Any] = {
        "name": f"{PREFIX}-{job_type.name}",
        "description": _description(job_type),
        "handler": handler_of(job_type),
        "role": role(key(job_type.name)),
        "memorySize": job_type.options.memory,
        "timeout": function_timeout(job_type),
        "package": {"artifact": artifact(artifact_of(job_type))},
    }
    if not job_type.is_async:
        function["environment"] = {"JOBYARD_PROCESSES": "1"}
    if plan.reserved is not None:
        function["reservedConcurrency"] = plan.reserved
    function["events"] = [
        {
            "sqs": {
                "arn": arn_of(queue.logical_id),
                "batchSize": one.batch_size,
                "maximumBatchingWindow": one.window,
                "maximumConcurrency": one.maximum_concurrency,
                "functionResponseType": "ReportBatchItemFailures",
            }
        }
        for queue, one in ((queue, mapping(job_type, queue)) for queue in queues_of(job_type))
    ]
    return function


def _description(job_type: JobType[Any, Any]) -> str:
    first = (inspect.getdoc(job_type.function) or f"Jobs of type {job_type.name}").partition("\n")[0]
    return first if len(first) <= MAX_DESCRIPTION else first[: MAX_DESCRIPTION - 3] + "..."


def _of_round(one: Round) -> dict[str, Any]:
    return {
        "name": f"{PREFIX}-{one.name}",
        "description": one.description,
        "handler": f"queues.maintenance.{one.entry_point}",
        "role": role(one.key),
        "memorySize": MEMORY,
        "timeout": one.timeout,
        # The next round comes anyway.
        "maximumRetryAttempts": 0,
        "maximumEventAge": MAX_EVENT_AGE,
        "package": {"artifact": artifact(JOBS)},
    }


def role(function_key: str) -> dict[str, str]:
    """A function's role. Fn::Sub, because for Fn::GetAtt the framework adds a DependsOn that says the same again."""
    return {"Fn::Sub": f"${{{role_id(function_key)}.Arn}}"}


def artifact(name: str) -> str:
    """Where the build leaves an artifact."""
    return f"${{param:artifacts}}/{name}.zip"
