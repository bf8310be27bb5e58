"""The services, as they are reached at one target."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from pydantic import SecretStr

from queues.settings import Settings
from queues.version import __version__

#: Those that are asked. Each is a file of models that botocore reads, so no more than these.
SERVICES = ("sts", "sqs", "dynamodb", "lambda", "scheduler", "cloudwatch", "iam")
#: Seconds for a connection and for an answer, and tries of a call.
CONNECT_TIMEOUT, READ_TIMEOUT, TRIES = 5, 20, 3
#: What an endpoint that checks no signature is signed for.
ANY_KEY = "test"


@dataclass(frozen=True, slots=True)
class Where:
    """What is to be looked at."""

    #: URL; None: AWS itself.
    endpoint: str | None
    #: Whether it is `jobyard up` by its settings: then they know its secret key too.
    own: bool = False


def where_of(settings: Settings, *, aws: bool) -> Where:
    """AWS if that is asked for, else AWS_ENDPOINT_URL, else the AWS endpoint of `jobyard up`."""
    if aws:
        return Where(None)
    if settings.aws_endpoint_url:
        return Where(settings.aws_endpoint_url)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    if settings.host in ("0.0.0.0", "::"):  # noqa: S104 - compared with, not bound to
        host = "127.0.0.1"
    return Where(f"http://{host}:{settings.aws_port}", own=True)


@asynccontextmanager
async def connect(
    where: Where, settings: Settings, services: Sequence[str] = SERVICES
) -> AsyncIterator[dict[str, Any]]:
    """aiobotocore's clients by service."""
    from aiobotocore.config import AioConfig
    from aiobotocore.session import get_session

    session = get_session()
    config = AioConfig(
        user_agent_extra=f"jobyard-doctor/{__version__}",
        retries={"mode": "standard", "max_attempts": TRIES},
        connect_timeout=CONNECT_TIMEOUT,
        read_timeout=READ_TIMEOUT,
    )
    options: dict[str, Any] = {"region_name": settings.region, "endpoint_url": where.endpoint, "config": config}
    if where.own or (where.endpoint is not None and await session.get_credentials() is None):
        secret = settings.aws_secret or SecretStr(ANY_KEY)
        options |= {"aws_access_key_id": ANY_KEY, "aws_secret_access_key": secret.get_secret_value()}
    async with AsyncExitStack() as stack:
        yield {name: await stack.enter_async_context(session.create_client(name, **options)) for name in services}
