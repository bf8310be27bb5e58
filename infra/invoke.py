"""A job type's handler run once on this machine, on an embedded AWS that lives in memory: nothing is left behind.

The event goes through the type's Lambda entry point, with real messages of a real queue, as in production.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson

from infra.local.engine import Engine
from infra.local.lambda_.context import LambdaContext
from infra.local.lambda_.event import record_of
from infra.local.partition import partition_of
from queues.catalog import Catalog, load
from queues.clients import Clients
from queues.encryption.passing_key import passing_sealer
from queues.errors import Misconfigured
from queues.job import Job
from queues.limits import SQS_BATCH
from queues.resources import function_timeout
from queues.runtime import Runtime, assemble
from queues.settings import Settings


@dataclass(frozen=True, slots=True)
class Invoked:
    """What the handler answered, and what became of the jobs of its event."""

    response: dict[str, Any]
    jobs: list[Job]


async def invoke(settings: Settings, type_name: str, event: Any) -> Invoked:
    """Runs the handler of `type_name` on an SQS event, or on one job's data. One attempt a job.

    UnknownJobType, InvalidData, Misconfigured say why not.
    """
    job_type = load(settings.jobs).get(type_name)
    records = _records(event)
    async with AsyncExitStack() as stack:
        engine = Engine(None, account=settings.aws_account)
        stack.push_async_callback(engine.close)
        clients = Clients(*(engine.client(name, region=settings.region) for name in ("sqs", "dynamodb", "scheduler")))
        runtime = assemble(clients, Catalog([job_type]), settings, sealer=passing_sealer(settings))
        stack.push_async_callback(runtime.close)
        await runtime.create_resources()
        ids = [(await runtime.queue.enqueue(job_type, _data(record, type_name), attempts=1)).id for record in records]
        sent = await _received(runtime, type_name, len(ids))
        context = LambdaContext(
            settings.queue(type_name),
            f"arn:{partition_of(settings.region)}:lambda:{settings.region}:{settings.aws_account}:function:{settings.queue(type_name)}",
            str(uuid4()),
            "local",
            function_timeout(job_type),
            asyncio.get_running_loop().time,
        )
        response = await job_type.lambda_handler.invoke({"Records": sent}, context, runtime.runner)
        return Invoked(response, [await runtime.queue.get(job_id) for job_id in ids])


def _records(event: Any) -> list[dict[str, Any]]:
    """The records of an SQS event; one that is made up for what is no event."""
    if not isinstance(event, dict) or "Records" not in event:
        return [{"body": event}]
    records = event["Records"]
    if not isinstance(records, list) or not records or not all(isinstance(r, dict) and "body" in r for r in records):
        raise Misconfigured("the event's Records must be a list of SQS records, each with a body")
    return records


def _data(record: dict[str, Any], type_name: str) -> Any:
    """The job's data in a record's body: the data itself, or `{"type", "data"}` as the API takes it."""
    body = record["body"]
    if isinstance(body, str):
        try:
            body = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise Misconfigured(f"a record's body is not JSON: {error}") from None
    if isinstance(body, dict) and isinstance(body.get("type"), str) and "data" in body:
        if body["type"] != type_name:
            raise Misconfigured(f"a record is for {body['type']!r}, but {type_name!r} was invoked")
        return body["data"]
    if isinstance(body, dict) and {"v", "id", "tenant", "type"} <= body.keys():
        why = f"the message only names job {body['id']!r}, whose data is in the table of its deployment"
        raise Misconfigured(f"{why}; give the data as the body, or {{type, data}}")
    return body


async def _received(runtime: Runtime, type_name: str, count: int) -> list[dict[str, Any]]:
    """The records of the messages that were just sent."""
    url, arn = await runtime.queues.url(type_name), await runtime.queues.arn(type_name)
    records: list[dict[str, Any]] = []
    while len(records) < count:
        reply = await runtime.clients.sqs.receive_message(
            QueueUrl=url, MaxNumberOfMessages=SQS_BATCH, AttributeNames=["All"], WaitTimeSeconds=1
        )
        records += [record_of(message, arn, runtime.settings.region) for message in reply.get("Messages", ())]
    return records
