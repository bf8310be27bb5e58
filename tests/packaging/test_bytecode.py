"""Bytecode is the same whatever was compiled before it, and is what the target's Python loads."""

from __future__ import annotations

import importlib.util
import marshal
from pathlib import Path

import pytest

from infra.deploy.packaging.bytecode import Interpreter, find_interpreter
from infra.deploy.packaging.contents import File, Files
from infra.deploy.packaging.target import Target, here, running_python

#: With strings that are shared with other files, and a set of them, whose order hashing would decide.
SOURCE = b"""
NAMES = {"alpha", "beta", "gamma", "delta"}
def find(name):
    return name in {"alpha", "beta", "os.path", "a longer string that is no identifier"}
"""


@pytest.fixture
def interpreter() -> Interpreter:
    found = find_interpreter(here())
    assert found is not None
    return found


def sources(**files: bytes) -> Files:
    return {f"{name}.py": File(content) for name, content in files.items()}


def test_the_same_source_gives_the_same_bytes_whatever_stands_beside_it(interpreter: Interpreter) -> None:
    name = f"__pycache__/module.{interpreter.tag}.pyc"
    alone = interpreter.compile(sources(module=SOURCE))[name]
    others = {f"a{number}": SOURCE + b"x = %d" % number for number in range(20)}
    assert interpreter.compile(sources(module=SOURCE, **others))[name] == alone


def test_it_holds_no_time_is_never_checked_and_runs(interpreter: Interpreter) -> None:
    (compiled,) = interpreter.compile({"pkg/module.py": File(SOURCE)}).items()
    name, content = compiled[0], compiled[1].content
    assert name == f"pkg/__pycache__/module.{interpreter.tag}.pyc"
    assert content[:4] == importlib.util.MAGIC_NUMBER
    # Bit 0: by hash; bit 1, unset: and the hash is not checked. (PEP 552)
    assert int.from_bytes(content[4:8], "little") == 0b01
    code = marshal.loads(content[16:])
    assert code.co_filename == "/var/task/pkg/module.py"
    module: dict[str, object] = {}
    exec(code, module)
    assert module["NAMES"] == {"alpha", "beta", "gamma", "delta"}


def test_what_does_not_compile_has_none(interpreter: Interpreter) -> None:
    files = sources(good=b"x = 1", template=b"class {{ name }}:") | {"data.json": File(b"{}")}
    assert set(interpreter.compile(files)) == {f"__pycache__/good.{interpreter.tag}.pyc"}


def test_what_is_kept_is_used_until_the_files_are_others(interpreter: Interpreter, tmp_path: Path) -> None:
    kept = tmp_path / "kept.zip"
    first = interpreter.compile(sources(good=b"x = 1", template=b"class {{"), kept)
    stranger = Interpreter("/nonexistent/python", interpreter.tag, interpreter.version)
    assert stranger.compile(sources(good=b"x = 1", template=b"class {{"), kept) == first
    assert len(interpreter.compile(sources(good=b"x = 1", more=b"y = 2"), kept)) == 2


def test_another_version_is_looked_for_on_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = "3.14" if running_python() != "3.14" else "3.13"
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_interpreter(Target(other, "arm64")) is None
    program = tmp_path / f"python{other}"
    # As a version manager leaves one that is not switched on.
    program.write_text("#!/bin/sh\nexit 127\n")
    program.chmod(0o755)
    assert find_interpreter(Target(other, "arm64")) is None
    program.write_text(f"#!/bin/sh\necho cpython-{other.replace('.', '')} {other}.1 {other.replace('.', ' ')}\n")
    assert find_interpreter(Target(other, "arm64")) == Interpreter(
        str(program), f"cpython-{other.replace('.', '')}", f"{other}.1"
    )
