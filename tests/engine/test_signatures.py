"""Signature Version 4 as the door verifies it, against botocore's own signers, part by part."""

import json
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any
from unittest import mock

import httpx
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from infra.local.engine import Engine
from tests.engine.conftest import START, MovableClock
from tests.engine.door import HOST, client_of
from tests.engine.served import boto_client, served

SECRET = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
JSON = {"Content-Type": "application/x-amz-json-1.0"}


@pytest.fixture
async def door(engine: Engine, clock: MovableClock) -> AsyncIterator[httpx.AsyncClient]:
    """A door that wants signatures; botocore signs at the time of the test's clock."""

    def now(remove_tzinfo: bool = True) -> datetime:
        moment = datetime.fromtimestamp(clock() // 1000, UTC)
        return moment.replace(tzinfo=None) if remove_tzinfo else moment

    with mock.patch("botocore.auth.get_current_datetime", now):
        async with client_of(engine, secret=SECRET) as client:
            yield client


def signed(
    method: str = "POST",
    path: str = "/",
    body: bytes = b"{}",
    headers: dict[str, str] | None = None,
    *,
    service: str = "sqs",
    secret: str = SECRET,
    signer: Callable[..., Any] = SigV4Auth,
) -> httpx.Request:
    """A request as botocore signs it."""
    target = {"X-Amz-Target": "AmazonSQS.ListQueues"} if headers is None else {}
    given = JSON | target if headers is None else headers
    request = AWSRequest(method=method, url=HOST + path, data=body, headers=given)
    signer(Credentials("AKIDEXAMPLE", secret), service, "eu-west-1").add_auth(request)
    prepared = request.prepare()
    return httpx.Request(method, prepared.url, content=body, headers=dict(prepared.headers.items()))


def code_of(reply: httpx.Response) -> str:
    code: str = json.loads(reply.content)["__type"].rpartition("#")[2]
    return code


async def test_the_right_secret_opens_the_door(door: httpx.AsyncClient) -> None:
    assert (await door.send(signed())).status_code == 200


async def test_another_secret_does_not(door: httpx.AsyncClient) -> None:
    reply = await door.send(signed(secret="guess"))
    assert reply.status_code == 403
    assert code_of(reply) == "InvalidSignatureException"
    assert reply.headers["x-amzn-query-error"] == "SignatureDoesNotMatch;Sender"
    assert reply.json()["message"].startswith("The request signature we calculated does not match")


async def test_the_health_check_needs_no_signature(door: httpx.AsyncClient) -> None:
    assert (await door.get("/health")).status_code == 200


def body(request: httpx.Request) -> httpx.Request:
    return httpx.Request(request.method, request.url, content=b'{"x":1}', headers=request.headers)


def method(request: httpx.Request) -> httpx.Request:
    return httpx.Request("PUT", request.url, content=request.content, headers=request.headers)


def path(request: httpx.Request) -> httpx.Request:
    return httpx.Request("POST", f"{HOST}/x", content=request.content, headers=request.headers)


def query(request: httpx.Request) -> httpx.Request:
    return httpx.Request("POST", f"{HOST}/?a=b", content=request.content, headers=request.headers)


def header(name: str, value: str) -> Callable[[httpx.Request], httpx.Request]:
    def change(request: httpx.Request) -> httpx.Request:
        headers = {
            was: given.encode("latin-1") for was, given in (dict(request.headers.items()) | {name: value}).items()
        }
        return httpx.Request(request.method, request.url, content=request.content, headers=headers)

    return change


def authorization(old: str, new: str) -> Callable[[httpx.Request], httpx.Request]:
    def change(request: httpx.Request) -> httpx.Request:
        was = request.headers["authorization"]
        assert old in was
        return header("authorization", was.replace(old, new))(request)

    return change


@pytest.mark.parametrize(
    "tamper",
    [
        body,
        method,
        path,
        query,
        header("x-amz-target", "AmazonSQS.DeleteQueue"),
        header("content-type", "application/x-amz-json-1.1"),
        header("host", "elsewhere"),
        header("x-amz-date", "20260921T141321Z"),
        authorization("eu-west-1", "eu-west-2"),
        authorization("content-type;", ""),
        authorization("Signature=", "Signature=0"),
        authorization("Signature=", "Signature=\xe9"),
    ],
)
async def test_whatever_is_changed_on_the_way_is_seen(
    door: httpx.AsyncClient, tamper: Callable[[httpx.Request], httpx.Request]
) -> None:
    reply = await door.send(tamper(signed()))
    assert reply.status_code == 403
    assert code_of(reply) == "InvalidSignatureException"


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (authorization("/sqs/", "/dynamodb/"), "InvalidSignatureException", "scoped to correct service: 'sqs'"),
        (authorization("aws4_request", "aws5"), "InvalidSignatureException", "valid terminator: 'aws4_request'"),
        (authorization("eu-west-1", "EU"), "InvalidSignatureException", "scoped to a valid region, not 'EU'"),
        (authorization("Credential=AKIDEXAMPLE/", "Credential="), "IncompleteSignatureException", "exactly 5 slash"),
        (authorization("host;", ""), "InvalidSignatureException", "'Host' must be a 'SignedHeader'"),
        (authorization(";x-amz-target", ""), "InvalidSignatureException", "'X-Amz-Target' must be a 'SignedHeader'"),
        (authorization("SHA256", "SHA1"), "IncompleteSignatureException", "Unsupported AWS 'algorithm'"),
        (authorization("AWS4-", "Basic "), "MissingAuthenticationTokenException", "missing Authentication Token"),
        (header("authorization", "AWS4-"), "IncompleteSignatureException", "requires 'Credential' parameter. "),
        (header("authorization", "AWS4-X Credential"), "IncompleteSignatureException", "missing equal-sign"),
        (header("x-amz-date", "201"), "IncompleteSignatureException", "Got '201'"),
        (header("x-amz-date", "20261399T000000Z"), "IncompleteSignatureException", "ISO-8601 'basic format'"),
        (
            authorization("Credential=AKIDEXAMPLE/2", "Credential=AKIDEXAMPLE/1"),
            "InvalidSignatureException",
            "YYYYMMDD",
        ),
    ],
)
async def test_what_is_wrong_with_a_signature_is_named(
    door: httpx.AsyncClient, change: Callable[[httpx.Request], httpx.Request], code: str, words: str
) -> None:
    reply = await door.send(change(signed()))
    assert code_of(reply) == code
    assert words in reply.json()["message"]


