"""A state machine drives a queue and a naive list of messages side by side; they must agree after every step."""

import asyncio
import json
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule

from infra.local.engine import Engine

START = 1_790_000_000_000
RETENTION = 3_600
MAX_RECEIVES = 3


@dataclass
class Message:
    """The reference: one message as a reader of the AWS pages would note it."""

    body: str
    sent_at: int
    visible_at: int
    receives: int = 0
    dead: bool = False
    handle: str = ""


class QueueAgainstList(RuleBasedStateMachine):
    handles = Bundle("handles")

    @initialize()
    def open(self) -> None:
        self.runner = asyncio.Runner()
        self.now = START
        self.messages: list[Message] = []
        self.sent = 0
        self.engine = self.runner.run(self.make())

    async def make(self) -> Engine:
        engine = Engine(None, clock=lambda: self.now)
        self.sqs: Any = engine.client("sqs")
        kept = {"MessageRetentionPeriod": str(RETENTION)}
        self.dead = (await self.sqs.create_queue(QueueName="dead", Attributes=kept))["QueueUrl"]
        policy = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead", "maxReceiveCount": MAX_RECEIVES}
        attributes = {**kept, "RedrivePolicy": json.dumps(policy)}
        self.url = (await self.sqs.create_queue(QueueName="q", Attributes=attributes))["QueueUrl"]
        return engine

    def teardown(self) -> None:
        if hasattr(self, "runner"):
            self.runner.run(self.engine.close())
            self.runner.close()

    def call(self, action: str, **params: Any) -> Any:
        return self.runner.run(getattr(self.sqs, action)(QueueUrl=self.url, **params))

    def alive(self, dead: bool = False) -> list[Message]:
        return [m for m in self.messages if m.dead == dead and self.now - m.sent_at < RETENTION * 1000]

    @rule(delay=st.sampled_from([None, 0, 1, 30, 900]), count=st.integers(1, 10))
    def send(self, delay: int | None, count: int) -> None:
        extra: dict[str, Any] = {} if delay is None else {"DelaySeconds": delay}
        entries = [{"Id": str(n), "MessageBody": str(self.sent + n), **extra} for n in range(count)]
        self.call("send_message_batch", Entries=entries)
        for entry in entries:
            self.messages.append(Message(entry["MessageBody"], self.now, self.now + (delay or 0) * 1000))
        self.sent += count

    @rule(target=handles, wanted=st.integers(1, 10), visibility=st.sampled_from([1, 30, 600]))
    def receive(self, wanted: int, visibility: int) -> Any:
        reply = self.call(
            "receive_message", MaxNumberOfMessages=wanted, VisibilityTimeout=visibility, AttributeNames=["All"]
        )
        got = reply.get("Messages", [])
        visible = [m for m in self.alive() if m.visible_at <= self.now]
        deliverable = [m for m in visible if m.receives < MAX_RECEIVES]
        assert len(got) == min(wanted, len(deliverable))
        by_body = {m.body: m for m in deliverable}
        for received in got:
            message = by_body.pop(received["Body"])
            message.receives += 1
            message.visible_at = self.now + visibility * 1000
            message.handle = received["ReceiptHandle"]
            assert received["Attributes"]["ApproximateReceiveCount"] == str(message.receives)
            assert received["Attributes"]["SentTimestamp"] == str(message.sent_at)
        # Those met on the way that were received too often went to the dead-letter queue; which were met is
        # SQS's business, so the reference learns it: all of them when the receive looked at everything.
        self.learn_burials(len(got) < wanted)
        return multiple(*[(received["Body"], received["ReceiptHandle"]) for received in got])

    def learn_burials(self, looked_at_all: bool) -> None:
        dead = self.runner.run(self.sqs.get_queue_attributes(QueueUrl=self.dead, AttributeNames=["All"]))
        buried = int(dead["Attributes"]["ApproximateNumberOfMessages"]) - len(self.alive(dead=True))
        exhausted = [m for m in self.alive() if m.visible_at <= self.now and m.receives >= MAX_RECEIVES]
        assert 0 <= buried <= len(exhausted)
        if looked_at_all:
            assert buried == len(exhausted)
        for message in sorted(exhausted, key=lambda m: m.visible_at)[:buried]:
            message.dead = True

    @rule(received=handles)
    def delete(self, received: tuple[str, str]) -> None:
        body, handle = received
        self.call("delete_message", ReceiptHandle=handle)
        self.messages = [m for m in self.messages if m.body != body or m.handle != handle or m.dead]

    @rule(received=handles, seconds=st.sampled_from([0, 5, 600]))
    def change(self, received: tuple[str, str], seconds: int) -> None:
        body, handle = received
        entry = {"Id": "x", "ReceiptHandle": handle, "VisibilityTimeout": seconds}
        reply = self.call("change_message_visibility_batch", Entries=[entry])
        # Any handle of the message will do, not only the latest.
        named = [m for m in self.messages if m.body == body and not m.dead]
        if "Successful" in reply:
            (message,) = named
            message.visible_at = self.now + seconds * 1000
        else:
            (failed,) = reply["Failed"]
            assert failed["Code"] == "InvalidParameterValue"
            assert not [m for m in named if m in self.alive()]

    @rule(seconds=st.sampled_from([0.001, 1, 5, 30, 600, 3000]))
    def wait(self, seconds: float) -> None:
        self.now += round(seconds * 1000)

    @rule()
    def sweep(self) -> None:
        async def twice() -> None:
            for _ in range(2):
                self.engine._sweeper.sweep()
                await self.sqs.list_queues()

        self.runner.run(twice())

    @invariant()
    def counts_agree(self) -> None:
        if not hasattr(self, "engine"):
            return
        attributes = self.call("get_queue_attributes", AttributeNames=["All"])["Attributes"]
        stem = "ApproximateNumberOfMessages"
        visible, hidden, delayed = (int(attributes[stem + end]) for end in ("", "NotVisible", "Delayed"))
        alive = self.alive()
        expired = len([m for m in self.messages if not m.dead]) - len(alive)
        # Expired messages are counted until a receive or the sweep meets them, as on AWS.
        assert 0 <= visible - len([m for m in alive if m.visible_at <= self.now]) <= expired
        later = [m for m in alive if m.visible_at > self.now]
        assert 0 <= hidden - len([m for m in later if m.receives]) <= expired
        assert 0 <= delayed - len([m for m in later if not m.receives]) <= expired


TestQueueAgainstList = QueueAgainstList.TestCase
TestQueueAgainstList.settings = settings(
    max_examples=60,
    stateful_step_count=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
