"""SQS: send a batch of ten, receive ten, delete a batch of ten, on one queue that all clients share."""

from __future__ import annotations

from collections import Counter
from typing import Any
from uuid import uuid4

from loads.load import Load, Script, Verdict

#: Bytes of a message's body, its name at the front.
BODY_BYTES = 1024

#: Messages of a call, the most that AWS takes.
BATCH = 10


class SqsLoad(Load):
    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.queue = f"bench-{uuid4().hex}"

    def prepare(self) -> None:
        self.client("sqs").create_queue(QueueName=self.queue)

    def script(self, number: int) -> SqsScript:
        return SqsScript(self.client("sqs"), self.queue, number)

    def verify(self, reports: list[Any]) -> Verdict:
        """A message is right when it was received by one client, once, and deleted."""
        sent, deleted = ({name for report in reports for name in report[part]} for part in ("sent", "deleted"))
        received = Counter(name for report in reports for name in report["received"])
        right = sum(count == 1 and name in sent and name in deleted for name, count in received.items())
        return Verdict(right, len(sent | received.keys()) - right)


class SqsScript(Script):
    def __init__(self, sqs: Any, queue: str, number: int) -> None:
        self.sqs = sqs
        self.url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        self.number = number
        self.report: dict[str, list[str]] = {"sent": [], "received": [], "deleted": []}
        self.count = 0

    def step(self) -> None:
        names = [f"{self.number}-{self.count + i}" for i in range(BATCH)]
        self.count += BATCH
        entries = [{"Id": str(i), "MessageBody": name.ljust(BODY_BYTES, ".")} for i, name in enumerate(names)]
        reply = self.sqs.send_message_batch(QueueUrl=self.url, Entries=entries)
        self.report["sent"] += [names[int(entry["Id"])] for entry in reply.get("Successful", ())]
        self.take()

    def finish(self) -> None:
        """Others may have taken ours, and have left theirs."""
        while self.take():
            pass

    def take(self) -> int:
        """Receive and delete; answers how many came."""
        messages = self.sqs.receive_message(QueueUrl=self.url, MaxNumberOfMessages=BATCH).get("Messages", ())
        if messages:
            names = [message["Body"].rstrip(".") for message in messages]
            self.report["received"] += names
            entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)]
            reply = self.sqs.delete_message_batch(QueueUrl=self.url, Entries=entries)
            self.report["deleted"] += [names[int(entry["Id"])] for entry in reply.get("Successful", ())]
        return len(messages)
