"""Data keys from AWS KMS, as moto has it: few calls, bound to their tenant, and a key that is gone is said."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from queues import Fixed
from queues.encryption.kms import Kms
from queues.encryption.sealer import LIFE, USES, Sealer, sealer_of
from queues.errors import KeyMissing, Misconfigured
from queues.job import Job, Status
from queues.settings import read_settings

A_JOB = Job(
    id="j",
    tenant="t",
    type="x",
    status=Status.WAITING,
    max_attempts=1,
    timeout=1,
    backoff=Fixed(0),
    created_at=0,
    run_at=0,
)


class Counting(Kms):
    """Counts what KMS is asked for."""

    def __init__(self, *args: Any):
        super().__init__(*args)
        self.calls: Counter[str] = Counter()

    async def new(self, context: dict[str, str]) -> tuple[str, bytes, bytes]:
        self.calls["new"] += 1
        return await super().new(context)

    async def unwrap(self, key_id: str, wrapped: bytes, context: dict[str, str]) -> bytes:
        self.calls["unwrap"] += 1
        return await super().unwrap(key_id, wrapped, context)


@pytest.fixture
def aws(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    client: Any = boto3.client("kms", region_name="us-east-1", endpoint_url=moto_url)
    yield client
    client.close()


@pytest.fixture
async def kms(aws: Any, moto_url: str) -> AsyncIterator[Counting]:
    key_id = aws.create_key()["KeyMetadata"]["KeyId"]
    made = Counting(key_id, read_settings(aws_endpoint_url=moto_url))
    yield made
    await made.close()


async def test_one_call_serves_many_jobs_for_an_hour(kms: Counting) -> None:
    now = [0]
    sealer = Sealer(kms, "jobyard", lambda: now[0])
    sealed = [await sealer.seal(A_JOB, "data", f'"{n}"') for n in range(10)]
    assert len(set(sealed)) == 10
    assert [await sealer.open(A_JOB, "data", text) for text in sealed] == [f'"{n}"' for n in range(10)]
    assert kms.calls == {"new": 1, "unwrap": 1}
    now[0] = LIFE
    assert await sealer.open(A_JOB, "data", await sealer.seal(A_JOB, "data", "1")) == "1"
    assert kms.calls == {"new": 2, "unwrap": 2}
    (await sealer.data_key("t")).uses = USES
    await sealer.seal(A_JOB, "data", "1")
    assert kms.calls["new"] == 3


async def test_another_process_opens_it_and_another_tenant_does_not(kms: Counting) -> None:
    sealed = await Sealer(kms, "jobyard", lambda: 0).seal(A_JOB, "data", '"x"')
    assert await Sealer(kms, "jobyard", lambda: 0).open(A_JOB, "data", sealed) == '"x"'
    key_id, _, wrapped = await kms.new({"jobyard:prefix": "jobyard", "jobyard:tenant": "t"})
    with pytest.raises((KeyMissing, ClientError)):
        await kms.unwrap(key_id, wrapped, {"jobyard:prefix": "jobyard", "jobyard:tenant": "them"})


async def test_a_key_that_is_gone_opens_nothing(kms: Counting) -> None:
    _, _, wrapped = await kms.new({"jobyard:tenant": "t"})
    gone = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000"
    with pytest.raises(KeyMissing, match=r"cannot be used: AWS KMS answered (NotFound|AccessDenied)Exception"):
        await kms.unwrap(gone, wrapped, {"jobyard:tenant": "t"})


def test_a_function_keeps_no_key_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "jobyard-hello")
    with pytest.raises(Misconfigured, match="JOBYARD_KMS_KEY_ID"):
        sealer_of(read_settings(), lambda: 0)
    assert sealer_of(read_settings(kms_key_id="alias/jobs"), lambda: 0)
