"""IO: MiniStack, an emulator of AWS that runs functions as processes: no Docker, no account, no token.

It is installed once, as requirements.txt pins it, into `build/ministack`, which git ignores. Functions run on its own
Python, whatever runtime they name, so that environment has the Python of this process, for which `jobyard package
--local` builds.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from infra.deploy.local_stack.background import LOOPBACK, Background
from queues.errors import Misconfigured

#: What pip is to install.
WANTED = Path(__file__).with_name("requirements.txt")
#: Where, below the project's folder.
FOLDER = Path("build/ministack")
#: Seconds that it may take: some 17 MB through a slow line.
PATIENCE = 600
#: In front of the names of its APIs, `ID.execute-api.localhost`, which curl and browsers take for this machine.
HOST = "localhost"


class MiniStackUnavailable(Misconfigured):
    """pip could not install MiniStack."""


def install_ministack(project: Path, tell: Callable[[str], None]) -> Path:
    """The program `ministack`, installed if it is not yet. MiniStackUnavailable repeats what pip complained of."""
    folder = project.absolute() / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "installed"
    state = f"{hashlib.sha256(WANTED.read_bytes()).hexdigest()} {sys.version}"
    with (folder / "lock").open("w") as door:
        # Of two at once, one installs and the other waits for it.
        fcntl.flock(door, fcntl.LOCK_EX)
        if not (stamp.is_file() and stamp.read_text() == state):
            tell(f"installing MiniStack into {FOLDER}, once")
            stamp.unlink(missing_ok=True)
            shutil.rmtree(folder / "env", ignore_errors=True)
            _run("-m", "venv", "--without-pip", folder / "env")
            pip = ("-m", "pip", "--disable-pip-version-check", "--no-input", "--python", folder / "env/bin/python")
            _run(*pip, "install", "--quiet", "--no-deps", "-r", WANTED)
            stamp.write_text(state)
    return folder / "env" / "bin" / "ministack"


def start_ministack(server: Background, program: Path, port: int) -> None:
    """Starts it on the loopback. Of this process's environment it and its functions see the search path only: no
    credentials, no settings of ours."""
    home = server.home.absolute()
    server.start(
        [program],
        {
            "PATH": os.environ["PATH"],
            # Files of functions that it unpacks.
            "TMPDIR": str(home),
            "HOME": str(home),
            "STATE_DIR": str(home),
            "GATEWAY_PORT": str(port),
            "BIND_HOST": LOOPBACK,
            "MINISTACK_HOST": HOST,
            # Even where there is a Docker.
            "LAMBDA_EXECUTOR": "local",
        },
        port,
    )


def _run(*arguments: str | Path) -> None:
    command = [sys.executable, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)  # noqa: S603 - venv and pip
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")] or [done.stderr.strip()]
        raise MiniStackUnavailable(f"MiniStack could not be installed: {errors[-1].removeprefix('ERROR: ')}")
