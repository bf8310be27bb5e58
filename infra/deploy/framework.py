"""IO: osls, the framework that reads serverless.yml, as `osls/package-lock.json` pins it; npm installs it once, into
`build/osls`, which git ignores, and runs no script of any package."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from queues.errors import Misconfigured

#: What npm is to install.
WANTED = Path(__file__).parent / "osls"
#: Where, below the project's folder.
FOLDER = Path("build/osls")
#: Seconds that it may take: some 30 MB through a slow line.
PATIENCE = 900


class NodeMissing(Misconfigured):
    """There is no Node or no npm, which osls needs."""


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
