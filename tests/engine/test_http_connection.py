"""One connection to the HTTP door: keep-alive, pipelining, limits and ends, byte by byte and without a socket."""

import asyncio
import json

import httpx
import pytest

from infra.local import connection as connections
from infra.local.compression import MAX_BODY
from infra.local.engine import Engine
from infra.local.front import Front, build_server
from infra.local.http import Door
from infra.local.reader import MAX_HEAD
from infra.serving import listen
from tests.engine.socketless import Peer, connect

LIST = b"POST / HTTP/1.1\r\nHost: aws\r\nX-Amz-Target: AmazonSQS.ListQueues\r\nContent-Length: 2\r\n\r\n{}"
HEALTH = b"GET /health HTTP/1.1\r\nHost: aws\r\n\r\n"


def create(number: int) -> bytes:
    """A request that makes a queue."""
    body = json.dumps({"QueueName": f"q{number}"}).encode()
    head = "POST / HTTP/1.1\r\nHost: aws\r\nX-Amz-Target: AmazonSQS.CreateQueue\r\nContent-Length: "
    return f"{head}{len(body)}\r\n\r\n".encode() + body


async def test_a_connection_lives_on(engine: Engine) -> None:
    peer = connect(engine)
    for count in range(1, 4):
        peer.send(LIST)
        answers = await peer.answers(count)
        assert answers[-1].status == 200
        assert "connection" not in answers[-1].headers
    assert not peer.wire.closed


async def test_a_request_may_come_byte_by_byte(engine: Engine) -> None:
    peer = connect(engine)
    for byte in LIST:
        peer.send(bytes([byte]))
    assert (await peer.answers(1))[0].body == b"{}"


async def test_a_body_may_come_in_chunks(engine: Engine) -> None:
    peer = connect(engine)
    peer.send(LIST.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked")[:-2] + b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")
    assert (await peer.answers(1))[0].status == 200


async def test_what_follows_a_body_in_chunks_is_no_header(engine: Engine) -> None:
    peer = connect(engine)
    start = LIST.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked")[:-2]
    peer.send(start + b"2\r\n{}\r\n0\r\nX-Amz-Target: AmazonSQS.DeleteQueue\r\n\r\n")
    assert (await peer.answers(1))[0].body == b"{}"


async def test_pipelined_requests_are_answered_in_their_order(engine: Engine) -> None:
    peer = connect(engine)
    peer.send(b"".join(create(number) for number in range(5)) + HEALTH)
    answers = await peer.answers(6)
    urls = [json.loads(answer.body).get("QueueUrl", "") for answer in answers]
    assert [url.rpartition("/")[2] for url in urls] == ["q0", "q1", "q2", "q3", "q4", ""]


async def test_a_client_that_does_not_read_is_not_read(engine: Engine) -> None:
    peer = connect(engine)
    peer.connection.pause_writing()
    peer.send(HEALTH * connections.MAX_PIPELINED)
    assert not peer.wire.reading
    assert peer.wire.written == b""
    peer.connection.resume_writing()
    assert peer.wire.reading
    assert len(await peer.answers(connections.MAX_PIPELINED)) == connections.MAX_PIPELINED


async def test_a_client_that_sends_ahead_is_read_no_further_than_it_may(engine: Engine) -> None:
    peer = connect(engine)
    peer.send(LIST * (connections.MAX_PIPELINED + 1))
    assert not peer.wire.reading
    await peer.answers(connections.MAX_PIPELINED + 1)
    assert peer.wire.reading


async def test_thousands_of_pipelined_requests_are_answered_one_after_the_other(engine: Engine) -> None:
    peer = connect(engine)
    peer.send(LIST + HEALTH * 3000)
    await peer.answers(3001)


@pytest.mark.parametrize(
    "request_",
    [HEALTH.replace(b"Host", b"Connection: close\r\nHost"), HEALTH.replace(b"HTTP/1.1", b"HTTP/1.0")],
    ids=["close", "1.0"],
)
async def test_the_last_request_closes_the_connection(engine: Engine, request_: bytes) -> None:
    peer = connect(engine)
    peer.send(request_ + HEALTH)
    (answer,) = await peer.answers(1)
    assert answer.headers["connection"] == "close"
    assert peer.wire.closed


async def test_a_head_request_has_no_body_in_its_reply(engine: Engine) -> None:
    peer = connect(engine)
    peer.methods = ["HEAD", "GET"]
    peer.send(HEALTH.replace(b"GET", b"HEAD") + HEALTH)
    head, get = await peer.answers(2)
    assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.body))


async def test_who_waits_to_be_asked_for_a_body_is_asked(engine: Engine) -> None:
    peer = connect(engine)
    peer.send(LIST.replace(b"Host", b"Expect: 100-continue\r\nHost")[:-2])
    assert peer.wire.written == b"HTTP/1.1 100 Continue\r\n\r\n"
    peer.send(b"{}")
    assert (await peer.answers(1))[0].status == 200