@pytest.mark.parametrize(
    ("target", "headers", "path", "code", "message"),
    [
        (True, {}, "/", "MissingAuthenticationTokenException", "Request is missing Authentication Token"),
        (
            True,
            {"authorization": "AWS4-"},
            "/",
            "IncompleteSignatureException",
            "Authorization header requires 'Credential' parameter. "
            "Authorization header requires 'Signature' parameter. "
            "Authorization header requires 'SignedHeaders' parameter. "
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-",
        ),
        (
            True,
            {"authorization": "AWS4- Signature=b, Credential=a", "date": "a"},
            "/",
            "IncompleteSignatureException",
            "Authorization header requires 'SignedHeaders' parameter. Authorization=AWS4- Signature=b, Credential=a",
        ),
        (
            True,
            {"authorization": "X"},
            "/?X-Amz-Algorithm",
            "InvalidSignatureException",
            "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
        ),
        (
            True,
            {},
            "/?X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-Date=d",
            "IncompleteSignatureException",
            "AWS query-string parameters must include 'X-Amz-SignedHeaders'. Re-examine the query-string parameters.",
        ),
    ],
)
async def test_dynamodb_says_it_in_these_words(
    door: httpx.AsyncClient, target: bool, headers: dict[str, str], path: str, code: str, message: str
) -> None:
    """As captured from DynamoDB's endpoint by the tests of its emulators."""
    given = JSON | {"X-Amz-Target": "DynamoDB_20120810.ListTables"} | headers
    reply = await door.post(path, content=b"{}", headers=given)
    assert reply.status_code == 400
    assert reply.json() == {"__type": f"com.amazon.coral.service#{code}", "message": message}


