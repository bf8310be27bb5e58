"""What a project says of itself: requirements and extras in pyproject.toml, pinned versions in requirements.lock."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from queues.errors import Misconfigured

PYPROJECT = "pyproject.toml"
LOCK = "requirements.lock"
#: The table of pyproject.toml that is ours, and its one key: AWS services that jobs call by boto3 beyond our own.
TABLE = ("tool", "jobyard", "package")
SERVICES_KEY = "aws-services"


@dataclass(frozen=True, slots=True)
class Project:
    """What is asked for, and in which versions."""

    dependencies: tuple[Requirement, ...]
    extras: Mapping[str, tuple[Requirement, ...]]
    #: Package name -> version.
    pins: Mapping[NormalizedName, str]
    #: Names of AWS services, as botocore's folders of data are named.
    services: tuple[str, ...]


def read_project(folder: Path) -> Project:
    """Reads both files; Misconfigured names the one that is missing or the line that is wrong."""
    document = tomllib.loads(_text(folder / PYPROJECT, "call this in the project's folder"))
    project = document.get("project", {})
    ours = document
    for key in TABLE:
        ours = ours.get(key, {})
    return Project(
        dependencies=_requirements(project.get("dependencies", ())),
        extras={name: _requirements(lines) for name, lines in project.get("optional-dependencies", {}).items()},
        pins=read_pins(_text(folder / LOCK, "`make lock` writes it")),
        services=tuple(ours.get(SERVICES_KEY, ())),
    )


def read_pins(text: str) -> dict[NormalizedName, str]:
    """Package name -> version of lines `name==version`; Misconfigured for any other."""
    pins = {}
    for line in text.splitlines():
        line = line.partition("#")[0].strip()
        if not line:
            continue
        name, equals, version = line.partition("==")
        if not equals:
            raise Misconfigured(f"{LOCK}: {line!r} is not `name==version`; `make lock` writes the file anew")
        pins[canonicalize_name(name.strip())] = version.strip()
    return pins


def _requirements(lines: Iterable[str]) -> tuple[Requirement, ...]:
    return tuple(map(_requirement, lines))


def _requirement(line: str) -> Requirement:
    try:
        return Requirement(line)
    except InvalidRequirement as error:
        raise Misconfigured(f"{PYPROJECT}: {line!r} is no requirement: {str(error).splitlines()[0]}") from None


def _text(path: Path, cure: str) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise Misconfigured(f"there is no {path}; {cure}") from None