async def test_a_body_too_large_is_refused_before_it_is_sent(engine: Engine) -> None:
    peer = connect(engine)
    peer.send(LIST.replace(b"Content-Length: 2", b"Content-Length: %d" % (MAX_BODY + 1)))
    (answer,) = await peer.answers(1)
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert json.loads(answer.body)["__type"].endswith("RequestEntityTooLargeException")
    # The sender may be in the middle of it: it is heard on for a while, so that it comes to read the answer.
    assert peer.wire.ended
    assert not peer.wire.closed
    for _ in range(connections.MAX_DISCARDED // MAX_BODY + 1):
        if not peer.wire.closed:
            peer.send(b"x" * MAX_BODY)
    assert peer.wire.closed


async def test_a_body_too_large_in_chunks_is_refused_when_it_is(engine: Engine) -> None:
    peer = connect(engine)
    peer.send(LIST.replace(b"Content-Length: 2", b"Transfer-Encoding: chunked")[:-2])
    part = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    for _ in range(MAX_BODY // 0x100000 + 1):
        peer.send(part)
    assert (await peer.answers(1))[0].status == 413


@pytest.mark.parametrize(
    "start",
    [
        b"GET /" + b"x" * (MAX_HEAD + 1),
        b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * (MAX_HEAD // 4),
        b"GET / HTTP/1.1\r\na: " + b"x" * (MAX_HEAD + 1),
        b"GET / HTTP/1.1\r\n" + b"x" * (MAX_HEAD + 1),
    ],
    ids=["line", "headers", "value", "name"],
)
@pytest.mark.parametrize("step", [1000, 10**9])
async def test_a_head_too_large_is_refused(engine: Engine, start: bytes, step: int) -> None:
    peer = connect(engine)
    peer.send(HEALTH)
    for place in range(0, len(start), step):
        peer.send(start[place : place + step])
    _, answer = await peer.answers(2)
    assert answer.status == 431


async def test_many_requests_in_one_piece_are_no_large_head(engine: Engine) -> None:
    peer = connect(engine)
    for _ in range(40):
        peer.send(HEALTH * 60 + HEALTH[:20])
        peer.send(HEALTH[20:])
    await peer.answers(40 * 61)


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",  # a TLS client
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nbad header\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\n{}",
        b"\r\n\r\n\x00",
    ],
)
async def test_what_is_not_http_is_refused_and_closed(engine: Engine, garbage: bytes) -> None:
    peer = connect(engine)
    peer.send(garbage)
    (answer,) = await peer.answers(1)
    assert (answer.status, answer.headers["connection"]) == (400, "close")


async def test_an_offer_to_upgrade_is_not_taken_up(engine: Engine) -> None:
    peer = connect(engine)
    peer.send(b"GET /health HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n")
    assert (await peer.answers(1))[0].status == 200


async def test_a_request_to_a_proxy_names_the_path_after_the_host(engine: Engine) -> None:
    peer = connect(engine)
    peer.send(HEALTH.replace(b"/health", b"http://aws:4566/health"))
    assert (await peer.answers(1))[0].body == b'{"status": "ok"}'


async def test_a_connection_too_many_is_told_so_in_its_protocol(engine: Engine) -> None:
    peer = connect(engine, surplus=True)
    peer.send(LIST)
    (answer,) = await peer.answers(1)
    assert (answer.status, peer.wire.closed) == (503, True)
    assert json.loads(answer.body)["__type"].endswith("#ServiceUnavailable")


async def test_a_client_that_goes_away_cancels_its_call(engine: Engine) -> None:
    peer = connect(engine)
    peer.send(create(1))
    peer.connection.connection_lost(None)
    for _ in range(20):
        await asyncio.sleep(0)
    assert peer.wire.written == b""
    assert (await engine.client("sqs").list_queues()).get("QueueUrls") is None


async def test_what_is_stale_depends_on_what_it_is_doing(engine: Engine) -> None:
    now = asyncio.get_running_loop().time

    def stale(peer: Peer, after: float) -> bool:
        return peer.connection.is_stale(now() + after, idle=75, reading=20)

    peer = connect(engine)
    assert (stale(peer, 74), stale(peer, 76)) == (False, True)
    peer.send(LIST[:10])
    assert (stale(peer, 19), stale(peer, 21)) == (False, True)
    peer.send(LIST[10:])
    assert not stale(peer, 10_000)  # it waits for us
    await peer.answers(1)
    assert (stale(peer, 74), stale(peer, 76)) == (False, True)


async def test_connections_beyond_twice_the_limit_are_not_heard(engine: Engine) -> None:
    with listen("127.0.0.1", 0, "--aws-port") as listener:
        front = Front(Door(engine), engine.now, max_connections=2)
        serving = front.run_on(listener)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/health"
        clients = [httpx.AsyncClient() for _ in range(5)]
        statuses = [(await client.get(url)).status_code for client in clients[:3]]
        assert statuses == [200, 200, 503]
        held = [await asyncio.open_connection(*listener.getsockname()) for _ in range(2)]
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        assert await reader.read() == b""
        for _, other in [*held, (reader, writer)]:
            other.close()
        for client in clients:
            await client.aclose()
        front.should_exit = True
        await serving


async def test_a_server_finishes_what_is_under_way(engine: Engine) -> None:
    server = build_server(engine)
    with listen("127.0.0.1", 0, "--aws-port") as listener:
        serving = server.run_on(listener)
        idle = await asyncio.open_connection(*listener.getsockname())
        url = (await engine.client("sqs").create_queue(QueueName="q"))["QueueUrl"]
        body = json.dumps({"QueueUrl": url, "WaitTimeSeconds": 20}).encode()
        reader, writer = await asyncio.open_connection(*listener.getsockname())
        head = f"POST / HTTP/1.1\r\nX-Amz-Target: AmazonSQS.ReceiveMessage\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        async with asyncio.timeout(10):
            while not len(engine._parking):  # noqa: ASYNC110 (the loop itself makes it true)
                await asyncio.sleep(0)
        server.should_exit = True
        assert await idle[0].read() == b""
        await engine.client("sqs").send_message(QueueUrl=url, MessageBody="at last")
        assert b"at last" in await reader.read()
        await serving
        for _, other in ((reader, writer), idle):
            other.close()
