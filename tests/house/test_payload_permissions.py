"""The bucket and the key: each role allows the calls to S3 and KMS that its holder makes, and no others.

Beside test_permissions.py, because these clients are made where they are needed and not handed in: here each call of
any client of aiobotocore is noted, to S3 and KMS as moto has them. The job type is sensitive, data and results large.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import boto3
import httpx
import pytest
from aiobotocore.client import AioBaseClient
from botocore.exceptions import ClientError

from api.app import create_app
from api.auth import make_token
from infra.deploy.payloads import BUCKET, ENCRYPTED, FOLDER, KEPT, working_on_payloads
from infra.deploy.roles import roles
from infra.local.engine import Engine
from infra.worker import Worker
from queues import Status, job, runner
from queues.artifacts.sweep import EVERY_REMOTE
from queues.catalog import Catalog
from queues.clients import Clients
from queues.clock import Clock, system_clock
from queues.flows.conductor import Conductor
from queues.flows.flow import Flow, Result, Step, chain
from queues.flows.state import Phase
from queues.limits import MAX_DATA_BYTES
from queues.runtime import Runtime, assemble
from queues.settings import read_settings
from tests.api.conftest import SECRET

#: An IAM action, and what it is done to: `objects` below the folder, the `bucket`, the `key`.
Call = tuple[str, str]
NAME = "jobyard-artifacts"
ROOT = "/api/v1/jobs"
LARGE = {"text": "x" * (MAX_DATA_BYTES + 1)}
#: Calls whose IAM action has another name.
ACTIONS = {
    **dict.fromkeys(("HeadObject",), "GetObject"),
    **dict.fromkeys(("CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"), "PutObject"),
    **dict.fromkeys(("DeleteObjects",), "DeleteObject"),
    **dict.fromkeys(("ListObjects", "ListObjectsV2", "HeadBucket"), "ListBucket"),
}
#: Resources as roles name them.
RESOURCES = {
    f"{{'Fn::Sub': '${{{BUCKET}.Arn}}/{FOLDER}/*'}}": "objects",
    f"{{'Fn::GetAtt': ['{BUCKET}', 'Arn']}}": "bucket",
    "{'Ref': 'KmsKey'}": "key",
}


@job("secret", sensitive=True)
async def secret(data: dict[str, str]) -> str:
    return data["text"]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> set[Call]:
    """What IAM is asked for; a test empties it before its role's holder begins."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    noted: set[Call] = set()
    original = AioBaseClient._make_api_call

    async def noting(client: Any, operation: str, params: dict[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        noted.add((f"{service}:{ACTIONS.get(operation, operation)}", _target(service, params)))
        return await original(client, operation, params)

    monkeypatch.setattr(AioBaseClient, "_make_api_call", noting)
    return noted


def _target(service: str, params: dict[str, Any]) -> str:
    if service == "kms":
        return "key"
    assert params["Bucket"] == NAME
    if "Key" in params:
        return "objects" if params["Key"].startswith(f"{FOLDER}/") else "an object elsewhere"
    # A condition of the role's.
    return "bucket" if params.get("Prefix", "").startswith(f"{FOLDER}/") else "the bucket as a whole"


@job("plain")
async def plain(data: dict[str, str]) -> dict[str, str]:
    return LARGE


class Deployment:
    """Processes on one embedded AWS, with payloads on moto."""

    def __init__(self, moto_url: str, key_id: str):
        self.engine = Engine(None)
        self.settings = read_settings(
            aws_endpoint_url=moto_url, artifacts=f"s3://{NAME}/{FOLDER}", kms_key_id=key_id, processes=1
        )
        self.made: list[Runtime] = []

    def process(self, *, clock: Clock = system_clock) -> Runtime:
        """One with no connection and no key in its memory."""
        clients = Clients(*(self.engine.client(name) for name in ("sqs", "dynamodb", "scheduler")))
        self.made.append(assemble(clients, Catalog([secret, plain]), self.settings, clock=clock))
        return self.made[-1]

    async def work(self, runtime: Runtime, job_type: Any = secret) -> None:
        """One delivery."""
        url = await runtime.queues.url(job_type.name)
        reply = await runtime.clients.sqs.receive_message(QueueUrl=url)
        records = [
            {"messageId": one["MessageId"], "receiptHandle": one["ReceiptHandle"], "body": one["Body"]}
            for one in reply["Messages"]
        ]
        context = SimpleNamespace(get_remaining_time_in_millis=lambda: 300_000)
        await runtime.runner.handle(job_type, {"Records": records}, context)


@pytest.fixture
async def deployment(moto_url: str, calls: set[Call]) -> AsyncIterator[Deployment]:
    options: dict[str, Any] = {"region_name": "us-east-1", "endpoint_url": moto_url}
    s3, kms = boto3.client("s3", **options), boto3.client("kms", **options)
    s3.create_bucket(Bucket=NAME)
    found = Deployment(moto_url, kms.create_key()["KeyMetadata"]["KeyId"])
    s3.close()
    kms.close()
    await found.process().create_resources()
    yield found
    for runtime in found.made:
        await runtime.close()
    await found.engine.close()


def _later(minutes: int) -> Clock:
    return lambda: system_clock() + minutes * 60_000


async def _denied(*_: object) -> None:
    raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "kms:GenerateDataKey"}}, "GenerateDataKey")


