"""Any text as a queue's attribute: it is refused in AWS's words, or kept and answered; never an internal failure."""

import asyncio
import json
from base64 import b64encode
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from infra.local.engine import Engine
from infra.local.sqs.attribute_values import SETTABLE

LONG = "9" * 5_000
DEEP = "[" * 100_000
SURROGATE = '{"Version":"2012-10-17","Id":"\\ud800","Statement":[{"Sid":"a"}]}'

MEMBERS = [
    "Version",
    "Statement",
    "Sid",
    "Effect",
    "maxReceiveCount",
    "deadLetterTargetArn",
    "redrivePermission",
    "sourceQueueArns",
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(MEMBERS), inner, max_size=3),
    max_leaves=8,
).map(json.dumps)
VALUES = st.text(max_size=20) | JSON | st.integers().map(str) | st.sampled_from(["true", "false", "queue", ""])


REFUSALS = {"InvalidAttributeValue", "InvalidAttributeName", "InvalidParameterValue"}


async def code_of(call: Any) -> str:
    """The code of the error that the call raises, "" for none."""
    try:
        await call
    except ClientError as error:
        code: str = error.response["Error"]["Code"]
        return code
    return ""


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(name=st.sampled_from(sorted(SETTABLE)), value=VALUES, fifo=st.booleans())
@example(name="DelaySeconds", value=LONG, fifo=False)
@example(name="RedrivePolicy", value=f'{{"deadLetterTargetArn":"a","maxReceiveCount":"{LONG}"}}', fifo=False)
@example(name="RedrivePolicy", value=DEEP, fifo=False)
@example(name="Policy", value=DEEP, fifo=False)
@example(name="Policy", value=SURROGATE, fifo=False)
@example(name="KmsMasterKeyId", value="\ud800", fifo=False)
def test_any_value_is_kept_or_refused(name: str, value: str, fifo: bool) -> None:
    async def run() -> None:
        engine = Engine(None)
        sqs: Any = engine.client("sqs")
        kind = {"Attributes": {"FifoQueue": "true"}} if fifo else {}
        url = (await sqs.create_queue(QueueName="q.fifo" if fifo else "q", **kind))["QueueUrl"]
        code = await code_of(sqs.set_queue_attributes(QueueUrl=url, Attributes={name: value}))
        if not code:
            shown = (await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))["Attributes"]
            await sqs.set_queue_attributes(QueueUrl=url, Attributes={name: shown.get(name, "")})
        await engine.close()
        assert not code or code in REFUSALS

    asyncio.run(run())


@pytest.mark.parametrize(
    "content",
    [b"", b"1", b"{}", b'{"taskId":1,"sourceArn":2}', b'{"taskId":"\\ud800","sourceArn":"a"}', DEEP.encode(), b"\xff"],
)
async def test_any_handle_is_refused(sqs: Any, content: bytes) -> None:
    with pytest.raises(ClientError, match="Value for parameter TaskHandle is invalid"):
        await sqs.cancel_message_move_task(TaskHandle=b64encode(content).decode())
