"""IO: builds the artifacts of a plan, and says how large each has become."""

from __future__ import annotations

import fcntl
import hashlib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import NormalizedName

from infra.deploy.packaging.archive import write_archive
from infra.deploy.packaging.budget import over_budget
from infra.deploy.packaging.bytecode import Interpreter, find_interpreter
from infra.deploy.packaging.closure import installed_requirements
from infra.deploy.packaging.contents import SERVICES, Files, merge, of_package, of_wheel
from infra.deploy.packaging.plan import Artifact, plan
from infra.deploy.packaging.project import read_project
from infra.deploy.packaging.target import Target
from infra.deploy.packaging.wheels import fetch_wheels
from queues.errors import InvalidOption
from queues.jobtype import JobType

#: Where artifacts are put, seen from the project's folder; serverless.yml points there.
ARTIFACTS = Path("build/artifacts")
#: What is kept from one build to the next: wheels, and bytecode of wheels.
CACHE = Path("build/packaging")

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Built:
    """An artifact that lies there."""

    artifact: Artifact
    path: Path
    #: Bytes of the zip, and of the files in it.
    zipped: int
    unzipped: int
    #: Hexadecimal; Lambda tells the same as CodeSha256, in base64.
    sha256: str
    #: What is wrong with its size; None if nothing is.
    fault: str | None


def build(
    folder: Path,
    types: Iterable[JobType[Any, Any]],
    modules: Sequence[str],
    target: Target,
    out: Path,
    tell: Tell,
    *,
    names: Collection[str] = (),
    bytecode: bool = True,
) -> list[Built]:
    """Builds the artifacts of the project in `folder` into `out`: those of `names`, or all.

    `modules` are those of JOBYARD_JOBS. `tell` hears what takes long, and what a user had better know. InvalidOption
    for a name that there is not; Misconfigured, WheelsUnavailable.
    """
    project = read_project(folder)
    job_packages = sorted({module.partition(".")[0] for module in modules})
    artifacts = _named(plan(project, types, job_packages, target, installed_requirements), names)
    cache = folder / CACHE / target.name
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / "lock").open("w") as door:
        # Of two builds at once, one fills the cache and the other waits for it.
        fcntl.flock(door, fcntl.LOCK_EX)
        wanted = {name: version for artifact in artifacts for name, version in artifact.wheels.items()}
        wheels = fetch_wheels(wanted, target, cache / "wheels", tell)
        parts = _parts(artifacts, wheels, SERVICES.union(project.services), _compiler(target, tell, bytecode), cache)
    return [
        _write(artifact, {key: parts[key] for key in _parts_of(artifact, wheels)}, out / f"{artifact.name}.zip")
        for artifact in artifacts
    ]


def _named(artifacts: list[Artifact], names: Collection[str]) -> list[Artifact]:
    known = [artifact.name for artifact in artifacts]
    for name in names:
        if name not in known:
            raise InvalidOption("artifact", name, f"there are {', '.join(known)}")
    return [artifact for artifact in artifacts if not names or artifact.name in names]


def _compiler(target: Target, tell: Tell, bytecode: bool) -> Interpreter | None:
    interpreter = find_interpreter(target) if bytecode else None
    if bytecode and interpreter is None:
        tell(
            f"no Python {target.python} was found to compile with: functions will take several times as long to start; "
            f"put python{target.python} on the PATH"
        )
    return interpreter


def _parts(
    artifacts: Iterable[Artifact],
    wheels: Mapping[NormalizedName, Path],
    services: Collection[str],
    interpreter: Interpreter | None,
    cache: Path,
) -> dict[str, Files]:
    """The files of each wheel and of each of our own packages, by its name, with their bytecode."""
    parts: dict[str, Files] = {}
    for path in wheels.values():
        parts[path.name] = of_wheel(path, services)
        if interpreter is not None:
            kept = cache / "bytecode" / interpreter.version / f"{path.name}.zip"
            parts[path.name] |= interpreter.compile(parts[path.name], kept)
    for package in {package for artifact in artifacts for package in artifact.packages}:
        parts[package] = of_package(package)
        if interpreter is not None:
            parts[package] |= interpreter.compile(parts[package])
    return parts


def _parts_of(artifact: Artifact, wheels: Mapping[NormalizedName, Path]) -> list[str]:
    return [*artifact.packages, *(wheels[name].name for name in artifact.wheels)]


def _write(artifact: Artifact, parts: dict[str, Files], path: Path) -> Built:
    files = merge(parts)
    write_archive(path, files)
    content = path.read_bytes()
    unzipped = sum(len(file.content) for file in files.values())
    fault = over_budget(len(content), unzipped, bool(artifact.extras))
    return Built(artifact, path, len(content), unzipped, hashlib.sha256(content).hexdigest(), fault)
