"""One suite, four targets: the same cases run against our direct door, our HTTP door, moto and MiniStack.

A case asks for the `sqs` or `dynamodb` fixture and gets a client with aiobotocore's signatures. Emulators
and our HTTP server live for the whole session and are shared, so a case takes fresh names from `unique`.
Where an emulator is known to differ from AWS, the case says so and why:

    @pytest.mark.deviates(moto="accepts a delay of 901 s")

which turns that one target into a strict expected failure: the day it is fixed, the case tells us.
"""

import asyncio
import contextlib
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession, get_session

from infra.local.engine import Engine
from infra.local.front import build_server
from infra.serving import listen
from tests.contract.functions import add_functions

#: Seconds that an emulator may take to answer its first request on a busy machine.
START_LIMIT = 60.0

TARGETS = [
    pytest.param("direct"),
    pytest.param("http"),
    pytest.param("moto", marks=pytest.mark.emulator),
    pytest.param("ministack", marks=pytest.mark.emulator),
]


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "deviates(target=reason): the named target is known to differ from AWS here")


def free_port() -> int:
    """A loopback port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until_it_listens(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return once something accepts connections on `port`; fail with the log when the process ends first."""
    deadline = time.monotonic() + START_LIMIT
    while time.monotonic() < deadline:
        if process.poll() is not None:
            pytest.fail(f"{process.args!r} ended with {process.returncode}:\n{log.read_text()[-2000:]}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        time.sleep(0.05)
    pytest.fail(f"{process.args!r} did not listen on {port} in {START_LIMIT} s:\n{log.read_text()[-2000:]}")


@contextlib.contextmanager
def emulator(command: list[str], port: int, home: Path, **environment: str) -> Iterator[str]:
    """Run an emulator as a subprocess with its files under `home`; yields its endpoint."""
    program = Path(sys.executable).with_name(command[0])
    log = home / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(program), *command[1:]],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=home,
            env=os.environ | {"HOME": str(home), "TMPDIR": str(home)} | environment,
        )
        try:
            wait_until_it_listens(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


@pytest.fixture(scope="session")
def moto_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    command = ["moto_server", "-H", "127.0.0.1", "-p", str(port)]
    with emulator(command, port, tmp_path_factory.mktemp("moto")) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def ministack_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    home = tmp_path_factory.mktemp("ministack")
    services = "sqs,dynamodb,scheduler,lambda,iam,monitoring"
    settings = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "SERVICES": services}
    with emulator(["ministack"], port, home, STATE_DIR=str(home), **settings) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def http_endpoint() -> Iterator[str]:
    """Our own HTTP door over an in-memory engine, in a thread with a loop of its own."""
    listener = listen("127.0.0.1", 0, "--aws-port")
    port = listener.getsockname()[1]

    async def serve() -> None:
        engine = Engine(None)
        add_functions(engine)
        servers.append(build_server(engine, "127.0.0.1", port))
        await servers[0].serve([listener])
        await engine.close()

    servers: list[uvicorn.Server] = []
    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="http door")
    thread.start()
    yield f"http://127.0.0.1:{port}"
    servers[0].should_exit = True
    thread.join(START_LIMIT)
    listener.close()


@pytest.fixture(scope="session")
def session() -> AioSession:
    return get_session()


@pytest.fixture(params=TARGETS)
def target(request: pytest.FixtureRequest) -> str:
    """The name of the target of this run; a known deviation of it becomes a strict expected failure."""
    name: str = request.param
    for marker in request.node.iter_markers("deviates"):
        if name in marker.kwargs:
            request.applymarker(pytest.mark.xfail(reason=f"{name}: {marker.kwargs[name]}", strict=True))
    return name


@pytest.fixture
async def connect(
    target: str, request: pytest.FixtureRequest, session: AioSession
) -> AsyncIterator[Callable[..., Any]]:
    """A function `connect(service, region="us-east-1")` that opens a client on the target for this case."""
    async with contextlib.AsyncExitStack() as stack:
        if target == "direct":
            engine = Engine(None)
            add_functions(engine)
            stack.push_async_callback(engine.close)

            async def open_direct(service: str, region: str = "us-east-1") -> Any:
                return await stack.enter_async_context(engine.client(service, region=region))

            yield open_direct
        else:
            endpoint: str = request.getfixturevalue(f"{target}_endpoint")

            async def open_remote(service: str, region: str = "us-east-1") -> Any:
                client = session.create_client(
                    service,
                    region_name=region,
                    endpoint_url=endpoint,
                    aws_access_key_id="test",
                    aws_secret_access_key="test",
                    config=AioConfig(retries={"total_max_attempts": 1}, read_timeout=30),
                )
                return await stack.enter_async_context(client)

            yield open_remote


@pytest.fixture
async def sqs(connect: Callable[..., Any]) -> Any:
    return await connect("sqs")


@pytest.fixture
async def dynamodb(connect: Callable[..., Any]) -> Any:
    return await connect("dynamodb")


@pytest.fixture
async def cloudwatch(connect: Callable[..., Any]) -> Any:
    return await connect("cloudwatch")


@pytest.fixture
async def scheduler(connect: Callable[..., Any]) -> Any:
    return await connect("scheduler")


@pytest.fixture
def unique() -> Callable[[str], str]:
    """Makes a name that no other case on a shared target uses: `unique("orders")` -> `orders-3f9a1c`."""
    return lambda stem: f"{stem}-{secrets.token_hex(4)}"
