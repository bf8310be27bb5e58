"""The file: what is acknowledged survives, and a file that cannot be used says so in a sentence."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.checkpoint import START_AT
from infra.local.engine import Engine
from infra.local.errors import DatabaseCorrupt, DatabaseLocked, DatabaseTooNew, DatabaseUnusable


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "aws.db"


async def make(engine: Engine) -> tuple[Any, str]:
    sqs: Any = engine.client("sqs")
    url: str = (await sqs.create_queue(QueueName="q"))["QueueUrl"]
    return sqs, url


async def test_everything_is_there_after_a_restart(path: Path) -> None:
    engine = Engine(path)
    sqs, url = await make(engine)
    await sqs.send_message(QueueUrl=url, MessageBody="waiting")
    await sqs.send_message(QueueUrl=url, MessageBody="hidden")
    (message,) = (await sqs.receive_message(QueueUrl=url))["Messages"]
    await engine.close()
    assert {entry.name for entry in path.parent.iterdir()} == {"aws.db", "aws.db.lock"}

    engine = Engine(path)
    sqs, url = await make(engine)
    attributes = (await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == "1"
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "1"
    await sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    (other,) = (await sqs.receive_message(QueueUrl=url))["Messages"]
    assert {message["Body"], other["Body"]} == {"waiting", "hidden"}
    await engine.close()


SENDER = """
import asyncio, sys
from pathlib import Path
from infra.local.engine import Engine

async def main():
    sqs = Engine(Path(sys.argv[1])).client("sqs")
    url = (await sqs.create_queue(QueueName="q"))["QueueUrl"]
    async def send(lane):
        number = 0
        while True:
            await sqs.send_message(QueueUrl=url, MessageBody=f"{lane}-{number}")
            print(f"{lane}-{number}", flush=True)
            number += 1
    await asyncio.gather(*[send(lane) for lane in range(4)])

asyncio.run(main())
"""


def python(code: str, path: Path) -> subprocess.Popen[str]:
    """A process that runs `code` with the database's path as its argument."""
    return subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )


def kill_while_it_sends(path: Path, after: int) -> set[str]:
    """The bodies that a sender had acknowledged when it was killed, after that many at least."""
    with python(SENDER, path) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(after)]
        process.send_signal(signal.SIGKILL)
        said += process.stdout.read().splitlines(keepends=True)
    return {line.strip() for line in said if line.endswith("\n")}


async def test_what_was_acknowledged_survives_kill_9(path: Path) -> None:
    acknowledged: set[str] = set()
    for times in (500, 1_000, 1_500):
        acknowledged |= kill_while_it_sends(path, times)
    engine = Engine(path)
    sqs, url = await make(engine)
    found: set[str] = set()
    while messages := (await sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)).get("Messages"):
        found |= {message["Body"] for message in messages}
    await engine.close()
    assert acknowledged <= found
    assert len(acknowledged) >= 1500


async def test_a_second_owner_is_refused_and_the_first_goes_on(path: Path) -> None:
    engine = Engine(path)
    with pytest.raises(DatabaseLocked, match=rf"in use by another process \(pid {os.getpid()}\)"):
        Engine(path)
    await make(engine)
    await engine.close()
    await Engine(path).close()