@pytest.mark.parametrize(
    ("moved", "message"),
    [
        (
            16 * 60,
            "Signature expired: 20260921T141320Z is now earlier than 20260921T141420Z (20260921T142920Z - 15 min.)",
        ),
        (
            -16 * 60,
            "Signature not yet current: 20260921T141320Z is still later than 20260921T141220Z "
            "(20260921T135720Z + 15 min.)",
        ),
    ],
)
async def test_a_signature_of_another_time_is_refused(
    door: httpx.AsyncClient, clock: MovableClock, moved: int, message: str
) -> None:
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html"""
    assert clock.now == START
    made = signed()
    clock.move(moved)
    assert (await door.send(made)).json()["message"] == message


@pytest.mark.parametrize("moved", [-14 * 60, 14 * 60])
async def test_fourteen_minutes_are_forgiven(door: httpx.AsyncClient, clock: MovableClock, moved: int) -> None:
    made = signed()
    clock.move(moved)
    assert (await door.send(made)).status_code == 200


async def test_spaces_in_headers_do_not_matter(door: httpx.AsyncClient) -> None:
    made = signed(headers=JSON | {"X-Amz-Target": "AmazonSQS.ListQueues", "X-Amz-Meta": "a   b  c"})
    spaced = made.headers["authorization"].replace("AWS4-HMAC-SHA256 ", "AWS4-HMAC-SHA256   ").replace(", ", " ,  ")
    made = header("x-amz-meta", "  a b   c ")(header("authorization", spaced)(made))
    assert (await door.send(made)).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/?Action=ListQueues&Version=2012-11-05",
        "/?Version=2012-11-05&QueueNamePrefix=b%20b&Action=ListQueues",
        "/000000000000/q%C3%A9?Action=GetQueueUrl&QueueName=q",
        "/000000000000//a/../q?Action=GetQueueUrl&QueueName=q%2Fa&QueueName=b",
    ],
)
async def test_paths_and_queries_are_made_canonical_as_botocore_does(door: httpx.AsyncClient, path: str) -> None:
    reply = await door.send(signed("GET", path, b"", {}))
    assert "Signature" not in reply.text
    reply = await door.send(signed("GET", path, b"", {}, secret="guess"))
    assert reply.status_code == 403
    assert "<Code>SignatureDoesNotMatch</Code>" in reply.text


async def test_a_plus_sign_may_be_signed_as_sent_or_encoded(door: httpx.AsyncClient) -> None:
    reply = await door.send(signed("GET", "/?Action=ListQueues&QueueNamePrefix=a+b", b"", {}))
    assert reply.status_code == 200


async def test_a_presigned_url_is_good_until_it_expires(door: httpx.AsyncClient, clock: MovableClock) -> None:
    def presign(credentials: Credentials, service: str, region: str) -> SigV4QueryAuth:
        return SigV4QueryAuth(credentials, service, region, expires=3600)

    path = "/?Action=GetCallerIdentity&Version=2011-06-15"
    made = signed("GET", path, b"", {}, service="sts", signer=presign)
    clock.move(3600)
    assert "<Arn>arn:aws:iam::" in (await door.send(made)).text
    clock.move(1)
    reply = await door.send(made)
    assert reply.status_code == 403
    assert "<Code>SignatureDoesNotMatch</Code><Message>Signature expired: " in reply.text
    for old, new in (("GetCallerIdentity", "GetSessionToken"), ("Expires=3600", "Expires=7200"), ("test", "text")):
        changed = str(made.url).replace(old, new)
        if changed != str(made.url):
            assert (await door.get(changed)).status_code == 403


async def test_a_request_that_is_too_long_is_not_hashed(door: httpx.AsyncClient) -> None:
    reply = await door.post("/", content=b"x" * (9 * 1024 * 1024), headers={"x-amz-target": "AmazonSQS.SendMessage"})
    assert reply.status_code == 413


def test_boto3_clients_of_all_protocols_get_in_with_the_secret_and_not_without() -> None:
    calls: list[tuple[str, str, dict[str, Any], set[str]]] = [
        ("sqs", "list_queues", {}, {"SignatureDoesNotMatch"}),
        ("dynamodb", "list_tables", {}, {"InvalidSignatureException"}),
        ("sts", "get_caller_identity", {}, {"SignatureDoesNotMatch"}),
        ("scheduler", "list_schedules", {"NamePrefix": "a.b_c", "MaxResults": 3}, {"InvalidSignatureException"}),
        ("lambda", "list_functions", {}, {"InvalidSignatureException"}),
        ("cloudwatch", "list_metrics", {"Namespace": "a/b"}, {"SignatureDoesNotMatch"}),
    ]
    with served(secret=SECRET) as endpoint:
        for service, operation, params, codes in calls:
            getattr(boto_client(service, endpoint, secret=SECRET), operation)(**params)
            with pytest.raises(ClientError) as refused:
                getattr(boto_client(service, endpoint, secret="guess"), operation)(**params)
            assert refused.value.response["Error"]["Code"] in codes
