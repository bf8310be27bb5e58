"""IO: the only file that calls SQS. One queue and one dead-letter queue a job type; URLs are looked up once.

A type with levels of priority has a queue for each. Where a queue is named here, it is by what Catalog.queue_of
answers: a type's name is its own queue, and that of a type without levels. Its dead-letter queue is one for all levels.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from queues import limits
from queues.catalog import Catalog
from queues.clients import code_of
from queues.errors import Misconfigured
from queues.observe.trace_context import message_attributes
from queues.resources import dead_letter_attributes, queue_attributes
from queues.settings import Settings

#: What SQS calls a queue that is not there, in its query and its JSON protocol.
NO_QUEUE = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})
#: What SQS answers while it purges a queue, in its query and its JSON protocol.
PURGING = frozenset({"AWS.SimpleQueueService.PurgeQueueInProgress", "PurgeQueueInProgress"})
#: The tenant whose messages carry no group: a deployment that has but this one pays nothing for fair queues, neither to
#: AWS, which charges for messages with a group, nor in the embedded engine.
DEFAULT_TENANT = "default"
#: Tries of the entries that a SendMessageBatch answered as failed.
SEND_TRIES = 4


#: A body, its delay in seconds, and the trace that it belongs to, if any (see observe/trace_context.py).
Message = tuple[str, int] | tuple[str, int, str | None]


@dataclass(frozen=True, slots=True)
class Depth:
    """A queue's approximate counts: messages that can be received, that are being worked on, that are delayed."""

    visible: int
    in_flight: int
    delayed: int

    @property
    def total(self) -> int:
        return self.visible + self.in_flight + self.delayed

    def __add__(self, other: Depth) -> Depth:
        return Depth(self.visible + other.visible, self.in_flight + other.in_flight, self.delayed + other.delayed)


