"""The artifact store on what it really stands on: a folder, and S3 as moto has it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import boto3
import pytest

from queues.artifacts import durable
from queues.artifacts.reference import Reference, folder_of, owner_of, reference_in
from queues.artifacts.store import Artifacts
from queues.errors import ArtifactLost, Misconfigured
from queues.fetch import FetchPolicy, FetchRefused, fetch
from queues.settings import read_settings

#: Names that mean something to a file system, or that some file systems take for each other.
NAMES = ["..", ".", "a:b", "abc", "ABC", "-", "a..b", "@", "x" * 64]


@pytest.fixture(params=["folder", "bucket"])
def artifacts(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Artifacts:
    if request.param == "folder":
        return Artifacts((tmp_path / "a folder").as_uri(), read_settings())
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    url = request.getfixturevalue("moto_url")
    client: Any = boto3.client("s3", region_name="us-east-1", endpoint_url=url)
    bucket = f"artifacts-{os.urandom(4).hex()}"
    client.create_bucket(Bucket=bucket)
    client.close()
    return Artifacts(f"s3://{bucket}/some/where", read_settings(aws_endpoint_url=url))


def everything_below(folder: Path) -> list[Path]:
    return list(folder.rglob("*"))


def files_below(folder: Path) -> list[Path]:
    return [path for path in everything_below(folder) if path.is_file()]


async def test_what_was_put_is_got_and_removed(artifacts: Artifacts) -> None:
    try:
        assert [key async for key, _ in artifacts.all()] == []
        made = {(tenant, name): await artifacts.put(tenant, name, f"ä {name}") for tenant in NAMES for name in NAMES}
        assert len({reference.key for reference in made.values()}) == len(NAMES) ** 2
        found = {key: written async for key, written in artifacts.all()}
        assert {owner_of(key) for key in found} == made.keys()
        assert all(1_600_000_000_000 < written < 3_000_000_000_000 for written in found.values())
        for (tenant, name), reference in made.items():
            assert await artifacts.get(tenant, name, reference) == f"ä {name}"
            with pytest.raises(ArtifactLost, match="not an artifact of job"):
                await artifacts.get("other", name, reference)
        for reference in made.values():
            await artifacts.remove(reference.key)
            await artifacts.remove(reference.key)
        with pytest.raises(ArtifactLost, match="is not in the artifact store"):
            await artifacts.get("..", "..", made["..", ".."])
        assert [key async for key, _ in artifacts.all()] == []
    finally:
        await artifacts.close()


async def test_what_was_changed_is_not_taken_for_what_was_kept(artifacts: Artifacts) -> None:
    try:
        reference = await artifacts.put("t", "j", "the truth")
        for other in (Reference(reference.key, 9, "0" * 64), Reference(reference.key, 8, reference.sha256)):
            with pytest.raises(ArtifactLost, match="changed or damaged"):
                await artifacts.get("t", "j", other)
        assert reference_in(reference.encode()) == reference
    finally:
        await artifacts.close()


async def test_a_write_that_is_cut_short_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    artifacts = Artifacts(tmp_path.as_uri(), read_settings())

    def full(_fd: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(durable.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        await artifacts.put("t", "j", "x")
    assert files_below(tmp_path) == []


async def test_files_are_their_owners_and_folders_go_when_they_are_empty(tmp_path: Path) -> None:
    artifacts = Artifacts(tmp_path.as_uri(), read_settings())
    reference = await artifacts.put("t", "j", "x")
    path = tmp_path / reference.key
    for held in (path, *list(path.parents)[:2]):
        assert held.stat().st_mode & 0o077 == 0, held
    await artifacts.remove(reference.key)
    assert everything_below(tmp_path) == []


async def test_putting_and_removing_at_once_lose_nothing(tmp_path: Path) -> None:
    """A folder is removed when it is empty, and may be wanted again at that moment."""
    artifacts = Artifacts(tmp_path.as_uri(), read_settings())

    async def again_and_again() -> None:
        for _ in range(30):
            reference = await artifacts.put("t", "j", "x")
            assert await artifacts.get("t", "j", reference) == "x"
            await artifacts.remove(reference.key)

    await asyncio.gather(*(again_and_again() for _ in range(4)))
    assert everything_below(tmp_path) == []


@pytest.mark.parametrize("lost", ["tenant", "job"])
async def test_a_folder_that_is_removed_while_it_is_made_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """As it happens when another process removes the last artifact in it, here at each moment that there is."""
    artifacts = Artifacts(tmp_path.as_uri(), read_settings())
    owner = tmp_path / folder_of("t", "j")
    victim = owner.parent if lost == "tenant" else owner
    made, removed = os.mkdir, []

    def mkdir(path: str, *more: Any) -> None:
        made(path, *more)
        if Path(path) == victim and len(removed) < durable.MKDIR_TRIES - 1:
            removed.append(path)
            victim.rmdir()

    monkeypatch.setattr(os, "mkdir", mkdir)
    reference = await artifacts.put("t", "j", "x")
    assert len(removed) == durable.MKDIR_TRIES - 1
    assert await artifacts.get("t", "j", reference) == "x"


async def test_a_folder_that_is_there_and_then_is_not_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The system says that it exists, and when Python looks what it is, it is gone."""
    artifacts = Artifacts(tmp_path.as_uri(), read_settings())
    made, refused = os.mkdir, []

    def mkdir(path: str, *more: Any) -> None:
        if Path(path) == tmp_path / folder_of("t", "j") and not refused:
            refused.append(path)
            raise FileExistsError(17, "File exists", path)
        made(path, *more)

    monkeypatch.setattr(os, "mkdir", mkdir)
    reference = await artifacts.put("t", "j", "x")
    assert refused
    assert await artifacts.get("t", "j", reference) == "x"


