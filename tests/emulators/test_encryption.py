"""A sensitive job whose data key a KMS wraps, on MiniStack and on moto: encrypted, read back, bound to its tenant."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from queues import job
from queues.catalog import Catalog
from queues.clients import connect
from queues.encryption.box import is_sealed
from queues.encryption.kms import Kms
from queues.errors import KeyMissing
from queues.runtime import assemble
from queues.settings import read_settings
from tests.emulators.place import Place


@job("secret", sensitive=True)
async def secret(data: dict[str, str]) -> None: ...


@pytest.fixture
def key_id(place: Place, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of a key that the emulator has made."""
    if place.emulator is None:
        pytest.skip("the embedded AWS has no KMS: it has a key file (docs/encryption.md)")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client: Any = boto3.client("kms", region_name="us-east-1", endpoint_url=place.endpoint)
    made: str = client.create_key()["KeyMetadata"]["KeyId"]
    client.close()
    return made


async def test_there_and_back(place: Place, key_id: str) -> None:
    settings = read_settings(aws_endpoint_url=place.endpoint, prefix="jobyard-secret", kms_key_id=key_id)
    async with connect(settings) as clients:
        writer, reader = (assemble(clients, Catalog([secret]), settings) for _ in range(2))
        try:
            await writer.create_resources()
            made = await writer.queue.enqueue("secret", {"card": "4111"})
            row = await writer.store.get("default", made.id, 0)
            assert row is not None
            assert is_sealed(row.data_json)
            assert "4111" not in row.data_json
            # A process that has unwrapped no key yet.
            assert (await reader.queue.get(made.id)).data == {"card": "4111"}
        finally:
            await writer.close()
            await reader.close()


async def test_a_data_key_of_one_tenant_opens_for_no_other(place: Place, key_id: str) -> None:
    kms = Kms(key_id, read_settings(aws_endpoint_url=place.endpoint))
    try:
        wrapped_by, key, wrapped = await kms.new({"jobyard:tenant": "acme"})
        assert await kms.unwrap(wrapped_by, wrapped, {"jobyard:tenant": "acme"}) == key
        with pytest.raises((KeyMissing, ClientError)):
            await kms.unwrap(wrapped_by, wrapped, {"jobyard:tenant": "other"})
    finally:
        await kms.close()
