"""Sensitive jobs: encrypted wherever they are written, readable with the key alone, and found in clear nowhere."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.local.engine import Engine
from queues import Status, capture
from queues.catalog import load
from queues.clients import Clients
from queues.encryption.box import is_sealed
from queues.encryption.key_file import KeyFile
from queues.errors import InvalidData, InvalidOption, KeyMissing, Misconfigured, NotLoaded, SealBroken
from queues.job import Job
from queues.jobtype import job
from queues.limits import MAX_DATA_BYTES, MAX_LOG_BYTES
from queues.log_line import DROPPED, LogLine, add_lines
from queues.outcome import Returned, Settlement
from queues.rows import Report
from queues.runtime import Runtime, assemble
from queues.schedules.recurring import Recurring
from queues.settings import read_settings
from queues.unique.rule import Unique
from tests.campaigns.virtual import EPOCH
from tests.core import secret_jobs
from tests.core.secret_jobs import Card

CANARY = "4111-canary-1111"
JOBS = (secret_jobs.__name__,)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    KeyFile(tmp_path).ensure(EPOCH)
    return tmp_path


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[Engine]:
    engine = Engine(tmp_path / "jobs.db")
    yield engine
    await engine.close()


@pytest.fixture
async def runtime(engine: Engine, folder: Path) -> AsyncIterator[Runtime]:
    made = runtime_of(engine, folder)
    await made.create_resources()
    yield made
    await made.close()


def runtime_of(engine: Engine, folder: Path) -> Runtime:
    """A process whose keys are in that folder."""
    clients = Clients(engine.client("sqs"), engine.client("dynamodb"), engine.client("scheduler"))
    settings = read_settings(data=folder, jobs=JOBS, processes=1, artifacts=(folder / "held").as_uri())
    metrics: list[str] = []
    made = assemble(clients, load(JOBS), settings, on_metrics=metrics.append)
    made_metrics[id(made)] = metrics
    return made


#: The lines of metrics that each process has been handed.
made_metrics: dict[int, list[str]] = {}


class Invocation:
    """A Lambda context with time."""

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        return 300_000


async def work(runtime: Runtime, name: str) -> None:
    """One delivery of what is to be had of a type's queue."""
    url = await runtime.queues.url(name)
    reply = await runtime.clients.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
    records = [
        {"messageId": one["MessageId"], "receiptHandle": one["ReceiptHandle"], "body": one["Body"]}
        for one in reply.get("Messages", [])
    ]
    answer = await runtime.runner.handle(runtime.catalog.get(name), {"Records": records}, Invocation())
    failed = {one["itemIdentifier"] for one in answer["batchItemFailures"]}
    for record in records:
        if record["messageId"] not in failed:
            await runtime.clients.sqs.delete_message(QueueUrl=url, ReceiptHandle=record["receiptHandle"])


def everything_in(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


async def row(runtime: Runtime, job_id: str) -> Job:
    found = await runtime.store.get("default", job_id, 0)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["secret", "secret-process", "secret-field"])