async def test_a_file_of_a_newer_version_is_refused(path: Path) -> None:
    await Engine(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 999")
    db.close()
    with pytest.raises(DatabaseTooNew, match="schema 999"):
        Engine(path)


def damage_file(path: Path, damage: str) -> None:
    content = path.read_bytes()
    if damage == "text":
        path.write_text("This is no database, but it is long enough to be one. " * 100)
    elif damage == "cut":
        path.write_bytes(content[: len(content) // 2])
    else:
        path.write_bytes(content[:8192] + os.urandom(len(content) - 8192))


@pytest.mark.parametrize("damage", ["text", "cut", "pages"])
async def test_a_damaged_file_is_refused(path: Path, damage: str) -> None:
    engine = Engine(path)
    sqs, url = await make(engine)
    for _ in range(50):
        await sqs.send_message(QueueUrl=url, MessageBody="x" * 1000)
    await engine.close()
    damage_file(path, damage)
    with pytest.raises(DatabaseCorrupt, match="Restore it from a copy"):
        Engine(path)


async def test_a_folder_that_cannot_be_written_is_named() -> None:
    with pytest.raises(DatabaseUnusable, match=r"cannot write /proc/aws\.db\.lock: .* Make the folder writable"):
        Engine(Path("/proc/aws.db"))  # not even root writes there


async def test_a_file_in_the_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatabaseUnusable, match="cannot make the folder"):
        Engine(tmp_path / "file" / "aws.db")


async def test_a_full_disk_is_told_and_survived(path: Path) -> None:
    engine = Engine(path)
    sqs, url = await make(engine)
    pages = engine._db.execute("PRAGMA page_count").fetchone()[0]
    engine._db.execute(f"PRAGMA max_page_count = {pages + 20}")
    acknowledged = 0

    async def fill() -> None:
        nonlocal acknowledged
        while True:
            await sqs.send_message(QueueUrl=url, MessageBody="x" * 10_000)
            acknowledged += 1

    with pytest.raises(ClientError, match="The disk is full") as caught:
        await fill()
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 500
    results = await asyncio.gather(
        *[sqs.send_message(QueueUrl=url, MessageBody="x" * 10_000) for _ in range(3)], return_exceptions=True
    )
    assert all(isinstance(result, ClientError) for result in results)
    engine._db.execute(f"PRAGMA max_page_count = {pages + 2000}")
    await sqs.send_message(QueueUrl=url, MessageBody="space again")
    attributes = (await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == str(acknowledged + 1)
    await engine.close()


FILLER = """
import asyncio, resource, signal, sys
from pathlib import Path
from botocore.exceptions import ClientError
from infra.local.engine import Engine

async def main():
    engine = Engine(Path(sys.argv[1]))
    sqs = engine.client("sqs")
    url = (await sqs.create_queue(QueueName="q"))["QueueUrl"]
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))
    sent = 0
    try:
        while True:
            await sqs.send_message(QueueUrl=url, MessageBody="x" * 10_000)
            sent += 1
    except ClientError as error:
        assert "The disk is full" in str(error), error
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await sqs.send_message(QueueUrl=url, MessageBody="space again")
    attributes = (await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]))["Attributes"]
    assert attributes["ApproximateNumberOfMessages"] == str(sent + 1), (attributes, sent)
    await engine.close()
    print("recovered")

asyncio.run(main())
"""


def test_a_write_cut_short_by_the_system_is_a_full_disk(path: Path) -> None:
    with python(FILLER, path) as process:
        said, complaint = process.communicate(timeout=60)
    assert (said.strip(), process.returncode) == ("recovered", 0), complaint


async def test_the_log_does_not_grow_for_ever(path: Path) -> None:
    engine = Engine(path)
    sqs, url = await make(engine)
    log = path.with_name(path.name + "-wal")
    largest = 0

    async def send(times: int) -> None:
        nonlocal largest
        for _ in range(times):
            await sqs.send_message(QueueUrl=url, MessageBody="x" * 20_000)
            largest = max(largest, log.stat().st_size)

    await asyncio.gather(*[send(500) for _ in range(4)])  # 40 MB and more of log, if it were kept
    await engine.close()
    assert START_AT < largest < 4 * START_AT
    assert not log.exists()


async def test_the_files_are_their_owners_only(tmp_path: Path) -> None:
    engine = Engine(tmp_path / "jobyard.db")
    await engine.client("sqs").create_queue(QueueName="any")
    modes = open_to_others(tmp_path)
    await engine.close()
    assert len(modes) == 4
    assert not any(modes.values()), modes


def open_to_others(folder: Path) -> dict[str, int]:
    return {file.name: file.stat().st_mode & 0o077 for file in folder.iterdir()}
