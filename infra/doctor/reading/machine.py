"""What this machine has: the secret, of which only its shape is kept, the data folder, and the installed packages."""

from __future__ import annotations

import os
import platform
import shutil
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from infra.doctor.snapshot import Folder, Secret
from infra.reset import SUFFIXES
from infra.secret import secret_path
from infra.up import DATABASE
from queues.settings import Settings
from queues.version import __version__

#: Where a secret is in an environment, and those that came before it.
VARIABLE, PREVIOUS = "JOBYARD_SECRET", "JOBYARD_SECRET_PREVIOUS"
#: Words of secrets that are copied from examples.
EXAMPLES = ("secret", "password", "changeme", "change-me", "jobyard", "example", "default", "0123456789", "abcdef")
#: The bits of a mode that let others read, and look into a folder.
OTHERS_READ, OTHERS_ENTER = 0o044, 0o011


def secrets_of(environment: Mapping[str, str], where: str = "") -> tuple[Secret, ...]:
    """Those of an environment, the one that signs and those that were there before."""
    found = [(VARIABLE, environment[VARIABLE])] if VARIABLE in environment else []
    found += [(PREVIOUS, text) for text in environment.get(PREVIOUS, "").replace(",", " ").split()]
    return tuple(_shape(text, f"{name}{where}") for name, text in found)


def read_secrets(settings: Settings, environment: Mapping[str, str]) -> tuple[Secret, ...]:
    """Those of the environment, and that of the data folder if the environment has none in its place."""
    found = secrets_of(environment)
    path = secret_path(settings)
    if VARIABLE in environment:
        return found
    try:
        text = path.read_text(encoding="utf-8", errors="replace").strip()
        readable = bool(path.stat().st_mode & OTHERS_READ)
    except OSError:
        return found
    return (_shape(text, str(path), readable=readable), *found)


def _shape(text: str, source: str, *, readable: bool = False) -> Secret:
    folded = text.casefold()
    return Secret(source, len(text), len(set(text)), any(word in folded for word in EXAMPLES), readable)


def read_folder(settings: Settings) -> Folder | None:
    """The data folder; None if no embedded AWS has its database there."""
    database = settings.data / DATABASE
    if not database.is_file():
        return None
    files = [database.with_name(DATABASE + suffix) for suffix in SUFFIXES]
    return Folder(
        path=str(settings.data),
        free=shutil.disk_usage(settings.data).free,
        database=sum(file.stat().st_size for file in files if file.exists()),
        readable=_others_read(database),
    )


def _others_read(file: Path) -> bool:
    enter = file.parent.stat().st_mode & OTHERS_ENTER
    return os.name == "posix" and bool(enter) and bool(file.stat().st_mode & OTHERS_READ)


def read_versions() -> dict[str, str]:
    """What a report of a fault should name."""
    versions = {"jobyard": __version__, "python": platform.python_version()}
    return versions | {name: metadata.version(name) for name in ("botocore", "aiobotocore")}


def read_misfits(distribution: str = "jobyard") -> dict[str, tuple[str | None, str]] | None:
    """Package -> (installed version, what is asked for), where they differ; None if it is not installed itself."""
    try:
        asked = metadata.requires(distribution) or ()
    except metadata.PackageNotFoundError:
        return None
    misfits: dict[str, tuple[str | None, str]] = {}
    for one in map(Requirement, asked):
        if one.marker is not None and not one.marker.evaluate({"extra": ""}):
            continue
        version = _version(one.name)
        if version is None or not one.specifier.contains(version, prereleases=True):
            misfits[one.name] = (version, str(one))
    return misfits


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
