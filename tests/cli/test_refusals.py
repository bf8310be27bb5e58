"""What keeps `jobyard up` from starting: each is one sentence that names the cure, and never a traceback."""

from __future__ import annotations

import resource
import socket
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.house import CHECKOUT, JOBYARD, LIMIT, environment, run, up


def refused(data: Path, **changes: str) -> str:
    """The sentence with which `up` refuses to start."""
    chosen = {"JOBYARD_PORT": "0", "JOBYARD_AWS_PORT": "0", "JOBYARD_JOBS": "tests.cli.jobs_to_run"} | changes
    done = run(["up"], environment(JOBYARD_DATA=data, **chosen))
    assert done.returncode == 1, done.stderr
    assert not done.stdout
    assert done.stderr.startswith("jobyard: ")
    assert done.stderr.count("\n") == 1, done.stderr
    return done.stderr


@pytest.mark.parametrize("variable", ["JOBYARD_PORT", "JOBYARD_AWS_PORT"])
def test_a_port_in_use(tmp_path: Path, variable: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        told = refused(tmp_path, **{variable: str(port)})
    option = "--port" if variable == "JOBYARD_PORT" else "--aws-port"
    assert f"port {port} on 127.0.0.1 is in use" in told
    assert f"{option} or {variable}" in told


def test_a_data_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    told = refused(tmp_path / "file" / "data")
    assert "not a directory" in told
    assert "JOBYARD_DATA" in told


def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    # Not by its mode, which does not bind root: on a file system that nobody writes.
    told = refused(Path("/proc/jobyard"))
    assert "/proc/jobyard" in told
    assert "JOBYARD_DATA" in told


def test_a_database_from_a_newer_version(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "jobyard.db") as database:
        database.execute("PRAGMA user_version = 999")
    database.close()
    told = refused(tmp_path)
    assert "newer version" in told
    assert "Upgrade" in told


def test_a_corrupt_database(tmp_path: Path) -> None:
    (tmp_path / "jobyard.db").write_bytes(b"this is no database, but long enough to look like one " * 40)
    assert "damaged or no database" in refused(tmp_path)


def test_a_second_start_on_the_same_folder(tmp_path: Path) -> None:
    with up(tmp_path) as house:
        told = refused(tmp_path)
    assert f"in use by another process (pid {house.process.pid})" in told


def limit_files(size: int) -> Callable[[], None]:
    """A process that can write no file beyond `size` bytes: what a full disk looks like to it."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@pytest.mark.parametrize("size", [0, 8_192, 65_536])
def test_a_full_disk(tmp_path: Path, size: int) -> None:
    done = subprocess.run(
        [*JOBYARD, "up"],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        env=environment(JOBYARD_DATA=tmp_path, JOBYARD_PORT="0", JOBYARD_AWS_PORT="0", PYTHONDONTWRITEBYTECODE="1"),
        preexec_fn=limit_files(size),
        timeout=LIMIT,
    )
    assert done.returncode == 1
    assert "the disk is full" in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("JOBYARD_LEASE", "soon", "JOBYARD_LEASE"),
        ("JOBYARD_PORT", "99999", "JOBYARD_PORT"),
        ("JOBYARD_JOBS", "no.such.module", "JOBYARD_JOBS names 'no.such.module'"),
        ("JOBYARD_SECRET", "short", "secret is shorter than 32 characters"),
        ("JOBYARD_HOST", "no.such.host.invalid", "--host"),
    ],
)
def test_a_setting_that_is_wrong(tmp_path: Path, variable: str, value: str, told: str) -> None:
    assert told in refused(tmp_path, **{variable: value})


def test_a_secret_file_that_holds_none(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("short\n")
    assert "remove it to have a new one made" in refused(tmp_path)
