"""The Dockerfile of examples/worker, step by step, in a folder instead of an image."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from dockerfile_parse import DockerfileParser

from tests.cli.house import CHECKOUT, environment

FILE = CHECKOUT / "examples" / "worker" / "Dockerfile"
#: Seconds of one step on a busy machine.
PATIENCE = 300


@dataclass(frozen=True)
class Step:
    """An instruction, such as COPY, and what follows it on its lines."""

    instruction: str
    value: str

    @property
    def words(self) -> list[str]:
        """The words of an instruction in its exec form, which is JSON."""
        found: list[str] = json.loads(self.value)
        return found


def stages() -> list[list[Step]]:
    """The steps of each stage, from its FROM on."""
    found: list[list[Step]] = []
    with FILE.open("rb") as file:
        for part in DockerfileParser(fileobj=file).structure:
            step = Step(part["instruction"], part["value"])
            if step.instruction == "FROM":
                found.append([])
            if found and step.instruction != "COMMENT":
                found[-1].append(step)
    return found


def build(root: Path) -> Path:
    """Runs the first stage's steps below `root` and answers its /app/venv.

    The packages of requirements.lock are those of this environment, which were installed from it: they are lent, not
    fetched once more.
    """
    source, venv = root / "src", root / "app" / "venv"
    source.mkdir(parents=True)
    for step in stages()[0]:
        if step.instruction == "COPY":
            _copy(step.value.split(), source)
        elif step.instruction == "RUN" and "requirements.lock" in step.value:
            (site,) = venv.glob("lib/python*/site-packages")
            (site / "lent.pth").write_text(sysconfig.get_path("purelib"))
            # Python 3.11 puts one into each virtual environment, which the lock's replaces.
            subprocess.run([venv / "bin" / "pip", "uninstall", "--yes", "--quiet", "setuptools"], check=True)
        elif step.instruction == "RUN":
            command = step.value.replace("/app/venv", str(venv))
            if command.startswith("python "):
                command = sys.executable + command.removeprefix("python")
            subprocess.run(
                ["sh", "-c", command], cwd=source, env=environment(PYTHONPATH=""), check=True, timeout=PATIENCE
            )
    return venv


def _copy(words: list[str], source: Path) -> None:
    *names, target = words
    for name in names:
        there = source / (target if target != "./" else name)
        if (CHECKOUT / name).is_dir():
            shutil.copytree(CHECKOUT / name, there, ignore=shutil.ignore_patterns("__pycache__", "node_modules"))
        else:
            shutil.copy(CHECKOUT / name, there)


def copied() -> Iterator[str]:
    """What the first stage takes from the checkout."""
    for step in stages()[0]:
        if step.instruction == "COPY":
            yield from step.value.split()[:-1]
