"""One `jobyard up` for each module of tests, and its client commands, called without a process of their own."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from infra.cli import main
from tests.cli.house import Running, up


@dataclass(frozen=True)
class Done:
    """What a command printed and answered."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Command = Callable[..., Done]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with up(tmp_path_factory.mktemp("house") / "data") as started:
        yield started


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Calls `jobyard ...` in this process, in the environment that the test has made."""

    def call(*arguments: str, stdin: str = "") -> Done:
        monkeypatch.setattr(sys, "argv", ["jobyard", *arguments])
        monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        capsys.readouterr()
        try:
            main()
            code: Any = 0
        except SystemExit as end:
            code = end.code or 0
        printed = capsys.readouterr()
        return Done(int(code), printed.out, printed.err)

    return call


@pytest.fixture
def jobyard(house: Running, command: Command, monkeypatch: pytest.MonkeyPatch) -> Command:
    """The same, against the module's `jobyard up`."""
    for name in [name for name in os.environ if name.startswith(("JOBYARD_", "AWS_"))]:
        monkeypatch.delenv(name)
    for name in ("JOBYARD_URL", "JOBYARD_DATA", "JOBYARD_JOBS"):
        monkeypatch.setenv(name, house.client()[name])
    return command
