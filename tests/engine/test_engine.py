"""Group commit, errors that hurt nobody else, and what the direct client does as botocore's does."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ParamValidationError

from infra.local import sqs as service
from infra.local.engine import GROUP_LIMIT, Engine
from infra.local.request import Request
from infra.local.sweeper import INTERVAL


async def make(sqs: Any) -> str:
    url: str = (await sqs.create_queue(QueueName="q"))["QueueUrl"]
    return url


async def test_calls_that_come_together_share_a_commit(engine: Engine, sqs: Any) -> None:
    url = await make(sqs)
    groups: list[int] = []
    original = engine._transaction

    def counted(calls: Any) -> Any:
        groups.append(len(calls))
        return original(calls)

    engine._transaction = counted  # type: ignore[method-assign]
    await asyncio.gather(*[sqs.send_message(QueueUrl=url, MessageBody="x") for _ in range(GROUP_LIMIT + 2)])
    assert groups == [GROUP_LIMIT, 2]


async def test_an_error_of_one_call_leaves_its_group_alone(engine: Engine, sqs: Any) -> None:
    url = await make(sqs)
    good = [sqs.send_message(QueueUrl=url, MessageBody="x") for _ in range(3)]
    bad = sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=901)
    results = await asyncio.gather(good[0], bad, good[1], good[2], return_exceptions=True)
    assert [isinstance(result, ClientError) for result in results] == [False, True, False, False]


async def test_a_bug_in_one_call_undoes_that_call_only(
    engine: Engine, sqs: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    url = await make(sqs)

    def broken(request: Request, params: dict[str, Any]) -> dict[str, Any]:
        service.OPERATIONS["SendMessage"](request, {"QueueUrl": url, "MessageBody": "never"})
        raise ZeroDivisionError

    monkeypatch.setitem(service.OPERATIONS, "PurgeQueue", broken)
    results = await asyncio.gather(
        sqs.send_message(QueueUrl=url, MessageBody="before"),
        sqs.purge_queue(QueueUrl=url),
        sqs.send_message(QueueUrl=url, MessageBody="after"),
        return_exceptions=True,
    )
    assert isinstance(results[1], ClientError)
    assert results[1].response["ResponseMetadata"]["HTTPStatusCode"] == 500
    assert "ZeroDivisionError" in results[1].response["Error"]["Message"]
    assert "the embedded AWS failed on a call" in caplog.text
    received = await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    assert [message["Body"] for message in received["Messages"]] == ["before", "after"]


async def test_an_unsupported_operation_names_itself(engine: Engine) -> None:
    with pytest.raises(ClientError, match="dynamodb:ExportTableToPointInTime") as caught:
        await engine.client("dynamodb").export_table_to_point_in_time(TableArn="arn", S3Bucket="bucket")
    assert caught.value.response["Error"]["Code"] == "UnknownOperationException"


@pytest.mark.parametrize(
    "params",
    [{}, {"QueueUrl": 7}, {"QueueUrl": "u", "Colour": "green"}, {"QueueUrl": "u", "MaxNumberOfMessages": "1"}],
    ids=["missing", "type", "unknown", "number"],
)
async def test_parameters_of_the_wrong_shape_are_refused_as_botocore_does(sqs: Any, params: Any) -> None:
    with pytest.raises(ParamValidationError, match="Parameter validation failed"):
        await sqs.receive_message(**params)


async def test_a_client_has_no_method_that_the_service_has_not(sqs: Any) -> None:
    with pytest.raises(AttributeError, match="send_massage"):
        _ = sqs.send_massage


async def test_replies_and_errors_look_as_botocores(sqs: Any) -> None:
    url = await make(sqs)
    sent = await sqs.send_message(QueueUrl=url, MessageBody="x")
    assert sent["ResponseMetadata"]["HTTPStatusCode"] == 200
    with pytest.raises(sqs.exceptions.QueueDoesNotExist) as caught:
        await sqs.send_message(QueueUrl=url + "x", MessageBody="x")
    assert caught.value.operation_name == "SendMessage"
    assert caught.value.response["Error"] == {
        "Code": "AWS.SimpleQueueService.NonExistentQueue",
        "Message": "The specified queue does not exist.",
        "QueryErrorCode": "QueueDoesNotExist",
        "Type": "Sender",
    }


async def test_a_closed_engine_refuses_calls(sqs: Any, engine: Engine) -> None:
    await engine.close()
    with pytest.raises(ClientError, match="closed"):
        await sqs.list_queues()


async def test_closing_answers_the_calls_that_wait(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "aws.db")
    sqs: Any = engine.client("sqs")
    url = await make(sqs)
    sending = [asyncio.ensure_future(sqs.send_message(QueueUrl=url, MessageBody="x")) for _ in range(300)]
    await asyncio.sleep(0)
    await engine.close()
    assert len(await asyncio.gather(*sending)) == 300


async def test_the_sweep_removes_what_expired_and_what_was_purged(engine: Engine, sqs: Any, clock: Any) -> None:
    kept = (await sqs.create_queue(QueueName="kept"))["QueueUrl"]
    brief = (await sqs.create_queue(QueueName="brief", Attributes={"MessageRetentionPeriod": "60"}))["QueueUrl"]
    purged = (await sqs.create_queue(QueueName="purged"))["QueueUrl"]
    for url in (kept, brief, purged):
        await sqs.send_message(QueueUrl=url, MessageBody="x")
    await sqs.receive_message(QueueUrl=brief, VisibilityTimeout=43_200)
    await sqs.purge_queue(QueueUrl=purged)
    clock.move(61)
    for _ in range(3):
        engine._sweeper.sweep()
        await sqs.list_queues()
    rows = engine._db.execute("SELECT count(*) FROM sqs_messages").fetchone()
    assert rows == (1,)
    assert len((await sqs.receive_message(QueueUrl=kept))["Messages"]) == 1


async def test_no_more_than_120000_messages_are_in_flight(
    sqs: Any, engine: Engine, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.sqs.limits.MAX_IN_FLIGHT", 3)
    url = await make(sqs)
    entries = [{"Id": str(number), "MessageBody": "x"} for number in range(5)]
    await sqs.send_message_batch(QueueUrl=url, Entries=entries)
    received = (await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10))["Messages"]
    assert len(received) == 3
    with pytest.raises(sqs.exceptions.OverLimit):
        await sqs.receive_message(QueueUrl=url)
    await sqs.delete_message(QueueUrl=url, ReceiptHandle=received[0]["ReceiptHandle"])
    assert len((await sqs.receive_message(QueueUrl=url))["Messages"]) == 1
    clock.move(30)
    assert len((await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10))["Messages"]) == 3


def test_an_idle_engine_sets_no_timers(run_virtually: Callable[..., None]) -> None:
    async def main(engine: Engine, loop: Any) -> None:
        await engine.client("sqs").list_queues()
        await asyncio.sleep(INTERVAL + 1)
        assert engine._sweeper.idle

    run_virtually(main)
