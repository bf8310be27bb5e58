"""One suite, six targets: the same cases run against our direct door, our HTTP door, and others' implementations.

A case asks for the `sqs` or `dynamodb` fixture and gets a client with aiobotocore's signatures. A case of a file
`test_sqs_...` runs on every target that offers SQS (see `targets`). The servers live for the whole session and are
shared, so a case takes fresh names from `unique`. Where AWS's documentation, or what AWS was seen to answer, and a
target disagree, AWS decides, and the case says who differs and how:

    @pytest.mark.deviates(moto="accepts a delay of 901 s", elasticmq="has no CancelMessageMoveTask")

which turns those targets into strict expected failures: the day one is fixed, the case tells us. "has no" and the name
of an operation says that it is not offered at all. `deviates_in_part` is for cases with several parameters, some of
which the target answers as AWS does. `make fidelity` writes all of this into docs/fidelity.md.
"""

import asyncio
import contextlib
import secrets
import threading
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
from tests.contract.recorder import Recorder
from tests.contract.servers import START_LIMIT, running
from tests.contract.targets import offering, services_of


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fidelity", metavar="FILE", help="write what the contract suite has seen, as docs/fidelity.md")


def pytest_configure(config: pytest.Config) -> None:
    page = config.getoption("--fidelity", None)
    if page:
        config.pluginmanager.register(Recorder(Path(page)))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each case runs on the targets that have what it needs."""
    if "target" in metafunc.fixturenames:
        services = services_of(metafunc.module.__name__, frozenset(metafunc.fixturenames))
        targets = [
            pytest.param(target.name, marks=[pytest.mark.emulator] if target.emulator else [])
            for target in offering(services)
        ]
        metafunc.parametrize("target", targets, indirect=True)


@pytest.fixture(scope="session")
def moto_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running("moto", tmp_path_factory.mktemp("moto")) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def ministack_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running("ministack", tmp_path_factory.mktemp("ministack")) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def dynamodb_local_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running("dynamodb_local", tmp_path_factory.mktemp("dynamodb_local")) as endpoint:
        yield endpoint


@pytest.fixture(scope="session")
def elasticmq_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running("elasticmq", tmp_path_factory.mktemp("elasticmq")) as endpoint:
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


@pytest.fixture
def target(request: pytest.FixtureRequest) -> str:
    """The name of the target of this run; a known deviation of it becomes an expected failure."""
    name: str = request.param
    for mark, strict in (("deviates", True), ("deviates_in_part", False)):
        for marker in request.node.iter_markers(mark):
            if name in marker.kwargs:
                request.applymarker(pytest.mark.xfail(reason=f"{name}: {marker.kwargs[name]}", strict=strict))
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
