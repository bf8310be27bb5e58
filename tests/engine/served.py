"""An engine behind its real server, in a thread with a loop of its own, for clients that block."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config

from infra.local.engine import Engine
from infra.local.front import Front, build_server
from infra.serving import listen

#: Seconds that the thread may take to begin and to end.
LIMIT = 30


@contextmanager
def served(prepare: Callable[[Engine], None] = lambda engine: None, **options: Any) -> Iterator[str]:
    """Yields the endpoint; `options` are those of `build_server`."""
    listener = listen("127.0.0.1", 0, "--aws-port")
    endpoint = f"http://127.0.0.1:{listener.getsockname()[1]}"
    begun = threading.Event()
    fronts: list[Front] = []

    async def serve() -> None:
        engine = Engine(None)
        prepare(engine)
        fronts.append(build_server(engine, **options))
        begun.set()
        await fronts[0].serve([listener])
        await engine.close()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="served")
    thread.start()
    assert begun.wait(LIMIT)
    try:
        yield endpoint
    finally:
        fronts[0].should_exit = True
        thread.join(LIMIT)
        assert not thread.is_alive()


def boto_client(service: str, endpoint: str, *, secret: str = "test", region: str = "eu-west-1", **options: Any) -> Any:
    """A boto3 client of that endpoint that does not repeat what fails."""
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id="test",
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}, read_timeout=30, **options),
    )
