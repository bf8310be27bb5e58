"""Random requests for every operation of every service in every protocol: no fault of ours, no hang, always an answer
that can be read. In virtual time, so that what waits ends at once."""

import asyncio
import importlib
import json
import os
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from typing import Any

import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.local import model
from infra.local.engine import SERVICES, Engine
from infra.local.http import Door
from infra.local.wire import HttpReply, HttpRequest
from tests.engine.conftest import START, VirtualLoop
from tests.engine.door import call
from tests.engine.lambda_functions import add
from tests.engine.random_requests import ENCODERS, requests
from tests.engine.socketless import connect

#: Service -> the protocols that it speaks.
PROTOCOLS = {
    "sqs": ("json", "form"),
    "dynamodb": ("json",),
    "scheduler": ("rest",),
    "cloudwatch": ("cbor", "json", "form"),
    "lambda": ("rest",),
    "sts": ("form",),
}
CASES = [
    pytest.param(service, operation, protocol, id=f"{service}-{operation}-{protocol}")
    for service, protocols in PROTOCOLS.items()
    for operation in model.input_shapes(service)
    for protocol in protocols
]

#: Requests for one operation in one protocol, and for one that the engine does not have. For a longer search, set the
#: variable: it then looks at other requests each time.
EXAMPLES = int(os.environ.get("JOBYARD_FUZZ_EXAMPLES", "20"))
EXAMPLES_UNSUPPORTED = 3

MILD = settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    derandomize="JOBYARD_FUZZ_EXAMPLES" not in os.environ,
)


