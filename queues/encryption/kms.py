"""IO: data keys from AWS KMS: GenerateDataKey wraps, Decrypt unwraps. The key itself never leaves KMS.

A sealed text names the key that wrapped its data key, so after a change of `JOBYARD_KMS_KEY_ID` old rows stay readable
for as long as the process may use the old key. The client is made by the first call.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import Any

from botocore.exceptions import ClientError

from queues.clients import code_of
from queues.errors import KeyMissing
from queues.settings import Settings

#: What KMS answers when a key cannot be used, however often one asks.
GONE = frozenset(
    {
        *("NotFoundException", "DisabledException", "KMSInvalidStateException", "IncorrectKeyException"),
        *("InvalidCiphertextException", "KeyUnavailableException", "AccessDeniedException"),
    }
)


class Kms:
    """The key `key_id`: an id, an ARN or `alias/NAME`."""

    def __init__(self, key_id: str, settings: Settings):
        self._key_id, self._settings = key_id, settings
        self._stack = AsyncExitStack()
        self._opening = asyncio.Lock()
        self._client: Any = None

    async def new(self, context: dict[str, str]) -> tuple[str, bytes, bytes]:
        """The wrapping key's ARN, a new data key, and the data key wrapped. ClientError."""
        client = await self._open()
        reply = await client.generate_data_key(KeyId=self._key_id, KeySpec="AES_256", EncryptionContext=context)
        return reply["KeyId"], reply["Plaintext"], reply["CiphertextBlob"]

    async def unwrap(self, key_id: str, wrapped: bytes, context: dict[str, str]) -> bytes:
        """The data key. KeyMissing if this process cannot use the key that wrapped it; ClientError."""
        client = await self._open()
        try:
            reply = await client.decrypt(CiphertextBlob=wrapped, KeyId=key_id, EncryptionContext=context)
        except ClientError as error:
            if code_of(error) in GONE:
                raise KeyMissing(key_id, f"cannot be used: AWS KMS answered {code_of(error)}") from None
            raise
        plain: bytes = reply["Plaintext"]
        return plain

    async def close(self) -> None:
        """Ends the connection."""
        self._client = None
        await self._stack.aclose()

    async def _open(self) -> Any:
        async with self._opening:
            if self._client is None:
                from aiobotocore.config import AioConfig
                from aiobotocore.session import get_session

                session = get_session()
                options: dict[str, Any] = {"region_name": self._settings.region}
                if self._settings.aws_endpoint_url:
                    options["endpoint_url"] = self._settings.aws_endpoint_url
                    if await session.get_credentials() is None:
                        # An emulator takes any credentials, but botocore signs with none.
                        options |= {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
                retries = {"mode": "standard", "max_attempts": 5}
                config = AioConfig(retries=retries, connect_timeout=5, read_timeout=10)
                self._client = await self._stack.enter_async_context(
                    session.create_client("kms", config=config, **options)
                )
            return self._client