async def test_the_canary_is_found_nowhere(
    name: str,
    runtime: Runtime,
    folder: Path,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    uninstall = capture.install()
    try:
        queue = runtime.queue
        made = {
            then: (await queue.enqueue(name, Card(card_number=CANARY, then=then), job_id=f"{name}-{then}"))
            for then in ("return", "raise", "cancel")
        }
        large = await queue.enqueue(name, {"card_number": CANARY + "x" * MAX_DATA_BYTES}, job_id=f"{name}-large")
        with pytest.raises(InvalidData) as refused:
            await queue.enqueue(name, {"card_number": CANARY, "city": [CANARY], CANARY: 1})
        assert CANARY not in f"{refused.value} {refused.value.faults}"
        for _ in range(4):
            await work(runtime, name)
    finally:
        uninstall()
    done = {then: await queue.get(job.id) for then, job in made.items()}
    assert [job.status for job in done.values()] == [Status.COMPLETED, Status.FAILED, Status.CANCELLED]
    (letter,) = await runtime.queues.receive_dead_letters(name, 1)
    assert '"type":"ValueError","message":"encrypted","traceback":null' in letter["Body"]
    printed = "".join(capfd.readouterr())
    for place in (everything_in(folder), letter["Body"].encode(), caplog.text.encode(), printed.encode()):
        assert CANARY.encode() not in place
    assert made_metrics[id(runtime)] == []

    # And with the key all of it is there.
    failed = done["raise"]
    assert failed.error is not None
    assert failed.error.message == f"not {CANARY}"
    assert CANARY in (failed.error.traceback or "")
    assert failed.data == {"card_number": CANARY, "city": "Kyiv", "then": "raise"}
    assert failed.note == f"at {CANARY}"
    said = {line.message: line for line in failed.logs}
    assert said.keys() >= {f"printing {CANARY}", f"logging {CANARY}", f"noting {CANARY}"}
    assert (said[f"logging {CANARY}"].level, said[f"logging {CANARY}"].logger) == ("WARNING", "handler")
    assert said[f"noting {CANARY}"].fields == {"card": CANARY, CANARY: 1}
    assert [line.attempt for line in failed.logs if line.logger == "handler"] == [1, 2]
    assert done["return"].result == {"card_number": CANARY, "city": "Kyiv"}
    assert done["cancel"].error is not None
    assert done["cancel"].error.message == f"no more {CANARY}"
    assert len((await queue.wait(large.id)).result["card_number"]) == len(CANARY) + MAX_DATA_BYTES
    (attempt, _) = failed.attempts
    assert attempt.error == "ValueError: encrypted"


async def test_of_a_long_log_the_last_lines_are_sealed_as_they_are(runtime: Runtime) -> None:
    made = await row(runtime, (await runtime.queue.enqueue("secret", Card(card_number=CANARY))).id)
    said = [LogLine(EPOCH + n, 1, f"{CANARY} {n}", "ERROR", "shop", None, {CANARY: "x" * 900}) for n in range(50)]
    fate = Settlement(Status.COMPLETED, "completed")
    _, report = await runtime.payloads.discreet(made, Returned("null"), fate, Report(lines=said))
    (sealed,) = report.lines
    assert (sealed.at, sealed.attempt, sealed.message, sealed.fields) == (EPOCH + 49, 1, "encrypted", {})
    text = add_lines(made.logs_json, report.lines)
    assert CANARY not in text
    assert len(text) < MAX_LOG_BYTES
    dropped, *kept = (await runtime.payloads.opened(replace(made, logs_json=text))).logs
    assert (dropped.message, dropped.at) == (DROPPED, kept[0].at)
    assert kept == said[-len(kept) :]
    assert 10 < len(kept) < 50
    stolen = replace(made, id="another", logs_json=text)
    assert (await runtime.payloads.opened(stolen)).logs == (sealed,)


async def test_fields_alone_leave_the_rest_to_be_read(runtime: Runtime) -> None:
    made = await runtime.queue.enqueue("secret-field", {"card_number": CANARY, "city": "Lviv"})
    await work(runtime, "secret-field")
    held = await row(runtime, made.id)
    for text in (held.data_json, held.result_json or ""):
        assert "Lviv" in text
        assert is_sealed(text)
    with pytest.raises(NotLoaded):
        _ = held.data


async def test_a_sealed_text_opens_only_where_it_stands(runtime: Runtime) -> None:
    made = await row(runtime, (await runtime.queue.enqueue("secret", Card(card_number=CANARY))).id)
    assert CANARY in await runtime.payloads.data(made)
    for other in (
        replace(made, id="another"),
        replace(made, tenant="them"),
        replace(made, type="secret-field"),
        replace(made, data_json=made.data_json[:-6] + "AAA=" + '"}'),
    ):
        with pytest.raises(SealBroken):
            await runtime.payloads.data(other)
    swapped = await runtime.payloads.opened(replace(made, result_json=made.data_json))
    with pytest.raises(NotLoaded):
        _ = swapped.result


async def test_rotation_is_heeded_at_once_and_older_rows_stay_readable(runtime: Runtime, folder: Path) -> None:
    old = await runtime.queue.enqueue("secret", Card(card_number=CANARY))
    file = KeyFile(folder)
    made = file.rotate(EPOCH + 1)
    new = await runtime.queue.enqueue("secret", Card(card_number=CANARY))
    assert made.id in (await row(runtime, new.id)).data_json
    assert made.id not in (await row(runtime, old.id)).data_json
    await work(runtime, "secret")
    for job_id in (old.id, new.id):
        assert (await runtime.queue.get(job_id)).result["card_number"] == CANARY


async def test_without_the_key_a_job_fails_cleanly_and_shows_nothing(
    runtime: Runtime, engine: Engine, folder: Path
) -> None:
    made = await runtime.queue.enqueue("secret", Card(card_number=CANARY))
    elsewhere = folder / "elsewhere"
    KeyFile(elsewhere).ensure(EPOCH)
    stranger = runtime_of(engine, elsewhere)
    try:
        with pytest.raises(KeyMissing, match=r"is not in .*keys.json"):
            await stranger.payloads.data(await row(runtime, made.id))
        await work(stranger, "secret")
        failed = await stranger.queue.get(made.id)
        assert failed.error is not None
        assert (failed.status, failed.error.type, failed.attempt) == (Status.FAILED, "KeyMissing", 1)
        assert "was encrypted with key" in failed.error.message
        with pytest.raises(NotLoaded):
            _ = failed.data
    finally:
        await stranger.close()
    await runtime.queue.retry(made.id)
    await work(runtime, "secret")
    assert (await runtime.queue.get(made.id)).result["card_number"] == CANARY


async def test_with_no_key_at_all_nothing_is_taken(engine: Engine, runtime: Runtime, folder: Path) -> None:
    keyless = runtime_of(engine, folder / "empty")
    try:
        with pytest.raises(Misconfigured, match="jobyard keys rotate"):
            await keyless.queue.enqueue("secret", Card(card_number=CANARY))
        assert (await keyless.queue.list()).jobs == []
    finally:
        await keyless.close()


async def test_a_replay_is_sealed_for_itself(runtime: Runtime) -> None:
    old = await runtime.queue.enqueue("secret", Card(card_number=CANARY))
    await work(runtime, "secret")
    new = await runtime.queue.replay(old.id)
    await runtime.queue.delete(old.id)
    await work(runtime, "secret")
    assert (await runtime.queue.get(new.id)).result["card_number"] == CANARY


async def test_what_would_give_the_data_away_is_refused(runtime: Runtime) -> None:
    with pytest.raises(InvalidOption, match="guessed from its hash"):
        await runtime.queue.enqueue("secret", Card(card_number=CANARY), unique=Unique())
    with pytest.raises(InvalidOption, match="guessed from its hash"):
        await runtime.queue.enqueue("secret-field", Card(card_number=CANARY), unique=Unique(fields=("card_number",)))
    await runtime.queue.enqueue("secret-field", Card(card_number=CANARY), unique=Unique(fields=("city",)))
    with pytest.raises(InvalidOption, match="keeps its data in clear") as refused:
        await runtime.queue.schedules.add(
            Recurring("rate(1 day)", name="s", data=Card(card_number=CANARY).model_dump()), "secret"
        )
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize("sensitive", ["card_number", (), ("",), ("nothing",), 3])
def test_what_is_neither_true_nor_fields_is_refused(sensitive: Any) -> None:
    async def handle(data: Card) -> None: ...

    with pytest.raises(InvalidOption, match="sensitive"):
        job("bad", sensitive=sensitive)(handle)


# --- the key file -------------------------------------------------------------------------------------------------


def test_the_key_file_is_its_owners_and_damage_is_said(folder: Path) -> None:
    file = KeyFile(folder)
    assert file.path.stat().st_mode & 0o077 == 0
    first = file.keys()
    file.ensure(EPOCH)
    assert KeyFile(folder).keys() == first
    file.path.write_text("{")
    with pytest.raises(Misconfigured, match="is damaged"):
        KeyFile(folder).keys()


async def test_of_many_that_make_the_first_key_at_once_all_have_one(tmp_path: Path) -> None:
    await asyncio.gather(*(asyncio.to_thread(KeyFile(tmp_path).ensure, EPOCH) for _ in range(8)))
    assert len(KeyFile(tmp_path).keys()) == 1
    await asyncio.gather(*(asyncio.to_thread(KeyFile(tmp_path).rotate, EPOCH) for _ in range(8)))
    assert len(KeyFile(tmp_path).keys()) == 9


def test_a_rotation_that_is_cut_short_leaves_the_keys_as_they_were(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = KeyFile(folder).keys()

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            KeyFile(folder).rotate(EPOCH)
    assert KeyFile(folder).keys() == before
    KeyFile(folder).rotate(EPOCH)
