"""A state machine drives a FIFO queue and a naive list of messages side by side; they must agree after every step."""

import asyncio
import json
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, multiple, rule

from infra.local.engine import Engine

START = 1_790_000_000_000
RETENTION = 3_600
INTERVAL = 300
MAX_RECEIVES = 3
GROUPS = ("a", "b", "c")


@dataclass
class Message:
    """The reference: one message as a reader of the AWS pages would note it."""

    body: str
    group: str
    sent_at: int
    visible_at: int
    order: int
    receives: int = 0
    handle: str = ""


@dataclass
class Line:
    """The reference: one queue, its messages in the order of their arrival."""

    messages: list[Message] = field(default_factory=list)

    def expire(self, now: int) -> None:
        self.messages = [message for message in self.messages if now - message.sent_at < RETENTION * 1000]

    def turns(self, now: int) -> list[list[Message]]:
        """What each group can give, the groups in their turns."""
        given = []
        for group in GROUPS:
            line = [message for message in self.messages if message.group == group]
            ready = []
            for message in line:
                if message.visible_at > now:
                    break
                ready.append(message)
            if ready:
                given.append(ready)
        return sorted(given, key=lambda ready: (ready[0].visible_at, ready[0].receives, ready[0].order))


class FifoAgainstList(RuleBasedStateMachine):
    handles = Bundle("handles")

    @initialize(delay=st.sampled_from([0, 0, 5]), by_group=st.booleans())
    def open(self, delay: int, by_group: bool) -> None:
        self.runner = asyncio.Runner()
        self.now = START
        self.delay, self.by_group = delay, by_group
        self.order = count()
        self.line, self.dead = Line(), Line()
        #: Scope and deduplication id -> when it was sent, and what the send was answered.
        self.sends: dict[tuple[str, str], tuple[int, str]] = {}
        self.engine = self.runner.run(self.make())

    async def make(self) -> Engine:
        engine = Engine(None, clock=lambda: self.now)
        self.sqs: Any = engine.client("sqs")
        common = {"FifoQueue": "true", "MessageRetentionPeriod": str(RETENTION)}
        self.dead_url = (await self.sqs.create_queue(QueueName="dead.fifo", Attributes=common))["QueueUrl"]
        policy = {
            "deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead.fifo",
            "maxReceiveCount": MAX_RECEIVES,
        }
        own = {"DelaySeconds": str(self.delay), "RedrivePolicy": json.dumps(policy)}
        if self.by_group:
            own |= {"DeduplicationScope": "messageGroup"}
        self.url = (await self.sqs.create_queue(QueueName="q.fifo", Attributes=common | own))["QueueUrl"]
        return engine

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(self.engine.close())
            self.runner.close()

    def call(self, action: str, **params: Any) -> Any:
        return self.runner.run(getattr(self.sqs, action)(QueueUrl=self.url, **params))

    @rule(wanted=st.lists(st.tuples(st.sampled_from(GROUPS), st.integers(0, 40)), min_size=1, max_size=10))
    def send(self, wanted: list[tuple[str, int]]) -> None:
        entries = [
            {
                "Id": str(index),
                "MessageBody": f"{group}-{number}-{self.now}",
                "MessageGroupId": group,
                "MessageDeduplicationId": f"id-{number}",
            }
            for index, (group, number) in enumerate(wanted)
        ]
        replies = self.call("send_message_batch", Entries=entries)["Successful"]
        for entry, reply in zip(entries, replies, strict=True):
            key = (entry["MessageGroupId"] if self.by_group else "", entry["MessageDeduplicationId"])
            sent_at, message_id = self.sends.get(key, (0, ""))
            if self.now - sent_at < INTERVAL * 1000:
                assert reply["MessageId"] == message_id
                continue
            self.sends[key] = (self.now, reply["MessageId"])
            visible_at = self.now + self.delay * 1000
            self.line.messages.append(
                Message(entry["MessageBody"], entry["MessageGroupId"], self.now, visible_at, next(self.order))
            )

    @rule(target=handles, wanted=st.integers(1, 10), visibility=st.sampled_from([0, 1, 30, 600]))
    def receive(self, wanted: int, visibility: int) -> Any:
        # A group that has lost its expired messages has another turn; when it loses them is SQS's business.
        self.sweep()
        reply = self.call("receive_message", MaxNumberOfMessages=wanted, VisibilityTimeout=visibility)
        got = reply.get("Messages", [])
        expected: list[Message] = []
        for ready in self.line.turns(self.now):
            for message in ready:
                if len(expected) == wanted:
                    break
                if message.receives == MAX_RECEIVES:
                    self.bury(message)
                else:
                    expected.append(message)
        assert [message["Body"] for message in got] == [message.body for message in expected]
        for message, received in zip(expected, got, strict=True):
            message.receives += 1
            message.visible_at = self.now + visibility * 1000
            message.handle = received["ReceiptHandle"]
        return multiple(*[(message["Body"], message["ReceiptHandle"]) for message in got])

    def bury(self, message: Message) -> None:
        self.line.messages.remove(message)
        self.dead.messages.append(Message(message.body, message.group, self.now, self.now, next(self.order)))

    def named(self, received: tuple[str, str]) -> Message | None:
        """The message of that handle; those that expired may be gone already, so they all go first."""
        self.sweep()
        return next((message for message in self.line.messages if message.body == received[0]), None)

    def is_current(self, message: Message, handle: str) -> bool:
        return message.handle == handle and message.visible_at > self.now

    @rule(received=consumes(handles))
    def delete(self, received: tuple[str, str]) -> None:
        message = self.named(received)
        reply = self.call("delete_message_batch", Entries=[{"Id": "x", "ReceiptHandle": received[1]}])
        if message is None or self.is_current(message, received[1]):
            assert "Failed" not in reply
            if message is not None:
                self.line.messages.remove(message)
        else:
            assert "expired" in reply["Failed"][0]["Message"]

    @rule(received=handles, seconds=st.sampled_from([0, 5, 600]))
    def change(self, received: tuple[str, str], seconds: int) -> None:
        message = self.named(received)
        entry = {"Id": "x", "ReceiptHandle": received[1], "VisibilityTimeout": seconds}
        reply = self.call("change_message_visibility_batch", Entries=[entry])
        if message is not None and self.is_current(message, received[1]):
            assert "Failed" not in reply
            message.visible_at = self.now + seconds * 1000
        else:
            assert reply["Failed"][0]["Code"] == "InvalidParameterValue"

    @rule(seconds=st.sampled_from([0.001, 1, 5, 30, 299.999, 600, 3000]))
    def wait(self, seconds: float) -> None:
        self.now += round(seconds * 1000)

    @rule()
    def sweep(self) -> None:
        async def thrice() -> None:
            for _ in range(3):
                self.engine._sweeper.sweep()
                await self.sqs.list_queues()

        self.runner.run(thrice())
        self.line.expire(self.now)

    @rule()
    def empty_the_dead_letter_queue(self) -> None:
        self.dead.expire(self.now)
        expected = [message.body for ready in self.dead.turns(self.now) for message in ready]
        got: list[str] = []
        while True:
            reply = self.runner.run(self.sqs.receive_message(QueueUrl=self.dead_url, MaxNumberOfMessages=10))
            if "Messages" not in reply:
                break
            for message in reply["Messages"]:
                got.append(message["Body"])
                handle = {"QueueUrl": self.dead_url, "ReceiptHandle": message["ReceiptHandle"]}
                self.runner.run(self.sqs.delete_message(**handle))
        # More than ten come in several receives, between which groups take new turns.
        for group in GROUPS:
            assert [body for body in got if body[0] == group] == [body for body in expected if body[0] == group]
        self.dead.messages = []

    @invariant()
    def counts_agree(self) -> None:
        if not hasattr(self, "engine"):
            return
        attributes = self.call("get_queue_attributes", AttributeNames=["All"])["Attributes"]
        stem = "ApproximateNumberOfMessages"
        total = sum(int(attributes[stem + end]) for end in ("", "NotVisible", "Delayed"))
        messages = self.line.messages
        expired = len([m for m in messages if self.now - m.sent_at >= RETENTION * 1000])
        # Expired messages are counted until they are met, as on AWS.
        assert 0 <= total - (len(messages) - expired) <= expired
        if not expired:
            hidden = [m for m in messages if m.visible_at > self.now]
            assert int(attributes[stem + "NotVisible"]) == len([m for m in hidden if m.receives])

    @invariant()
    def every_group_is_due_when_its_first_message_is(self) -> None:
        if not hasattr(self, "engine"):
            return
        db = self.engine._db
        kept = db.execute("SELECT id, due, head FROM sqs_groups ORDER BY id").fetchall()
        rows = db.execute(
            "SELECT line, visible_at, (receives << 48) + min(sequence) FROM sqs_messages GROUP BY line ORDER BY line"
        ).fetchall()
        assert kept == rows


TestFifoAgainstList = FifoAgainstList.TestCase
TestFifoAgainstList.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
