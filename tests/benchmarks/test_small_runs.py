"""The benchmarks, in the smallest runs: that they run at all, and that every job which they count was done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

CHECKOUT = Path(__file__).resolve().parents[2]
FEATURES = [
    *("plain", "concurrency limit", "rate limit", "unique", "priority levels", "chain", "group with callback"),
    *("events subscribed", "encrypted", "result in the artifact store"),
]


def run(folder: Path, program: str, *arguments: str) -> dict[str, Any]:
    """What the program writes of itself. It fails if a job was not done."""
    found = folder / "found.json"
    done = subprocess.run(
        [sys.executable, f"benchmarks/{program}", *arguments, "--json", str(found)],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, Any] = json.loads(found.read_text())
    return answer


def test_end_to_end(tmp_path: Path) -> None:
    small = ("--jobs", "100", "--rounds", "1", "--samples", "2", "--only", "jobyard embedded")
    answer = run(tmp_path, "end_to_end.py", *small)
    assert (answer["failed"], answer["skipped"], list(answer["rows"])) == ({}, {}, ["jobyard embedded"])
    row = answer["rows"]["jobyard embedded"]
    assert (row["enqueue"]["jobs"], row["both"]["jobs"], row["latency_ms"]["samples"]) == (100, 100, 2)
    # A drain is timed from its first jobs on.
    assert 0 < row["drain"]["jobs"] < 100


def test_features(tmp_path: Path) -> None:
    answer = run(tmp_path, "features.py", "--jobs", "20", "--rounds", "1")
    assert [(name, row["done"]) for name, row in answer["rows"].items()] == [(name, 20) for name in FEATURES]
    assert answer["rows"]["plain"]["of_plain"] == 1