class Bench:
    """An engine with something in it, on a loop of its own whose time passes without waiting."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=VirtualLoop)
        loop = self._runner.get_loop()
        self.engine = Engine(None, clock=lambda: START + round(loop.time() * 1000))
        self.door = Door(self.engine)
        self._runner.run(self._furnish())

    async def _furnish(self) -> None:
        sqs, dynamodb = self.engine.client("sqs"), self.engine.client("dynamodb")
        url = (await sqs.create_queue(QueueName="q"))["QueueUrl"]
        await sqs.create_queue(QueueName="q.fifo", Attributes={"FifoQueue": "true"})
        await sqs.send_message(QueueUrl=url, MessageBody="x")
        await dynamodb.create_table(
            TableName="tab",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        )
        await dynamodb.put_item(TableName="tab", Item={"pk": {"S": "1"}, "n": {"N": "1"}})
        add(self.engine)

    def ask(self, request: HttpRequest) -> HttpReply:
        return self._runner.run(call(self.door, request))

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    def close(self) -> None:
        self._runner.run(self.engine.close())
        self._runner.close()


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


def check(reply: HttpReply, protocol: str, caplog: pytest.LogCaptureFixture) -> None:
    """The reply is none of our faults, and reads as its protocol says."""
    headers = dict(reply.headers)
    assert reply.status < 500 or reply.status == 501, (reply, caplog.text)
    failed = reply.status >= 400
    kind = headers.get(b"content-type", b"").decode()
    if kind.startswith("application/x-amz-json"):
        answer = json.loads(reply.body)
        assert not failed or "#" in answer["__type"]
    elif kind == "application/cbor":
        answer = cbor2.loads(reply.body)
        assert not failed or "#" in answer["__type"]
    elif kind == "text/xml":
        root = ElementTree.fromstring(reply.body)
        assert not failed or root.tag.endswith(("Error", "ErrorResponse", "Exception", "AccessDenied"))
    elif kind == "application/json":
        json.loads(reply.body or b"{}")
        assert not failed or b"x-amzn-errortype" in headers or b"__type" in reply.body or b'"Error":' in reply.body
    else:
        assert reply.body == b"" or kind == "text/plain"
    expected = {"json": "application/x-amz-json-1.0", "cbor": "application/cbor", "form": "text/xml"}
    assert protocol == "rest" or kind == expected[protocol]


def test_every_service_and_protocol_is_here() -> None:
    assert set(PROTOCOLS) == set(SERVICES)


@pytest.mark.parametrize(("service", "operation", "protocol"), CASES)
def test_nearly_right_requests(
    bench: Bench, caplog: pytest.LogCaptureFixture, service: str, operation: str, protocol: str
) -> None:
    shape = model.input_shapes(service)[operation]

    supported = operation in importlib.import_module(SERVICES[service]).OPERATIONS

    @settings(MILD, max_examples=EXAMPLES if supported else EXAMPLES_UNSUPPORTED)
    @given(st.just({}) if shape is None else requests(shape))
    def ask(params: dict[str, Any]) -> None:
        check(bench.ask(ENCODERS[protocol](service, operation, params)), protocol, caplog)

    ask()


TEXT = st.text(st.characters(codec="ascii"), max_size=10)
PATHS = st.one_of(
    st.sampled_from(
        [b"/", b"/000000000000/q", b"/schedules/s", b"/tags/%FF", b"/service/x/operation/y", b"//", b"/.."]
    ),
    st.binary(max_size=20).map(lambda tail: b"/" + tail),
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            b"x-amz-target",
            b"content-type",
            b"authorization",
            b"smithy-protocol",
            b"content-encoding",
            b"host",
            b"origin",
            b"sec-fetch-site",
            b"accept",
            b"expect",
        ]
    ),
    st.one_of(
        st.sampled_from(
            [
                b"AmazonSQS.SendMessage",
                b"DynamoDB_20120810.PutItem",
                b"application/x-amz-json-1.0",
                b"application/x-www-form-urlencoded",
                b"application/json",
                b"rpc-v2-cbor",
                b"gzip",
                b"http://localhost",
                b"AWS4-HMAC-SHA256 Credential=a/20261122/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0",
                b"AWS4-HMAC-SHA256 Credential=a/20261122/us-east-1/lambda/aws4_request, SignedHeaders=a;b, Signature=0",
            ]
        ),
        st.binary(max_size=30),
    ),
    max_size=4,
)
BODIES = st.one_of(
    st.binary(max_size=60),
    st.sampled_from(
        [b"", b"{}", b"[" * 100_000, b'{"a":' * 5000, b"Action=SendMessage&a.b.c=1", b"Action=%FF", b"\x1f\x8b"]
    ),
)
QUERIES = st.one_of(
    st.sampled_from([b"", b"Action=ListQueues", b"X-Amz-Algorithm=a", b"Action", b"&=&"]), st.binary(max_size=30)
)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE"])


@pytest.mark.parametrize("secret", [None, "secret"])
def test_requests_of_any_kind(bench: Bench, caplog: pytest.LogCaptureFixture, secret: str | None) -> None:
    door = Door(bench.engine, secret=secret)

    @settings(MILD, max_examples=2000)
    @given(METHODS, PATHS, QUERIES, HEADERS, BODIES)
    def ask(method: str, path: bytes, query: bytes, headers: dict[bytes, bytes], body: bytes) -> None:
        check(bench.run(call(door, HttpRequest(method, path, query, headers, body))), "rest", caplog)

    ask()


def test_bytes_of_any_kind(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    piece = st.one_of(
        st.binary(max_size=30),
        st.sampled_from(
            [
                b"POST / HTTP/1.1\r\n",
                b"Content-Length: 2\r\n",
                b"Transfer-Encoding: chunked\r\n",
                b"X-Amz-Target: AmazonSQS.ListQueues\r\n",
                b"\r\n",
                b"{}",
                b"2\r\n{}\r\n0\r\n\r\n",
                b"GET /health HTTP/1.1\r\n\r\n",
                b"Connection: close\r\n",
                b"Expect: 100-continue\r\n",
            ]
        ),
    )

    @settings(MILD, max_examples=1000)
    @given(st.lists(piece, max_size=12))
    def send(pieces: list[bytes]) -> None:
        async def converse() -> None:
            peer = connect(bench.engine)
            for one in pieces:
                if not peer.wire.closed:
                    peer.send(one)
            for _ in range(30):
                await asyncio.sleep(0)
            assert b"HTTP/1.1 5" not in peer.wire.written
            peer.connection.connection_lost(None)

        bench.run(converse())

    send()
    assert "Traceback" not in caplog.text
