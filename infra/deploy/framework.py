"""IO: osls, the framework that reads serverless.yml, as `osls/package-lock.json` pins it; npm installs it once, into
`build/osls`, which git ignores, and runs no script of any package."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from queues.errors import Misconfigured

#: What npm is to install.
WANTED = Path(__file__).parent / "osls"
#: Where, below the project's folder.
FOLDER = Path("build/osls")
#: Seconds that it may take: some 30 MB through a slow line.
PATIENCE = 900
#: What osls and Node are told beside their task: to say nothing of themselves, and to send nothing to anybody.
QUIET = {"SLS_TELEMETRY_DISABLED": "1", "SLS_NOTIFICATIONS_MODE": "off", "NODE_NO_WARNINGS": "1"}


class NodeMissing(Misconfigured):
    """There is no Node or no npm, which osls needs."""


class FrameworkFailed(Misconfigured):
    """osls ended with an error, which it has told."""


def install_osls(project: Path, tell: Callable[[str], None]) -> Path:
    """The program `osls`, installed if it is not yet. NodeMissing; Misconfigured repeats what npm complained of."""
    if not shutil.which("node") or not shutil.which("npm"):
        raise NodeMissing("osls runs on Node, which is absent: install nodejs and npm, 20.19 or newer")
    folder = project / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "node_modules" / "installed"
    lock = WANTED / "package-lock.json"
    state = hashlib.sha256(lock.read_bytes()).hexdigest()
    with (folder / "lock").open("w") as door:
        # Of two at once, one installs and the other waits for it.
        fcntl.flock(door, fcntl.LOCK_EX)
        if not (stamp.is_file() and stamp.read_text() == state):
            tell(f"installing osls into {FOLDER}, once")
            for source in (WANTED / "package.json", lock):
                shutil.copy2(source, folder)
            _npm_ci(folder)
            stamp.write_text(state)
    return folder / "node_modules" / ".bin" / "osls"


class Said(NamedTuple):
    """What osls has written: a result to stdout, and what it has done to stderr."""

    result: str
    report: str


@dataclass(frozen=True, slots=True)
class Osls:
    """osls, as it is called."""

    program: Path
    #: What it finds in its environment: by default what we find in ours.
    environment: Mapping[str, str] | None = None
    #: Open files of ours that it keeps open for as long as it runs, however we end.
    held: tuple[int, ...] = ()

    def run(self, arguments: Sequence[str], folder: Path, *, show: bool = False) -> Said:
        """What it says when it is called in `folder`, where serverless.yml is; FrameworkFailed repeats its complaint.

        `show`: all goes to stderr as it comes, progress included, and is not in the answer.
        """
        done = subprocess.run(  # noqa: S603 - osls as it was installed; each argument is one word of it
            [str(self.program.resolve()), *arguments],
            cwd=folder,
            env={**(os.environ if self.environment is None else self.environment), **QUIET},
            pass_fds=self.held,
            # Our own stdout is for results.
            stdout=2 if show else subprocess.PIPE,
            stderr=None if show else subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        if done.returncode:
            raise FrameworkFailed(f"osls {arguments[0]} failed: {_complaint(done.stdout, done.stderr)}")
        return Said(done.stdout or "", done.stderr or "")


def _complaint(*outputs: str | None) -> str:
    """What stands below `Error:`, to the next empty line; else the last lines."""
    told = "\n".join(text for text in outputs if text).strip()
    if not told:
        return "the lines above say why"
    _, found, rest = told.partition("Error:\n")
    return " ".join((rest.partition("\n\n")[0] if found else told[-500:]).split())


def _npm_ci(folder: Path) -> None:
    options = ("--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries", "1")
    done = subprocess.run(  # noqa: S603 - npm, nothing of a stranger's on its command line
        ["npm", "ci", *options, "--prefix", str(folder)],  # noqa: S607 - the npm that the user has
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    if done.returncode:
        # The first complaint names the cause; later ones give up or point to logs.
        complaints = [line for line in done.stderr.splitlines() if "error" in line.lower()]
        raise Misconfigured(f"npm could not install osls: {complaints[0] if complaints else done.stderr.strip()}")
