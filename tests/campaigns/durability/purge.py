"""The purged queue: one writer sends, and empties the queue now and then. A purge is whole, or has not happened."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.campaigns.durability.aws import Aws, Refused, Unanswered
from tests.campaigns.durability.load import Figures, Step, require

#: How often a step is a purge. AWS allows one a minute, which is one in each life of the server.
SHARE = 0.03
#: Messages above which only purges are left to do.
ENOUGH = 300
#: Seconds: longer than an audit takes, shorter than what the clock leaps between two of them.
AUDIT_HIDES = 30


class PurgedQueue:
    """Load `purged queue`."""

    name = "purged queue"

    def __init__(self) -> None:
        self.figures = Figures()
        self._url = ""
        self._numbers = 0
        #: Surely there; sent without an answer; surely there unless an unanswered purge has happened.
        self._there: set[int] = set()
        self._perhaps: set[int] = set()
        self._doomed: set[int] | None = None

    async def prepare(self, aws: Aws) -> None:
        self._url = (await aws.sqs("CreateQueue", QueueName="purged"))["QueueUrl"]

    def steps(self, aws: Aws, rng: random.Random) -> Sequence[Step]:
        async def step() -> None:
            if rng.random() < SHARE or len(self._there) > ENOUGH:
                await self._purge(aws)
            else:
                await self._send(aws, rng)

        return [step]

    async def _send(self, aws: Aws, rng: random.Random) -> None:
        numbers = set(range(self._numbers, self._numbers + rng.randint(1, 5)))
        self._numbers += len(numbers)
        entries = [{"Id": str(number), "MessageBody": str(number)} for number in sorted(numbers)]
        try:
            await aws.sqs("SendMessageBatch", QueueUrl=self._url, Entries=entries)
        except Unanswered:
            self._perhaps = numbers
            raise
        self._there |= numbers

    async def _purge(self, aws: Aws) -> None:
        try:
            await aws.sqs("PurgeQueue", QueueUrl=self._url)
        except Refused as refused:
            require(refused.code.endswith("PurgeQueueInProgress"), f"a purge was refused: {refused}")
            if len(self._there) > ENOUGH:
                await self._poll(aws)
            return
        except Unanswered:
            self._doomed, self._there = self._there, set()
            raise
        self._there = set()

    async def _poll(self, aws: Aws) -> None:
        """Nothing to do but to look: a receive that hides nothing."""
        await aws.sqs("ReceiveMessage", QueueUrl=self._url, VisibilityTimeout=0)

    async def audit(self, aws: Aws, rng: random.Random) -> None:
        found: set[int] = set()
        while messages := await self._receive(aws):
            numbers = [int(message) for message in messages]
            require(not found & set(numbers), f"messages {sorted(found & set(numbers))} are there twice")
            found |= set(numbers)
        doomed, open_ = self._doomed or set(), self._perhaps
        self.figures.checked += len(found) + 1
        require(self._there <= found, f"messages {sorted(self._there - found)[:9]} were acknowledged and are gone")
        strange = found - self._there - open_ - doomed
        require(not strange, f"messages {sorted(strange)[:9]} are there though they were purged")
        survivors = found & doomed
        require(survivors in (set(), doomed), f"half a purge: {len(survivors)} of {len(doomed)} are left")
        if doomed:
            self.figures.settle(happened=not survivors)
        if open_:
            require(found & open_ in (set(), open_), f"half a batch: {found & open_} of {open_}")
            self.figures.settle(happened=open_ <= found)
        self._there, self._perhaps, self._doomed = found, set(), None

    async def _receive(self, aws: Aws) -> list[str]:
        reply = await aws.sqs(
            "ReceiveMessage", QueueUrl=self._url, MaxNumberOfMessages=10, VisibilityTimeout=AUDIT_HIDES
        )
        return [message["Body"] for message in reply.get("Messages", [])]
