"""The short form of the durability campaign, which `make durability` runs at length, and a disk that is really full."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from infra.local.db import Fsync
from tests.campaigns.durability.aws import Aws, DiskFull
from tests.campaigns.durability.campaign import Campaign, Kind
from tests.campaigns.durability.power import power_cuts
from tests.campaigns.durability.recorder import Unavailable
from tests.campaigns.durability.report import report
from tests.campaigns.durability.server import Server

#: Bytes of the small disk.
DISK = 12_000_000


def passes(server: Server, *kinds: Kind, seed: int) -> Campaign:
    campaign = Campaign(server, seed, life=0.3)
    asyncio.run(campaign.run(len(kinds), lambda number: None, list(kinds)))
    assert campaign.violations == [], report(campaign, 0)
    return campaign


@pytest.mark.slow
def test_what_an_endpoint_has_acknowledged_survives_its_death(tmp_path: Path) -> None:
    campaign = passes(Server(tmp_path), "load", "full", "stop", seed=20_261_122)
    assert all(load.figures.acknowledged and load.figures.checked for load in campaign.loads)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system in memory. It takes root to make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    mounted = None
    with suppress(OSError):
        mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted is None or mounted.returncode:
        pytest.skip("no file system can be mounted here, so none can be filled; a limit on file sizes stands in for it")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_costs_nothing_that_was_acknowledged(tmp_path: Path, small_disk: Path) -> None:
    campaign = passes(Server(tmp_path, disk=small_disk), "full", "full", seed=7)
    assert sum(load.figures.full for load in campaign.loads)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux sets another process's limits")
async def test_a_full_disk_is_an_error_500_that_says_so_and_ends_with_it(tmp_path: Path) -> None:
    server = Server(tmp_path)
    await server.start()
    try:
        async with Aws(await server.wait_ready(), 0) as aws:
            url = (await aws.sqs("CreateQueue", QueueName="q"))["QueueUrl"]
            server.fill_disk(room=0)
            for _ in range(3):
                with pytest.raises(DiskFull):
                    await aws.sqs("SendMessage", QueueUrl=url, MessageBody="x" * 10_000)
            names = ["ApproximateNumberOfMessages"]
            reply = await aws.sqs("GetQueueAttributes", QueueUrl=url, AttributeNames=names)
            assert reply["Attributes"] == {"ApproximateNumberOfMessages": "0"}
            server.make_room()
            await aws.sqs("SendMessage", QueueUrl=url, MessageBody="there is room again")
            reply = await aws.sqs("ReceiveMessage", QueueUrl=url, MaxNumberOfMessages=10)
            assert [message["Body"] for message in reply["Messages"]] == ["there is room again"]
    finally:
        await server.end()


async def test_a_start_on_a_full_disk_says_why_it_fails_or_succeeds(tmp_path: Path, small_disk: Path) -> None:
    server = Server(tmp_path, disk=small_disk)
    try:
        for room in (0, 100_000):
            await server.start()
            async with Aws(await server.wait_ready(), 0) as aws:
                url = (await aws.sqs("CreateQueue", QueueName="q"))["QueueUrl"]
                await aws.sqs("SendMessage", QueueUrl=url, MessageBody="x")
            server.fill_disk(room)
            await server.kill()
            await server.start()
            await is_told(server)
            server.make_room()
    finally:
        await server.end()


async def is_told(server: Server) -> None:
    """Either the server serves, or its log names the cause."""
    assert server._process is not None
    assert server._process.stdout is not None
    if await server._process.stdout.readline():
        await server.kill()
    else:
        await server._process.wait()
        assert "the disk is full. Free some space" in server.log.read_text()


@pytest.mark.parametrize("fsync", ["always", "normal"])
def test_a_power_cut_leaves_a_sound_database(tmp_path: Path, fsync: Fsync) -> None:
    try:
        result = power_cuts(fsync, 25, 20_261_122, tmp_path)
    except Unavailable as why:
        pytest.skip(f"SQLite's writes cannot be recorded: {why}")
    assert result.violations == []
    assert result.cuts == 25
    assert bool(result.losses) == (fsync == "normal")
