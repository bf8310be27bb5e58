"""IO: the AWS clients through which the core reaches the world, and how to make real ones.

The embedded engine's direct clients have the same methods, so nothing below knows which family it was given.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from queues.settings import Settings
from queues.version import __version__


@dataclass(frozen=True, slots=True)
class Clients:
    """aiobotocore clients, or the embedded engine's: keyword arguments in, dicts out, ClientError for errors."""

    sqs: Any
    dynamodb: Any
    #: EventBridge Scheduler's; without it no schedules can be made, changed or deleted.
    scheduler: Any = None
    #: Lambda's; without it a queue is paused for workers alone.
    lambda_: Any = None
    #: CloudWatch's; without it a long-running process sends no metrics.
    cloudwatch: Any = None


@asynccontextmanager
async def connect(settings: Settings) -> AsyncIterator[Clients]:
    """Real clients for `settings.region`, on AWS or on `settings.aws_endpoint_url`; closed at the end."""
    from aiobotocore.config import AioConfig
    from aiobotocore.session import get_session

    session = get_session()
    config = AioConfig(
        # botocore builds its own name anew, twice for each request: a seventh of a call's CPU.
        user_agent=f"jobyard/{__version__}",
        # The core's calls are sound: the tests make every one of them through a client that checks.
        parameter_validation=False,
        retries={"mode": "standard", "max_attempts": 5},
        max_pool_connections=100,
        connect_timeout=5,
        read_timeout=70,
    )
    options = {"region_name": settings.region, "endpoint_url": settings.aws_endpoint_url, "config": config}
    if settings.aws_endpoint_url and await session.get_credentials() is None:
        # An emulator takes any credentials, but botocore signs with none.
        options |= {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    async with AsyncExitStack() as stack:
        sqs = await stack.enter_async_context(session.create_client("sqs", **options))
        dynamodb = await stack.enter_async_context(session.create_client("dynamodb", **options))
        dynamodb.meta.events.register_first("needs-retry.dynamodb", _no_retry_of_a_page)
        scheduler, lambda_, cloudwatch = (
            OnFirstUse(partial(_open, stack, session, name, options)) for name in ("scheduler", "lambda", "cloudwatch")
        )
        yield Clients(sqs, dynamodb, scheduler, lambda_, cloudwatch)


async def _open(stack: AsyncExitStack, session: Any, service: str, options: dict[str, Any]) -> Any:
    return await stack.enter_async_context(session.create_client(service, **options))


class OnFirstUse:
    """A client that is made when it is first called: few processes need one, and each would pay for it."""

    def __init__(self, make: Callable[[], Awaitable[Any]]):
        self._make = make
        self._making = asyncio.Lock()
        self._client: Any = None

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        async def call(**params: Any) -> Any:
            async with self._making:
                if self._client is None:
                    self._client = await self._make()
            return await getattr(self._client, name)(**params)

        return call


def _no_retry_of_a_page(response: Any, operation: Any, **_: Any) -> None:
    """A page of HTML is no answer of AWS's: moto's server sends one where it has no code, and waiting will not help."""
    if response is not None and response[0].status_code == 500:
        kind = response[0].headers.get("content-type", "")
        if kind.startswith("text/html"):
            raise ClientError(
                {"Error": {"Code": "500", "Message": "the endpoint answered with a page"}}, operation.name
            )


def code_of(error: ClientError) -> str:
    """The error code that AWS sent."""
    return str(error.response.get("Error", {}).get("Code", ""))