@pytest.mark.parametrize(
    "url",
    ["artifacts", "file://artifacts", "file:///", "s3://", "s3://a@b/c", "http://a/b", "s3://a/b?c", "file:///a#b"],
)
def test_a_url_that_is_no_place_is_refused(url: str) -> None:
    with pytest.raises(Misconfigured, match=r"JOBYARD_ARTIFACTS is .*give a folder"):
        Artifacts(url, read_settings())


def test_no_key_leads_out_of_the_store() -> None:
    for name in NAMES:
        parts = folder_of(name, name).split("/")
        assert len(parts) == 3
        assert not {"", ".", ".."} & set(parts[:2])
    assert owner_of("a/b/c") is owner_of("../../x") is owner_of("x") is None


async def test_jobs_cannot_read_them_as_files(tmp_path: Path) -> None:
    """The data folder's `artifacts` is open to `file://`; other tenants' data in it is not."""
    folder = tmp_path / "artifacts" / ".jobs"
    reference = await Artifacts(folder.as_uri(), read_settings()).put("them", "theirs", "secret")
    (tmp_path / "artifacts" / "open").write_text("open")
    for env in ({"JOBYARD_DATA": str(tmp_path)}, {"JOBYARD_DATA": "/nowhere", "JOBYARD_FILE_ROOTS": str(tmp_path)}):
        policy = FetchPolicy.from_environment(env)
        assert fetch((tmp_path / "artifacts" / "open").as_uri(), policy) == b"open"
        with pytest.raises(FetchRefused, match="outside the folders"):
            fetch((folder / reference.key).as_uri(), policy)
    named = {"JOBYARD_FILE_ROOTS": str(folder), "JOBYARD_ARTIFACTS": folder.as_uri(), "JOBYARD_DATA": "/nowhere"}
    with pytest.raises(FetchRefused, match="outside the folders"):
        fetch((folder / reference.key).as_uri(), FetchPolicy.from_environment(named))
    with pytest.raises(FetchRefused, match="artifact store"):
        fetch("s3://held/below/them/x", FetchPolicy.from_environment({"JOBYARD_ARTIFACTS": "s3://held/below"}))