class JobQueues:
    """The queues of a catalog on one SQS client."""

    def __init__(self, sqs: Any, settings: Settings, catalog: Catalog | None = None):
        self._sqs = sqs
        #: Which says what the queues of a type are.
        self.catalog = catalog if catalog is not None else Catalog(())
        self._settings = settings
        self._urls: dict[str, str] = {}

    async def create(self, catalog: Catalog) -> None:
        """Makes what is missing and brings attributes up to date; safe to repeat."""
        for job_type in catalog:
            letters = await self._create(self._settings.dead_letter_queue(job_type.name), dead_letter_attributes())
            reply = await self._sqs.get_queue_attributes(QueueUrl=letters, AttributeNames=["QueueArn"])
            arn = reply["Attributes"]["QueueArn"]
            for queue in catalog.queues_of(job_type.name):
                await self._create(self._settings.queue(queue), queue_attributes(job_type, arn))

    async def _create(self, name: str, attributes: dict[str, str]) -> str:
        try:
            url: str = (await self._sqs.get_queue_url(QueueName=name))["QueueUrl"]
        except ClientError as error:
            if code_of(error) not in NO_QUEUE:
                raise
            url = (await self._sqs.create_queue(QueueName=name, Attributes=attributes))["QueueUrl"]
        else:
            await self._sqs.set_queue_attributes(QueueUrl=url, Attributes=attributes)
        self._urls[name] = url
        return url

    async def url(self, queue: str) -> str:
        """The URL of a queue; Misconfigured if it does not exist."""
        return await self._url(self._settings.queue(queue))

    async def dead_letter_url(self, type_name: str) -> str:
        """The URL of a type's dead-letter queue; Misconfigured if it does not exist."""
        return await self._url(self._settings.dead_letter_queue(type_name))

    async def _url(self, name: str) -> str:
        url = self._urls.get(name)
        if url is None:
            try:
                url = (await self._sqs.get_queue_url(QueueName=name))["QueueUrl"]
            except ClientError as error:
                if code_of(error) in NO_QUEUE:
                    raise Misconfigured(f"queue {name!r} does not exist; start `jobyard up` or deploy first") from error
                raise
            self._urls[name] = url
        return url

    async def arn(self, queue: str) -> str:
        """The ARN of a queue."""
        url = await self.url(queue)
        reply = await self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(reply["Attributes"]["QueueArn"])

    async def send(self, queue: str, messages: Sequence[Message], tenant: str = DEFAULT_TENANT) -> list[int]:
        """Sends messages to a queue, ten a call, and answers which indexes failed.

        `tenant` is whose they are: its message group, by which a fair queue tells tenants apart.

        A call that fails as a whole counts as failed for its entries: whether SQS took them is not known, and a
        second copy is harmless because only one claim of a job succeeds.
        """
        url = await self.url(queue)
        if len(messages) == 1:
            body, delay, *trace = messages[0]
            more = _attributes(trace) | _group(tenant)
            await self._sqs.send_message(QueueUrl=url, MessageBody=body, DelaySeconds=delay, **more)
            return []
        step = limits.SQS_BATCH
        chunks = [range(at, min(at + step, len(messages))) for at in range(0, len(messages), step)]
        failed = await asyncio.gather(*(self._send_chunk(url, messages, chunk, _group(tenant)) for chunk in chunks))
        return [index for part in failed for index in part]

    async def _send_chunk(
        self, url: str, messages: Sequence[Message], chunk: Iterable[int], group: dict[str, str]
    ) -> list[int]:
        pending = list(chunk)
        for tries in range(SEND_TRIES):
            entries = [
                {"Id": str(index), "MessageBody": body, "DelaySeconds": delay, **_attributes(trace), **group}
                for index, (body, delay, *trace) in ((index, messages[index]) for index in pending)
            ]
            reply = await self._sqs.send_message_batch(QueueUrl=url, Entries=entries)
            failures = reply.get("Failed")
            if not failures:
                return []
            pending = [int(entry["Id"]) for entry in failures]
            await asyncio.sleep(0.1 * 2**tries)
        return pending

    async def hide(self, queue: str, receipt: str, seconds: int) -> None:
        """Makes a received message visible again in `seconds`. A receipt that is no longer valid is ignored."""
        url = await self.url(queue)
        try:
            await self._sqs.change_message_visibility(
                QueueUrl=url, ReceiptHandle=receipt, VisibilityTimeout=min(seconds, limits.MAX_VISIBILITY_SECONDS)
            )
        except ClientError as error:
            # Somebody else has received or deleted it since, or its 12 hours are over: it comes back by itself.
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500) >= 500:
                raise

    async def purge(self, queue: str) -> None:
        """Deletes what is in a queue; SQS takes up to a minute for it, and may delete what is sent meanwhile."""
        try:
            await self._sqs.purge_queue(QueueUrl=await self.url(queue))
        except ClientError as error:
            # One that was asked for in the last minute is still at work.
            if code_of(error) not in PURGING:
                raise

    async def bury(self, type_name: str, body: str, error_type: str) -> None:
        """Puts a message into a type's dead-letter queue."""
        await self._sqs.send_message(
            QueueUrl=await self.dead_letter_url(type_name),
            MessageBody=body,
            MessageAttributes={"errorType": {"DataType": "String", "StringValue": error_type[:256] or "Error"}},
        )

    async def depth(self, queue: str, *, dead_letters: bool = False) -> Depth:
        """The approximate counts of a queue, or of a type's dead-letter queue."""
        url = await (self.dead_letter_url(queue) if dead_letters else self.url(queue))
        reply = await self._sqs.get_queue_attributes(
            QueueUrl=url,
            AttributeNames=[
                "ApproximateNumberOfMessages",
                "ApproximateNumberOfMessagesNotVisible",
                "ApproximateNumberOfMessagesDelayed",
            ],
        )
        found = reply["Attributes"]
        return Depth(
            int(found["ApproximateNumberOfMessages"]),
            int(found["ApproximateNumberOfMessagesNotVisible"]),
            int(found["ApproximateNumberOfMessagesDelayed"]),
        )

    async def depths(self, type_name: str) -> dict[str, Depth]:
        """The same of each of a type's queues, the most urgent first."""
        queues = self.catalog.queues_of(type_name)
        return dict(zip(queues, await asyncio.gather(*map(self.depth, queues)), strict=True))

    async def receive_dead_letters(self, type_name: str, visibility: int) -> list[dict[str, Any]]:
        """Up to ten dead letters, hidden for `visibility` seconds; empty when there are none to be had."""
        reply = await self._sqs.receive_message(
            QueueUrl=await self.dead_letter_url(type_name),
            MaxNumberOfMessages=limits.SQS_BATCH,
            VisibilityTimeout=visibility,
            WaitTimeSeconds=0,
            AttributeNames=["All"],
            MessageAttributeNames=["All"],
        )
        return list(reply.get("Messages", ()))

    async def show_dead_letters(self, type_name: str, receipts: Sequence[str]) -> None:
        """Makes dead letters that were received visible again."""
        url = await self.dead_letter_url(type_name)
        for at in range(0, len(receipts), limits.SQS_BATCH):
            entries = [
                {"Id": str(index), "ReceiptHandle": receipt, "VisibilityTimeout": 0}
                for index, receipt in enumerate(receipts[at : at + limits.SQS_BATCH])
            ]
            await self._sqs.change_message_visibility_batch(QueueUrl=url, Entries=entries)

    async def delete_dead_letter(self, type_name: str, receipt: str) -> None:
        """Removes one dead letter."""
        await self._sqs.delete_message(QueueUrl=await self.dead_letter_url(type_name), ReceiptHandle=receipt)


def _group(tenant: str) -> dict[str, str]:
    return {} if tenant == DEFAULT_TENANT else {"MessageGroupId": tenant}


def _attributes(trace: Sequence[str | None]) -> dict[str, Any]:
    """What a message of a trace has besides its body."""
    return {"MessageAttributes": message_attributes(trace[0])} if trace and trace[0] is not None else {}
