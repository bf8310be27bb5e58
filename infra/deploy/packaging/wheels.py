"""IO: the wheels of pinned packages for a target. pip fetches what the cache lacks; a full cache needs no network."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from packaging.utils import InvalidWheelFilename, NormalizedName, parse_wheel_filename
from packaging.version import Version

from infra.deploy.packaging.target import Target
from queues.errors import Misconfigured

#: Seconds that pip may take: some 100 MB through a slow line.
PATIENCE = 1_800


class WheelsUnavailable(Misconfigured):
    """pip could not fetch a wheel: it does not exist for the target, or there is no network."""


def fetch_wheels(
    wanted: Mapping[NormalizedName, str], target: Target, folder: Path, tell: Callable[[str], None]
) -> dict[NormalizedName, Path]:
    """Package name -> wheel in `folder`, the cache of this target. WheelsUnavailable repeats what pip said."""
    found = _cached(folder)
    missing = {name: version for name, version in wanted.items() if (name, Version(version)) not in found}
    if missing:
        tell(f"fetching {len(missing)} wheels for {target.name}")
        _download(missing, target, folder)
        found = _cached(folder)
    return {name: found[name, Version(version)] for name, version in wanted.items()}


def _cached(folder: Path) -> dict[tuple[NormalizedName, Version], Path]:
    found = {}
    for path in sorted(folder.glob("*.whl")):
        try:
            name, version, _, _ = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            continue
        found[name, version] = path
    return found


def _download(wanted: Mapping[NormalizedName, str], target: Target, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", "download", "--quiet"]
    pins = [f"{name}=={version}" for name, version in wanted.items()]
    command = [*pip, "--no-deps", "--only-binary=:all:", *target.pip_arguments, "--dest", str(folder), *pins]
    done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE)  # noqa: S603 - pip, names pinned
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if line.startswith("ERROR:")] or [done.stderr.strip()]
        raise WheelsUnavailable(f"pip could not fetch wheels for {target.name}: {errors[-1].removeprefix('ERROR: ')}")
