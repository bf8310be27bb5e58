"""Smithy RPC v2 CBOR, as CloudWatch's present clients speak it, compressed where they compress."""

import gzip
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import cbor2
import httpx
import pytest
from botocore.exceptions import ClientError

from infra.local.compression import body_limit
from infra.local.engine import Engine
from tests.engine.conftest import START
from tests.engine.door import client_of
from tests.engine.served import boto_client, served

HEADERS = {"smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor", "accept": "application/cbor"}
PATH = "/service/GraniteServiceVersion20100801/operation/"
NOW = datetime.fromtimestamp(START / 1000, UTC)
DATUM = {"Namespace": "app", "MetricData": [{"MetricName": "m", "Value": 1, "Timestamp": NOW}]}


@pytest.fixture
async def door(engine: Engine) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(engine) as client:
        yield client


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with served() as url:
        yield url


async def post(door: httpx.AsyncClient, operation: str, params: Any, **headers: str) -> httpx.Response:
    content = params if isinstance(params, bytes) else cbor2.dumps(params, datetime_as_timestamp=True)
    return await door.post(PATH + operation, content=content, headers=HEADERS | headers)


async def statistics(door: httpx.AsyncClient) -> Any:
    window = {"StartTime": NOW - timedelta(hours=1), "EndTime": NOW + timedelta(hours=1), "Period": 60}
    asked = {"Namespace": "app", "MetricName": "m", "Statistics": ["Sum"], **window}
    reply = await post(door, "GetMetricStatistics", asked)
    assert (reply.headers["smithy-protocol"], reply.headers["content-type"]) == ("rpc-v2-cbor", "application/cbor")
    return cbor2.loads(reply.content)["Datapoints"]


def test_boto3_writes_and_reads_metrics_in_each_of_its_protocols(endpoint: str) -> None:
    cloudwatch = boto_client("cloudwatch", endpoint)
    now = datetime.now(UTC)
    cloudwatch.put_metric_data(
        Namespace="app", MetricData=[{"MetricName": "m", "Values": [1.5, 2], "Counts": [2, 1], "Timestamp": now}]
    )
    asked = {"Namespace": "app", "MetricName": "m", "Period": 60, "Statistics": ["Sum"]}
    asked |= {"StartTime": now - timedelta(hours=1), "EndTime": now + timedelta(hours=1)}
    points = cloudwatch.get_metric_statistics(**asked)["Datapoints"]
    assert [point["Sum"] for point in points] == [5.0]
    assert points[0]["Timestamp"].tzinfo is not None


def test_boto3_compresses_a_large_request(endpoint: str) -> None:
    """https://docs.aws.amazon.com/sdkref/latest/guide/feature-compression.html"""
    cloudwatch = boto_client("cloudwatch", endpoint, request_min_compression_size_bytes=128)
    sent: list[Any] = []
    cloudwatch.meta.events.register("before-send.cloudwatch.*", lambda request, **_: sent.append(request.headers))
    data = [{"MetricName": f"metric-{number}", "Value": number} for number in range(200)]
    cloudwatch.put_metric_data(Namespace="squeezed", MetricData=data)
    assert sent[0]["Content-Encoding"] in ("gzip", b"gzip")
    listed = cloudwatch.get_paginator("list_metrics").paginate(Namespace="squeezed").build_full_result()
    assert len(listed["Metrics"]) == 200


def test_an_error_has_the_code_of_the_query_protocol(endpoint: str) -> None:
    cloudwatch = boto_client("cloudwatch", endpoint)
    with pytest.raises(ClientError) as refused:
        cloudwatch.get_dashboard(DashboardName="nowhere")
    assert refused.value.response["Error"]["Code"] == "ResourceNotFound"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


async def test_a_whole_number_will_do_for_a_fraction(door: httpx.AsyncClient) -> None:
    assert (await post(door, "PutMetricData", DATUM)).status_code == 200
    assert [point["Sum"] for point in await statistics(door)] == [1.0]


