"""The standard queue: senders and receivers on one queue with a dead-letter queue, and every message by its number.

A message is in one of the two queues, once; it shows when its timeout is over and not before; its receive count tells
every receive; what was deleted never comes back. A receiver hides or deletes only what it surely holds, so that an
acknowledgement says what has happened, and not only that nothing was wrong with the handle.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any, NamedTuple

from tests.campaigns.durability.aws import Aws, Unanswered, Violation
from tests.campaigns.durability.letter import Letter
from tests.campaigns.durability.load import Figures, Step, require

SENDERS, RECEIVERS = 2, 2
#: Receives after which a message goes to the dead letters.
MOST_RECEIVES = 6
#: Seconds that a receive hides its messages in the load; in an audit: longer than it lasts.
HIDES = (0, 1, 30, 30, 30, 100)
AUDIT_HIDES = 45
#: Seconds that a changed visibility hides for.
CHANGES = (0, 2, 90)
#: Milliseconds that a message must still be hidden for to be held surely: longer than a call takes.
MARGIN = 10_000
#: Bytes that a body has at most beside its number: four-kilobyte pages fill up fast.
PADDING = 3_000
#: Messages above which nobody sends any more, and dead letters above which they are deleted.
ENOUGH, ENOUGH_DEAD = 500, 60
BATCH = 10
COUNTS = ("ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed")


class Receipt(NamedTuple):
    """One receive of a message: the handle, and which receive it was."""

    handle: str
    receives: int


class StandardQueue:
    """Load `standard queue`."""

    name = "standard queue"

    def __init__(self) -> None:
        self.figures = Figures()
        #: All that may exist, by number; and of late what was deleted.
        self._letters: dict[int, Letter] = {}
        self._numbers = 0
        self._url = self._dead_url = ""

    async def prepare(self, aws: Aws) -> None:
        self._dead_url = (await aws.sqs("CreateQueue", QueueName="letters-dlq"))["QueueUrl"]
        dead = await aws.sqs("GetQueueAttributes", QueueUrl=self._dead_url, AttributeNames=["QueueArn"])
        policy = {"deadLetterTargetArn": dead["Attributes"]["QueueArn"], "maxReceiveCount": MOST_RECEIVES}
        attributes = {"RedrivePolicy": json.dumps(policy)}
        self._url = (await aws.sqs("CreateQueue", QueueName="letters", Attributes=attributes))["QueueUrl"]

    def steps(self, aws: Aws, rng: random.Random) -> Sequence[Step]:
        async def send() -> None:
            if sum(not letter.surely_gone for letter in self._letters.values()) < ENOUGH:
                await self._send(aws, rng)
            else:
                await self._receive(aws, rng)

        async def receive() -> None:
            await self._receive(aws, rng)

        return [send] * SENDERS + [receive] * RECEIVERS

    async def _send(self, aws: Aws, rng: random.Random) -> None:
        delay, begun = rng.choice((0, 0, 0, 1, 20)), aws.now()
        numbers = range(self._numbers, self._numbers + rng.randint(1, BATCH))
        self._numbers = numbers.stop
        letters = [Letter(number, begun + delay * 1000, begun + delay * 1000) for number in numbers]
        self._letters |= {letter.number: letter for letter in letters}
        entries = [
            {"Id": str(number), "MessageBody": body_of(number, rng), "DelaySeconds": delay} for number in numbers
        ]
        try:
            reply = await aws.sqs("SendMessageBatch", QueueUrl=self._url, Entries=entries)
        except Unanswered:
            for letter in letters:
                letter.perhaps_hide(begun, aws.now(), delay)
            raise
        except BaseException:
            for number in numbers:
                del self._letters[number]  # surely not sent
            raise
        ids = {int(entry["Id"]): entry["MessageId"] for entry in reply["Successful"]}
        require(ids.keys() == set(numbers), f"of {numbers} only {list(ids)} were sent")
        for letter in letters:
            letter.sent = True
            identify(letter, ids[letter.number])
            if not letter.receives:
                letter.hide(begun, aws.now(), delay)

    async def _receive(self, aws: Aws, rng: random.Random) -> None:
        taken = await self._take(aws, self._url, rng.choice(HIDES), wait=rng.choice((0, 0, 0, 0, 1)))
        if taken:
            chosen = dict(rng.sample(sorted(taken.items()), rng.randint(1, len(taken))))
            if rng.random() < 0.3:
                await self._hide(aws, chosen, rng.choice(CHANGES))
            else:
                await self._delete(aws, self._url, chosen)

    async def _take(self, aws: Aws, url: str, hides: int, *, wait: int = 0, alone: bool = False) -> dict[int, Receipt]:
        """One receive; `alone` when nobody else receives, so that the counts are known."""
        begun = aws.now()
        try:
            reply = await aws.sqs(
                "ReceiveMessage",
                QueueUrl=url,
                MaxNumberOfMessages=BATCH,
                VisibilityTimeout=hides,
                WaitTimeSeconds=wait,
                MessageSystemAttributeNames=["All"],
            )
        except Unanswered:
            ended = aws.now()
            for letter in self._letters.values():
                if letter.earliest <= ended and letter.in_dead_letters == (url == self._dead_url):
                    letter.untold += 1
                    letter.perhaps_hide(begun, ended, hides)
            raise
        taken: dict[int, Receipt] = {}
        for message in reply.get("Messages", []):
            letter = self._known(message, begun, aws.now())
            if url == self._dead_url and not letter.in_dead_letters:
                received = letter.receives + letter.untold
                require(received >= MOST_RECEIVES, f"{letter.number} was buried after {received} receives")
                letter.in_dead_letters, letter.receives = True, 0
            require((url == self._dead_url) == letter.in_dead_letters, f"message {letter.number} left the dead letters")
            count = int(message["Attributes"]["ApproximateReceiveCount"])
            check_count(letter, count, begun, alone=alone)
            if count > letter.receives:
                letter.receives, letter.counted_at = count, aws.now()
                letter.hide(begun, aws.now(), hides)
            taken[letter.number] = Receipt(message["ReceiptHandle"], count)
        return taken

    def _known(self, message: dict[str, Any], begun: int, ended: int) -> Letter:
        number = int(message["Body"].partition(" ")[0])
        letter = self._letters.get(number)
        if letter is None:
            raise Violation(f"message {number} is there, which was never sent, or is long gone")
        identify(letter, message["MessageId"])
        if letter.deleted_at is not None and letter.deleted_at < begun:
            raise Violation(f"message {number} came back {begun - letter.deleted_at} ms after it was deleted")
        early = letter.earliest - ended
        require(early <= 0, f"message {number} showed {early} ms before its time")
        return letter

    def _held(self, aws: Aws, taken: dict[int, Receipt]) -> dict[int, Receipt]:
        """Those that nobody else can have received since, nor will soon."""
        limit = aws.now() + MARGIN
        return {
            number: receipt
            for number, receipt in taken.items()
            if self._letters[number].receives == receipt.receives and self._letters[number].earliest > limit
        }

    async def _hide(self, aws: Aws, taken: dict[int, Receipt], seconds: int) -> None:
        held, begun = self._held(aws, taken), aws.now()
        if not held:
            return
        letters = [self._letters[number] for number in held]
        before = [(letter.earliest, letter.latest) for letter in letters]
        for letter in letters:
            letter.perhaps_hide(begun, begun, seconds)
        entries = [
            {"Id": str(number), "ReceiptHandle": receipt.handle, "VisibilityTimeout": seconds}
            for number, receipt in held.items()
        ]
        try:
            reply = await aws.sqs("ChangeMessageVisibilityBatch", QueueUrl=self._url, Entries=entries)
        except Unanswered:
            for letter in letters:
                letter.perhaps_hide(begun, aws.now(), seconds)
            raise
        except BaseException:
            for letter, span in zip(letters, before, strict=True):
                letter.earliest, letter.latest = span  # surely not changed
            raise
        require(len(reply["Successful"]) == len(entries), f"visibility was not changed: {reply.get('Failed')}")
        for letter, receipt in zip(letters, held.values(), strict=True):
            if letter.receives == receipt.receives:
                letter.hide(begun, aws.now(), seconds)

    async def _delete(self, aws: Aws, url: str, taken: dict[int, Receipt]) -> None:
        held = self._held(aws, taken)
        if not held:
            return
        for number in held:
            self._letters[number].deletion_asked = True
        entries = [{"Id": str(number), "ReceiptHandle": receipt.handle} for number, receipt in held.items()]
        try:
            reply = await aws.sqs("DeleteMessageBatch", QueueUrl=url, Entries=entries)
        except Unanswered:
            raise
        except BaseException:
            for number in held:
                self._letters[number].deletion_asked = False  # surely not deleted
            raise
        require(len(reply["Successful"]) == len(entries), f"deletions failed: {reply.get('Failed')}")
        for number in held:
            self._letters[number].deleted_at = aws.now()

    async def audit(self, aws: Aws, rng: random.Random) -> None:
        begun = aws.now()
        found = await self._take_all(aws, self._url)
        dead = await self._take_all(aws, self._dead_url)
        for letter in list(self._letters.values()):
            self._settle(letter, begun, found=letter.number in found or letter.number in dead)
        await self._count(aws)
        for taken in batches(dict(rng.sample(sorted(found.items()), len(found) // 2))):
            await self._hide(aws, taken, 0)
        if len(dead) > ENOUGH_DEAD:
            for taken in batches(dead):
                await self._delete(aws, self._dead_url, taken)

    async def _take_all(self, aws: Aws, url: str) -> dict[int, Receipt]:
        found: dict[int, Receipt] = {}
        while taken := await self._take(aws, url, AUDIT_HIDES, alone=True):
            twice = found.keys() & taken.keys()
            require(not twice, f"messages {sorted(twice)} are there twice")
            found |= taken
        return found

    def _settle(self, letter: Letter, begun: int, *, found: bool) -> None:
        self.figures.checked += 1
        if found:
            if not letter.sent or letter.deletion_asked:
                self.figures.settle(happened=not letter.deletion_asked)
            letter.sent, letter.deletion_asked, letter.untold = True, False, 0
        elif letter.surely_gone:
            del self._letters[letter.number]
        elif letter.latest <= begun:
            require(not letter.surely_there, f"message {letter.number} was acknowledged and is gone: {letter}")
            self.figures.settle(happened=letter.deletion_asked)
            del self._letters[letter.number]

    async def _count(self, aws: Aws) -> None:
        """The queues' own numbers are as many as there are messages."""
        least = sum(letter.surely_there for letter in self._letters.values())
        most = sum(not letter.surely_gone for letter in self._letters.values())
        told = 0
        for url in (self._url, self._dead_url):
            reply = await aws.sqs("GetQueueAttributes", QueueUrl=url, AttributeNames=list(COUNTS))
            told += sum(int(reply["Attributes"][name]) for name in COUNTS)
        require(least <= told <= most, f"the queues tell of {told} messages, and there are {least} to {most}")


def body_of(number: int, rng: random.Random) -> str:
    return f"{number} {'x' * rng.randrange(PADDING)}"


def identify(letter: Letter, message_id: str) -> None:
    known = letter.message_id or message_id
    require(known == message_id, f"message {letter.number} exists twice, as {known} and as {message_id}")
    letter.message_id = message_id


def check_count(letter: Letter, count: int, begun: int, *, alone: bool) -> None:
    """A receive count grows by one with each receive, told or untold."""
    back = letter.counted_at < begun and count <= letter.receives
    require(not back, f"message {letter.number} had been received {letter.receives} times, and now {count} times")
    most = letter.receives + letter.untold + 1
    require(not alone or count <= most, f"message {letter.number} tells of {count} receives; there were {most} at most")


def batches(taken: dict[int, Receipt]) -> list[dict[int, Receipt]]:
    entries = list(taken.items())
    return [dict(entries[first : first + BATCH]) for first in range(0, len(entries), BATCH)]
