"""Clients with aiobotocore's signatures that call the engine without HTTP, signing or serialisation.

`await sqs.send_message_batch(QueueUrl=..., Entries=[...])` answers the same dict and raises the same
`ClientError` as the client of `aiobotocore` does; both can be given to the same code.
"""

from collections.abc import Awaitable, Callable
from functools import cache
from types import SimpleNamespace
from typing import Any, Self

from botocore import xform_name

from infra.local import model
from infra.local.engine import DEFAULT_ENDPOINT, Engine
from infra.local.errors import client_exceptions

Method = Callable[..., Awaitable[dict[str, Any]]]


class DirectClient:
    """One service of one engine in one region; an async context manager, as aiobotocore's is."""

    def __init__(
        self, engine: Engine, service: str, region: str, endpoint: str = DEFAULT_ENDPOINT, *, checked: bool = True
    ):
        self._engine = engine
        self._checked = checked
        self._service = service
        self._operations = operation_names(service)
        self.meta = SimpleNamespace(
            region_name=region, endpoint_url=endpoint, service_model=model.service_model(service)
        )

    @property
    def exceptions(self) -> Any:
        """The service's error classes, for `except sqs.exceptions.QueueDoesNotExist`."""
        return client_exceptions(self._service)

    def __getattr__(self, name: str) -> Method:
        # Called for a name once: the method then made is kept on the client.
        operation = self._operations.get(name)
        if operation is None:
            raise AttributeError(f"the embedded {self._service} client has no {name!r}")
        call, service, region = self._engine.call, self._service, self.meta.region_name
        endpoint, checked = self.meta.endpoint_url, self._checked

        def method(**params: Any) -> Awaitable[dict[str, Any]]:
            return call(service, operation, params, region=region, endpoint=endpoint, checked=checked)

        method.__name__ = name
        setattr(self, name, method)
        return method

    async def close(self) -> None:
        """Nothing to close: the engine belongs to whoever made it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()


@cache
def operation_names(service: str) -> dict[str, str]:
    """Method name -> operation name, such as `send_message` -> `SendMessage`, for all that the service has."""
    return {xform_name(name): name for name in model.service_model(service).operation_names}