async def test_half_precision_and_indefinite_lengths_are_read(door: httpx.AsyncClient) -> None:
    """As encoders that look for the shortest form, or do not know the length yet, write them."""
    head = b"\xbf\x69Namespace\x7f\x62ap\x61p\xff\x6aMetricData\x9f\xbf\x6aMetricName\x61m\x65Value"
    moment = b"\x69Timestamp\xc1\x1a" + int(NOW.timestamp()).to_bytes(4, "big")
    assert (await post(door, "PutMetricData", head + b"\xf9\x3e\x00" + moment + b"\xff\xff\xff")).status_code == 200
    assert [point["Sum"] for point in await statistics(door)] == [1.5]


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"\x80",
        b"\xa1\x61",
        b"\xa1\x01\x01",
        cbor2.dumps(DATUM) + b"\x00",
        b"\x81" * 1000,
        b"\x9b\x00\xff\xff\xff\xff\xff\xff\xff",
        b"\xd8\x1c\x81\xd8\x1d\x00",
        cbor2.dumps({"Namespace": Decimal("1.5")}),
        cbor2.dumps({"Namespace": 7}),
        cbor2.dumps({"Namespace": b"app"}),
        cbor2.dumps({"Namespace": None, "MetricData": {}}),
        cbor2.dumps({"Namespace": "app", "MetricData": [{"MetricName": "m", "Value": 2**2000}]}),
        cbor2.dumps({"Namespace": "app", "MetricData": [{"MetricName": "m", "StorageResolution": 2**64}]}),
        cbor2.dumps({"Namespace": "app", "MetricData": [{"MetricName": "m", "Timestamp": 1e30}]}),
    ],
)
async def test_what_is_no_cbor_or_does_not_fit_is_refused_in_cbor(door: httpx.AsyncClient, body: bytes) -> None:
    reply = await post(door, "PutMetricData", body)
    assert reply.status_code == 400
    assert reply.headers["smithy-protocol"] == "rpc-v2-cbor"
    assert cbor2.loads(reply.content)["__type"].rpartition("#")[2] == "SerializationException"


async def test_missing_members_are_named(door: httpx.AsyncClient) -> None:
    reply = await post(door, "GetMetricStatistics", {})
    assert reply.headers["x-amzn-query-error"] == "ValidationError;Sender"
    assert "'namespace' failed to satisfy constraint" in cbor2.loads(reply.content)["message"]


@pytest.mark.parametrize("path", [PATH + "Nope", "/service/Other/operation/List", "/service/x", PATH])
async def test_an_unknown_operation_is_refused_in_cbor(door: httpx.AsyncClient, path: str) -> None:
    reply = await door.post(path, content=b"\xa0", headers=HEADERS)
    assert reply.status_code == 404
    assert cbor2.loads(reply.content)["__type"].endswith("#UnknownOperationException")


async def test_a_service_without_this_protocol_is_not_called_through_it(door: httpx.AsyncClient) -> None:
    reply = await door.post("/service/AmazonSQS/operation/ListQueues", content=b"\xa0", headers=HEADERS)
    assert reply.status_code == 404


@pytest.mark.parametrize(
    ("content", "encoding", "status"),
    [
        (gzip.compress(cbor2.dumps(DATUM, datetime_as_timestamp=True), mtime=0), "gzip", 200),
        (gzip.compress(cbor2.dumps(DATUM, datetime_as_timestamp=True), mtime=0), "GZIP, identity", 200),
        (
            gzip.compress(gzip.compress(cbor2.dumps(DATUM, datetime_as_timestamp=True), mtime=0), mtime=0),
            "gzip, gzip",
            200,
        ),
        (gzip.compress(b"\x00" * (body_limit("cloudwatch") + 1)), "gzip", 413),
        (gzip.compress(gzip.compress(b"\x00" * 2**27, mtime=0), mtime=0), "gzip, gzip", 413),
        (gzip.compress(b"\xa0", mtime=0) + b"x", "gzip", 400),
        (gzip.compress(b"\xa0", mtime=0)[:-4], "gzip", 400),
        (b"\xa0", "gzip", 400),
        (b"\xa0", "br", 415),
    ],
)
async def test_a_compressed_body_is_inflated_up_to_the_limit(
    door: httpx.AsyncClient, content: bytes, encoding: str, status: int
) -> None:
    reply = await post(door, "PutMetricData", content, **{"content-encoding": encoding})
    assert reply.status_code == status
    cbor2.loads(reply.content)


async def test_the_same_operations_answer_json_and_forms(door: httpx.AsyncClient) -> None:
    """The other two protocols of CloudWatch's model."""
    headers = {
        "x-amz-target": "GraniteServiceVersion20100801.PutMetricData",
        "content-type": "application/x-amz-json-1.0",
    }
    body = {"Namespace": "app", "MetricData": [{"MetricName": "m", "Value": 1, "Timestamp": START / 1000}]}
    assert (await door.post("/", json=body, headers=headers)).json() == {}
    form = {
        "Action": "PutMetricData",
        "Version": "2010-08-01",
        "Namespace": "app",
        "MetricData.member.1.MetricName": "m",
        "MetricData.member.1.Value": "2.5",
        "MetricData.member.1.Timestamp": NOW.isoformat().replace("+00:00", "Z"),
        "MetricData.member.1.Dimensions.member.1.Name": "d",
        "MetricData.member.1.Dimensions.member.1.Value": "v",
    }
    reply = await door.post("/", data=form)
    assert 'PutMetricDataResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"' in reply.text
    reply = await door.post("/", data={"Action": "ListMetrics", "Version": "2010-08-01"})
    assert "<Metrics><member>" in reply.text
    assert "<Dimensions><member><Name>d</Name><Value>v</Value></member></Dimensions>" in reply.text
    assert [point["Sum"] for point in await statistics(door)] == [1.0]
