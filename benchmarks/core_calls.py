"""The AWS calls of the core, recorded for `engine_calls.py` to replay: what it measures is what the core does."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from noop import noop
from peers.payload import PAYLOAD

from infra.local.engine import Engine
from queues.catalog import Catalog
from queues.clients import Clients
from queues.clock import system_clock
from queues.ids import Ulids
from queues.job import Envelope, Job, Status
from queues.outcome import Returned, settle
from queues.settings import read_settings
from queues.shards import partition
from queues.sqs import JobQueues
from queues.store import JobStore
from queues.table import create_table

TENANT = "bench"

#: Jobs that are written one by one with a condition, as a caller's jobId is.
SINGLE_PUTS = 1_000

#: Keys of one page, as the job list asks for.
PAGE = 50

#: Pages read.
PAGES = 500


@dataclass(frozen=True)
class Call:
    service: str
    method: str
    params: dict[str, Any]

    def send(self, clients: Clients) -> Awaitable[dict[str, Any]]:
        method: Callable[..., Awaitable[dict[str, Any]]] = getattr(getattr(clients, self.service), self.method)
        return method(**self.params)


@dataclass
class CoreCalls:
    url: str
    setup: list[Call] = field(default_factory=list)
    writes: dict[str, list[Call]] = field(default_factory=dict)
    updates: dict[str, list[Call]] = field(default_factory=dict)
    reads: dict[str, list[Call]] = field(default_factory=dict)

    @property
    def receive(self) -> Call:
        """As Lambda's event source mapping polls."""
        ask = {"MaxNumberOfMessages": 10, "WaitTimeSeconds": 20, "AttributeNames": ["All"]}
        return Call("sqs", "receive_message", {"QueueUrl": self.url, **ask})

    def delete(self, messages: Sequence[dict[str, Any]]) -> Call:
        """As the mapping deletes a batch that succeeded."""
        entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)]
        return Call("sqs", "delete_message_batch", {"QueueUrl": self.url, "Entries": entries})


class _Recorder:
    """A client that passes calls on and keeps them."""

    def __init__(self, service: str, client: Any, calls: list[Call]) -> None:
        self._service, self._client, self._calls = service, client, calls

    def __getattr__(self, method: str) -> Callable[..., Awaitable[dict[str, Any]]]:
        def call(**params: Any) -> Awaitable[dict[str, Any]]:
            self._calls.append(Call(self._service, method, params))
            answer: Awaitable[dict[str, Any]] = getattr(self._client, method)(**params)
            return answer

        return call


async def record(jobs: int) -> CoreCalls:
    """Take `jobs` jobs through their life on an engine in memory."""
    engine, settings, made = Engine(None), read_settings(), list[Call]()
    dynamodb = _Recorder("dynamodb", engine.client("dynamodb"), made)
    store = JobStore(dynamodb, settings)
    queues = JobQueues(_Recorder("sqs", engine.client("sqs"), made), settings)

    def taken() -> list[Call]:
        calls, made[:] = list(made), []
        return calls

    await create_table(dynamodb, settings)
    await queues.create(Catalog([noop]))
    # What looks whether it is there already fails where it is not: only what makes things is replayed.
    setup = [call for call in taken() if call.method.startswith(("create_", "update_"))]
    recorded = CoreCalls(await queues.url(noop.name), setup)
    new_id, data = Ulids(random=random.Random(1)), noop.check(PAYLOAD)

    batch = [_new(new_id(), data) for _ in range(jobs)]
    await store.put_many(batch)
    recorded.writes["BatchWriteItem (25 puts)"] = taken()
    for _ in range(SINGLE_PUTS):
        await store.put_new(_new(new_id(), data))
    recorded.writes["PutItem (new, conditional)"] = taken()
    await queues.send(noop.name, [(Envelope(job.id, job.tenant, job.type).encode(), 0) for job in batch])
    recorded.writes["SendMessageBatch (10)"] = taken()

    claims = [store.claim(TENANT, job.id, f"worker-{job.id}", system_clock()) for job in batch]
    claimed = await asyncio.gather(*claims)
    recorded.updates["BatchExecuteStatement (25 claims)"] = taken()
    settlements = []
    for job in claimed:
        assert isinstance(job, Job), "a job that waits was not claimed"
        now = system_clock()
        settlements.append(store.settle(job, settle(job, Returned("true"), now, 0.0), now, noop.options))
    await asyncio.gather(*settlements)
    recorded.updates["BatchExecuteStatement (25 ends)"] = taken()

    for job in batch:
        await store.get(TENANT, job.id, system_clock())
    recorded.reads["GetItem"] = taken()
    start = None
    for _ in range(PAGES):
        _, start = await store.keys(partition(TENANT, "completed", 0), start=start, limit=PAGE)
    recorded.reads[f"Query ({PAGE} keys)"] = taken()
    await engine.close()
    return recorded


def _new(job_id: str, data: str) -> Job:
    now = system_clock()
    return Job(
        id=job_id,
        tenant=TENANT,
        type=noop.name,
        status=Status.WAITING,
        max_attempts=noop.options.attempts,
        data_json=data,
        timeout=noop.options.timeout,
        backoff=noop.options.backoff,
        created_at=now,
        run_at=now,
    )
