"""Bodies that are broken, enormous, deep or of the wrong kind: each refused by name, and nothing of them kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from api.body import MAX_DISCARDED_BYTES
from queues.limits import MAX_BODY_BYTES, MAX_DATA_BYTES
from tests.api.conftest import problem

JOBS = "/api/v1/jobs"
JSON = {"Content-Type": "application/json"}


def job(data: str) -> bytes:
    return b'{"type":"echo","data":' + data.encode() + b"}"


BROKEN = {
    "empty": b"",
    "cut short": b'{"type": "echo", "data"',
    "two values": b'{"type":"echo","data":1} {}',
    "single quotes": b"{'type': 'echo'}",
    "NaN": job("NaN"),
    "Infinity": job("[-Infinity]"),
    "beyond a double": job("1e400"),
    "not UTF-8": b'{"type":"echo","data":"\xff\xfe"}',
    "UTF-16": '{"type":"echo","data":1}'.encode("utf-16"),
    "byte order mark": b"\xef\xbb\xbf" + job("1"),
    "lone surrogate": job('"\\ud800"'),
    "control character": job('"\x01"'),
    "201 levels": job("[" * 201 + "]" * 201),
    "100,000 levels": job("[" * 100_000 + "]" * 100_000),
    "comment": job("1 /* one */"),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_not_json(client: httpx.AsyncClient, name: str) -> None:
    for path in (JOBS, f"{JOBS}/batch", f"{JOBS}/schedule"):
        problem(await client.post(path, content=BROKEN[name], headers=JSON), 400, "broken-json")
    assert (await client.get(JOBS)).json()["jobs"] == []


KEPT = {
    "unicode": '{"größe":"🦆 \\u4f60\\u597d","\\u0000":"\\u0000"}',
    "deep": "[" * 150 + "]" * 150,
    "numbers": "[9007199254740993,-9223372036854775808,18446744073709551615,1e-300,0.1,-0.0]",
    "key of a prototype": '{"__proto__":{"x":1},"constructor":null}',
    "the core's own words": '{"pk":{"S":"job#other#1"},"#status":":status"}',
    "null": "null",
    "long text": '"' + "x" * 100_000 + '"',
}


@pytest.mark.parametrize("name", KEPT)
async def test_data_comes_back_as_it_went_in(client: httpx.AsyncClient, work: Any, name: str) -> None:
    sent = httpx.Response(200, content=KEPT[name].encode()).json()
    made = await client.post(JOBS, content=job(KEPT[name]), headers=JSON)
    assert made.status_code == 202, made.text
    await work("echo")
    done = (await client.get(f"{JOBS}/{made.json()['id']}")).json()
    assert (done["status"], done["data"]) == ("completed", sent)
    assert done["result"] == sent or name == "long text"


async def test_of_two_members_of_one_name_the_last_counts(client: httpx.AsyncClient) -> None:
    raw = b'{"type":"nothing","type":"echo","data":{"a":1,"a":2}}'
    assert (await client.post(JOBS, content=raw, headers=JSON)).json()["data"] == {"a": 2}


async def test_an_integer_that_would_be_rounded_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post(JOBS, content=job("123456789012345678901234567890"), headers=JSON)
    document = problem(answer, 422, "invalid-data")
    assert document["errors"][0]["field"] == "data"
    assert "64-bit" in document["detail"]


@pytest.mark.parametrize(
    "kind",
    [
        None,
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonx",
    ],
)
async def test_a_body_of_another_kind(client: httpx.AsyncClient, kind: str | None) -> None:
    headers = {} if kind is None else {"Content-Type": kind}
    document = problem(await client.post(JOBS, content=job("1"), headers=headers), 415, "unsupported-media-type")
    assert "application/json" in document["detail"]


@pytest.mark.parametrize(
    "headers", [{"Content-Encoding": "gzip"}, {"Content-Type": "application/json;charset=latin-1"}]
)
async def test_a_body_in_another_coding(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    problem(await client.post(JOBS, content=job("1"), headers=JSON | headers), 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "kind", ["application/json; charset=UTF-8", 'APPLICATION/JSON;charset="utf-8"', "application/vnd.x+json"]
)
async def test_other_names_for_json(client: httpx.AsyncClient, kind: str) -> None:
    assert (await client.post(JOBS, content=job("1"), headers={"Content-Type": kind})).status_code == 202


async def test_a_body_that_a_client_asks_about_first_is_refused_unread(client: httpx.AsyncClient) -> None:
    read = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal read
        read += 1
        yield b"x"

    headers = JSON | {"Content-Length": str(MAX_BODY_BYTES + 1), "Expect": "100-continue"}
    problem(await client.post(JOBS, content=body(), headers=headers), 413, "too-large")
    assert read == 0


async def test_a_body_without_an_end_is_cut_off(app: Any, client: httpx.AsyncClient) -> None:
    """Straight on ASGI: the answer comes, and nothing of the body is kept meanwhile."""
    chunks = 0
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        nonlocal chunks
        chunks += 1
        return {"type": "http.request", "body": b" " * 65_536, "more_body": True}

    async def send(message: Any) -> None:
        sent.append(message)

    token = client.headers["authorization"].encode()
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "path": JOBS,
        "raw_path": JOBS.encode(),
        "query_string": b"",
        "root_path": "",
        "scheme": "http",
        "server": ("test", 80),
        "client": ("test", 1),
        "headers": [(b"content-type", b"application/json"), (b"authorization", token)],
    }
    await app(scope, receive, send)
    assert sent[0]["status"] == 413
    assert chunks == MAX_DISCARDED_BYTES // 65_536 + 1


async def test_a_body_of_exactly_the_limit_is_read(client: httpx.AsyncClient) -> None:
    raw = job("1").ljust(MAX_BODY_BYTES)
    assert (await client.post(JOBS, content=raw, headers=JSON)).status_code == 202
    problem(await client.post(JOBS, content=raw + b" ", headers=JSON), 413, "too-large")
    chunked = httpx.Response(200, content=raw * 3).aiter_bytes(65_536)
    problem(await client.post(JOBS, content=chunked, headers=JSON), 413, "too-large")


async def test_data_beyond_what_a_row_holds(client: httpx.AsyncClient) -> None:
    fits = "x" * (MAX_DATA_BYTES - 2)
    assert (await client.post(JOBS, json={"type": "echo", "data": fits})).status_code == 202
    document = problem(await client.post(JOBS, json={"type": "echo", "data": fits + "x"}), 413, "too-large")
    assert document["errors"][0]["field"] == "data"
    batch = [{"type": "echo", "data": 1}, {"type": "echo", "data": fits + "x"}]
    document = problem(await client.post(f"{JOBS}/batch", json=batch), 413, "too-large")
    assert document["errors"][0]["index"] == 1


async def test_thousands_of_faults_make_a_short_answer(client: httpx.AsyncClient) -> None:
    body = {"type": "echo", "data": 1} | {f"{'k' * 1000}{i}": i for i in range(500)}
    answer = await client.post(JOBS, json=body)
    document = problem(answer, 422, "invalid-request")
    assert len(document["errors"]) == 50
    assert document["moreErrors"] == 450
    assert len(answer.content) < 30_000