def allowed(statements: list[dict[str, Any]]) -> set[Call]:
    return {(action, RESOURCES[str(one["Resource"])]) for one in statements for action in one["Action"]}


def of_role(name: str) -> set[Call]:
    """What a role allows under the two conditions."""
    policies = [policy["Fn::If"] for policy in roles([secret])[name]["Properties"]["Policies"] if "Fn::If" in policy]
    documents = [policy["PolicyDocument"] for condition, policy, _ in policies if condition in (KEPT, ENCRYPTED)]
    return allowed([statement for document in documents for statement in document["Statement"]])


async def test_a_job_types_function(deployment: Deployment, calls: set[Call]) -> None:
    made = await deployment.process().queue.enqueue("secret", LARGE)
    calls.clear()
    await deployment.work(deployment.process())
    assert calls == of_role("SecretRole")
    assert (await deployment.process().queue.get(made.id)).result == LARGE["text"]


async def test_workers(deployment: Deployment, calls: set[Call]) -> None:
    made = await deployment.process().queue.enqueue("secret", LARGE)
    calls.clear()
    worker, look = Worker(deployment.process(), rounds=False), deployment.process()
    await worker.start()
    try:
        async with asyncio.timeout(60):
            # `wait` would ask for the payload.
            while not (row := await look.store.get("default", made.id, system_clock())) or not row.ended:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    finally:
        await worker.stop(0)
    assert row.status is Status.COMPLETED
    assert calls == allowed([one["Fn::If"][1] for one in working_on_payloads([secret])])


async def test_the_api(deployment: Deployment, calls: set[Call]) -> None:
    app = create_app(deployment.process(), secret=SECRET)
    token = make_token(SECRET, tenant="default", subject="ada", scope="jobs:read jobs:write", expires_in=3_600)
    headers = {"Authorization": f"Bearer {token}"}
    transport = httpx.ASGITransport(app=app)
    made: list[str] = []
    async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=headers) as api:
        for _ in range(2):
            answer = await api.post(ROOT, json={"type": "secret", "data": LARGE})
            made.append(answer.raise_for_status().json()["id"])
        mine = set(calls)
        # Done elsewhere.
        for _ in made:
            await deployment.work(deployment.process())
        calls.clear()
        assert (await api.get(f"{ROOT}/{made[0]}")).json()["result"] == LARGE["text"]
        assert (await api.delete(f"{ROOT}/{made[0]}/record")).status_code == 200
    assert calls | mine == of_role("ApiRole")


async def test_the_reaper(deployment: Deployment, calls: set[Call], monkeypatch: pytest.MonkeyPatch) -> None:
    artifacts = deployment.process().payloads.artifacts
    assert artifacts is not None
    await artifacts.put("default", "gone", "whose writer has died")
    # Functions that may not read or encrypt what goes from one step to the next, or have died.
    steps = chain(Step("plain", {}), Step("secret"), Step("plain", {"text": Result()}))
    flow = await deployment.process().queue.flows.start(Flow(steps))
    made: set[Call] = set()
    for minutes, job_type in enumerate((plain, secret)):
        with monkeypatch.context() as patch:
            patch.setattr(Conductor, "pay", _denied)
            patch.setattr(runner, "SETTLE_PAUSE", 0)
            await deployment.work(deployment.process(clock=_later(minutes)), job_type)
        calls.clear()
        await deployment.process(clock=_later(minutes + 1)).reaper.round()
        made |= calls
    calls.clear()
    await deployment.work(deployment.process(clock=_later(2)), plain)
    assert (await deployment.process().queue.flows.get(flow.id)).phase is Phase.COMPLETED
    calls.clear()
    runtime = deployment.process()
    assert await replace(runtime.artifact_sweep, clock=lambda: system_clock() + EVERY_REMOTE).round() >= 1
    assert calls | made == of_role("ReaperRole")
