"""What the numbers were measured on: one line to print with them, one object for the JSON."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from frame.install import BENCH, JAVA, JAVA_PEERS, NODE_MODULES, PEER_PYTHON, PEERS

_PYTHON_PEERS = ("huey", "dramatiq", "redis", "taskiq", "taskiq-aio-sqs", "ministack", "moto")
_NODE_PEERS = ("bullmq", "bee-queue", "ioredis")

#: How often the disk is asked for an fsync, to say what one costs here.
FSYNC_SAMPLES = 30


def machine() -> dict[str, str]:
    facts = {
        "cores": str(len(os.sched_getaffinity(0))),
        "cpu": _cpu_model(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "node": _said_by("node", "--version").lstrip("v"),
        "java": next(iter(re.findall(r"\S+ (\d\S*)", _said_by("java", "--version"))), ""),
        "redis-server": next(iter(re.findall(r"v=(\S+)", _said_by("redis-server", "--version"))), ""),
        "fsync": f"{_fsync_seconds() * 1e6:.0f} us",
    }
    facts |= {f"{name} (ours)": _our_version(name) for name in ("aiobotocore", "boto3", "pydantic", "orjson")}
    listed = _said_by(str(PEER_PYTHON), "-m", "pip", "list", "--format=freeze")
    pinned = dict(line.split("==", 1) for line in listed.splitlines() if "==" in line)
    facts |= {name: pinned.get(name, "") for name in _PYTHON_PEERS}
    facts |= {name: _node_version(name) for name in _NODE_PEERS}
    facts |= {name: _java_version(name) for name in JAVA_PEERS}
    return {name: fact for name, fact in facts.items() if fact}


def _cpu_model() -> str:
    found = re.search(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo").read_text())
    return found[1] if found else platform.machine()


def _said_by(*command: str) -> str:
    if not shutil.which(command[0]):
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _our_version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _node_version(name: str) -> str:
    manifest = NODE_MODULES / name / "package.json"
    if not manifest.is_file():
        return ""
    found = re.search(r'"version":\s*"([^"]+)"', manifest.read_text())
    return found[1] if found else ""


def _java_version(name: str) -> str:
    found = re.search(r"<dependency>.*<version>(.+)</version>", (PEERS / name / "pom.xml").read_text(), re.DOTALL)
    return found[1] if found and (JAVA / name / "installed").is_file() else ""


def _fsync_seconds() -> float:
    """The median cost of writing 4 KiB and having it on the disk, where the benchmark's data lies."""
    BENCH.mkdir(exist_ok=True)
    samples = []
    with tempfile.TemporaryFile(dir=BENCH) as file:
        for _ in range(FSYNC_SAMPLES):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            file.flush()
            os.fsync(file.fileno())
            samples.append(time.perf_counter() - began)
    return statistics.median(samples)
