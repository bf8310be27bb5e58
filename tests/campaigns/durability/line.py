"""The FIFO queue: one sender to each message group, receivers for all. Order and exactly-once, across kills.

What a kill has cut off is sent again with the same deduplication ids, so in the end each message is there once, in its
place. A receive must bring the first messages of a group that are not deleted, with none left out.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from tests.campaigns.durability.aws import Aws, Unanswered
from tests.campaigns.durability.load import Figures, Step, require

GROUPS, RECEIVERS = 4, 2
#: Messages of a group above which its sender waits for the receivers.
ENOUGH = 60
#: Seconds that a receive hides its messages: longer than a life of the server, shorter than what its clock leaps.
HIDES = 50


class Line:
    """One message group: its numbers in their order, and what is open of them."""

    def __init__(self, name: str):
        self.name = name
        self.numbers: list[int] = []
        #: Of these, those whose deletion was asked for and not answered.
        self.leaving: set[int] = set()
        #: What must be sent again: the entries of the last send, unanswered.
        self.unsent: list[dict[str, Any]] = []
        self.next = 0
        self.last_sequence = 0

    def entries(self, count: int) -> list[dict[str, Any]]:
        """The next messages."""
        first, self.next = self.next, self.next + count
        return [
            {
                "Id": str(number),
                "MessageBody": f"{self.name} {number}",
                "MessageGroupId": self.name,
                "MessageDeduplicationId": f"{self.name}-{number}",
            }
            for number in range(first, self.next)
        ]

    def check_received(self, received: list[int]) -> None:
        """Those are the first of the line, but for such as are leaving it."""
        left = iter(self.numbers)
        for number in received:
            passed = []
            for other in left:
                if other == number:
                    break
                passed.append(other)
            else:
                require(False, f"group {self.name}: {received} came, which is not the order of {self.numbers[:20]}")
            stay = [other for other in passed if other not in self.leaving]
            require(not stay, f"group {self.name}: {number} came before {stay}")


class FifoQueue:
    """Load `FIFO queue`."""

    name = "FIFO queue"

    def __init__(self) -> None:
        self.figures = Figures()
        self._url = ""
        self._lines = {name: Line(name) for name in (f"g{number}" for number in range(GROUPS))}

    async def prepare(self, aws: Aws) -> None:
        made = await aws.sqs("CreateQueue", QueueName="lines.fifo", Attributes={"FifoQueue": "true"})
        self._url = made["QueueUrl"]

    def steps(self, aws: Aws, rng: random.Random) -> Sequence[Step]:
        def sender(line: Line) -> Step:
            async def step() -> None:
                if len(line.numbers) < ENOUGH:
                    await self._send(aws, line, line.entries(rng.randint(1, 5)))
                else:
                    await self._receive(aws, rng)

            return step

        async def receive() -> None:
            await self._receive(aws, rng)

        return [sender(line) for line in self._lines.values()] + [receive] * RECEIVERS

    async def _send(self, aws: Aws, line: Line, entries: list[dict[str, Any]]) -> None:
        numbers = [int(entry["Id"]) for entry in entries]
        if not line.unsent:
            line.numbers += numbers
        try:
            reply = await aws.sqs("SendMessageBatch", QueueUrl=self._url, Entries=entries)
        except Unanswered:
            line.unsent = entries
            raise
        except BaseException:
            line.numbers = [number for number in line.numbers if number not in numbers]  # surely not sent
            raise
        line.unsent = []
        require(len(reply["Successful"]) == len(entries), f"group {line.name}: {reply.get('Failed')}")
        for entry in sorted(reply["Successful"], key=lambda entry: int(entry["Id"])):
            sequence = int(entry["SequenceNumber"])
            require(sequence > line.last_sequence, f"group {line.name}: sequence number {sequence} goes back")
            line.last_sequence = sequence

    async def _receive(self, aws: Aws, rng: random.Random) -> None:
        for name, handles in (await self._take(aws)).items():
            numbers = list(handles)
            gone = numbers if rng.random() < 0.5 else rng.sample(numbers, rng.randint(0, len(numbers)))
            await self._delete(aws, self._lines[name], {number: handles[number] for number in gone})
            rest = [handle for number, handle in handles.items() if number not in gone]
            if rest and rng.random() < 0.9:  # else the group waits for the next life
                entries = [
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for number, handle in enumerate(rest)
                ]
                reply = await aws.sqs("ChangeMessageVisibilityBatch", QueueUrl=self._url, Entries=entries)
                require(len(reply["Successful"]) == len(entries), f"group {name}: {reply.get('Failed')}")

    async def _take(self, aws: Aws) -> dict[str, dict[int, str]]:
        """One receive: number -> receipt handle, by group."""
        reply = await aws.sqs("ReceiveMessage", QueueUrl=self._url, MaxNumberOfMessages=10, VisibilityTimeout=HIDES)
        taken: dict[str, dict[int, str]] = {}
        for message in reply.get("Messages", []):
            name, number = message["Body"].split()
            taken.setdefault(name, {})[int(number)] = message["ReceiptHandle"]
        for name, handles in taken.items():
            self._lines[name].check_received(list(handles))
        return taken

    async def _delete(self, aws: Aws, line: Line, handles: dict[int, str]) -> None:
        if not handles:
            return
        entries = [{"Id": str(number), "ReceiptHandle": handle} for number, handle in handles.items()]
        line.leaving |= handles.keys()
        try:
            reply = await aws.sqs("DeleteMessageBatch", QueueUrl=self._url, Entries=entries)
        except Unanswered:
            raise
        except BaseException:
            line.leaving -= handles.keys()  # surely not deleted
            raise
        require(len(reply["Successful"]) == len(entries), f"group {line.name}: {reply.get('Failed')}")
        line.numbers = [number for number in line.numbers if number not in handles]
        line.leaving -= handles.keys()

    async def audit(self, aws: Aws, rng: random.Random) -> None:
        """Sends again what was cut off, then empties the queue: each group must bring all of its line."""
        for line in self._lines.values():
            if line.unsent:
                await self._send(aws, line, line.unsent)
        leaving = {name: set(line.leaving) for name, line in self._lines.items()}
        came: dict[str, list[int]] = {name: [] for name in self._lines}
        while taken := await self._take(aws):
            for name, handles in taken.items():
                came[name] += handles
                await self._delete(aws, self._lines[name], handles)
        for name, line in self._lines.items():
            lost = [number for number in line.numbers if number not in line.leaving]
            require(not lost, f"group {name}: {lost[:9]} were acknowledged and are gone")
            self.figures.checked += len(came[name]) + 1
            for number in leaving[name]:
                self.figures.settle(happened=number not in came[name])
            line.numbers, line.leaving = [], set()
