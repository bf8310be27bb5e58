"""IO: bytecode of the target's Python, made once at the build. Lambda's `/var/task` cannot be written, so without it
every cold start compiles every module anew: four times the CPU of importing them.

It is made by an interpreter of the target's version, if there is one; without one an artifact is whole, but slow to
start. It is `unchecked-hash` bytecode (PEP 552), which holds no time, and each file is compiled in a process forked
from the same state, because what `marshal` writes depends on which strings the process has met before.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from infra.deploy.packaging.archive import write_archive
from infra.deploy.packaging.contents import File, Files
from infra.deploy.packaging.target import Target, running_python
from queues.errors import Misconfigured

CHILD = Path(__file__).with_name("compile_child.py")
#: Without the user's own packages and environment: nothing but the version counts.
ISOLATED = ("-I", "-S")
#: Seconds that an interpreter may take to tell its version, and to compile a wheel.
TELLING, COMPILING = 20, 600
_TELL = "import sys; print(sys.implementation.cache_tag, sys.version.split()[0], *sys.version_info[:2])"


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python that compiles for a target."""

    path: str
    #: What stands in a bytecode file's name: `cpython-313`.
    tag: str
    #: Major, minor and patch: the compiler's own.
    version: str

    def compile(self, files: Files, cache: Path | None = None) -> Files:
        """The bytecode files of what is Python among `files`; what does not compile (a template, say) has none.

        `cache` is a zip to take it from, or to leave it in.
        """
        sources = {name: file.content for name, file in files.items() if name.endswith(".py")}
        if not sources:
            return {}
        if cache is not None and cache.is_file():
            with zipfile.ZipFile(cache) as kept:
                if set(kept.namelist()) == set(sources):
                    return self._named({name: kept.read(name) for name in sources})
        compiled = self._run(sources)
        if cache is not None:
            write_archive(cache, {name: File(content) for name, content in compiled.items()})
        return self._named(compiled)

    def _named(self, compiled: Mapping[str, bytes]) -> Files:
        files = {}
        for name, content in compiled.items():
            if content:
                source = PurePosixPath(name)
                files[str(source.parent / "__pycache__" / f"{source.stem}.{self.tag}.pyc")] = File(content)
        return files

    def _run(self, sources: Mapping[str, bytes]) -> dict[str, bytes]:
        """Source path -> bytecode; nothing in it for what does not compile."""
        with tempfile.TemporaryDirectory(prefix="jobyard-") as folder:
            root = Path(folder)
            for name, content in sources.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            command = [self.path, *ISOLATED, str(CHILD), folder]
            done = subprocess.run(command, capture_output=True, text=True, timeout=COMPILING)  # noqa: S603 - our own
            if done.returncode:
                raise Misconfigured(f"{self.path} could not compile: {done.stderr.strip().splitlines()[-1:]}")
            return {name: _bytes_of(root / f"{name}c") for name in sources}


def _bytes_of(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def find_interpreter(target: Target) -> Interpreter | None:
    """This Python if it is of the target's version, else `python3.N` of the PATH; None if there is none that runs."""
    if running_python() == target.python:
        return _ask(sys.executable, target)
    path = shutil.which(f"python{target.python}")
    return _ask(path, target) if path else None


def _ask(path: str, target: Target) -> Interpreter | None:
    try:
        done = subprocess.run(  # noqa: S603 - an interpreter of the PATH
            [path, *ISOLATED, "-c", _TELL], capture_output=True, text=True, timeout=TELLING
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    words = done.stdout.split()
    if done.returncode or ".".join(words[2:]) != target.python:
        return None
    return Interpreter(path, words[0], words[1])
