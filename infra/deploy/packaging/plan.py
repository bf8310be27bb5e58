"""Which artifacts a deployment has: one for the API, one for all job types that need no extras, and one for each set of
extras that a job type asks for with `@job(..., extras=(...))`. Pure.

Not one for each function: functions that need the same packages share an artifact, so that a deployment of fifty job
types uploads a few zips and not fifty. Each holds the core and the job modules, since any function may meet any type.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from infra.deploy.names import API
from infra.deploy.packaging.closure import RequiredBy, closure
from infra.deploy.packaging.project import PYPROJECT, Project
from infra.deploy.packaging.target import Target
from infra.deploy.rounds import ROUNDS
from queues.errors import Misconfigured
from queues.jobtype import JobType

#: The name of the artifact of job types, followed by the extras that a set of them needs; the API's is `api`.
JOBS = "jobs"
#: Our own packages in each artifact; those of JOBYARD_JOBS come on top.
CORE_PACKAGES = ("queues",)
API_PACKAGES = ("api", *CORE_PACKAGES)

#: Dependencies that only the API imports.
API_ONLY = frozenset({"fastapi", "mangum", "pyjwt"})
#: Dependencies that no function needs. An extra that requires one brings it back.
LEFT_OUT = frozenset(
    {
        "cbor2",  # the embedded CloudWatch's
        "cryptography",  # PyJWT signs with HS256, the only algorithm we take, without it
        "httptools",  # uvicorn's
        "packaging",  # the packager's
        "rich",  # the command line's, as is typer
        "typer",
        "uvicorn",  # Mangum takes its place
        "uvloop",  # uvicorn's
    }
)


@dataclass(frozen=True, slots=True)
class Artifact:
    """One zip to be."""

    #: `api`, `jobs`, `jobs-mesh`: the file's name without its ending.
    name: str
    #: What runs from it: names of functions, without their prefix. A job type's is its own.
    functions: tuple[str, ...]
    #: Our own top-level packages in it.
    packages: tuple[str, ...]
    #: Package name -> version of the wheels in it.
    wheels: dict[NormalizedName, str]
    #: The extras in it.
    extras: tuple[str, ...] = ()


def artifact_of(job_type: JobType[Any, Any]) -> str:
    """The name of the artifact that a job type's function runs from."""
    return _name(_extras(job_type))


def _extras(job_type: JobType[Any, Any]) -> tuple[str, ...]:
    return tuple(sorted(set(job_type.options.extras)))


def _name(extras: Sequence[str]) -> str:
    return "-".join((JOBS, *extras))


def plan(
    project: Project,
    types: Iterable[JobType[Any, Any]],
    job_packages: Sequence[str],
    target: Target,
    required_by: RequiredBy,
) -> list[Artifact]:
    """The artifacts, the API's first. `job_packages`: the top-level packages that hold the job types.

    Misconfigured for an extra that the project does not have, or for a package that is not pinned.
    """

    def wheels(roots: Iterable[Requirement], left_out: frozenset[str]) -> dict[NormalizedName, str]:
        return closure(roots, project.pins, target.markers, left_out, required_by)

    api = Artifact(API, (API,), _packages(API_PACKAGES, job_packages), wheels(project.dependencies, LEFT_OUT))
    core = wheels((one for one in project.dependencies if canonicalize_name(one.name) not in API_ONLY), LEFT_OUT)
    functions: dict[tuple[str, ...], list[str]] = {(): [one.name for one in ROUNDS]}
    for job_type in types:
        if not job_type.options.on_lambda:
            continue
        functions.setdefault(_extras(job_type), []).append(job_type.name)
    artifacts = [api]
    for extras, names in sorted(functions.items()):
        asked = [requirement for extra in extras for requirement in _requirements(project, extra, names)]
        wanted = dict(sorted((core | wheels(asked, frozenset())).items()))
        packages = _packages(CORE_PACKAGES, job_packages)
        artifacts.append(Artifact(_name(extras), tuple(names), packages, wanted, extras))
    return artifacts


def _packages(ours: Sequence[str], of_jobs: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({*ours, *of_jobs}))


def _requirements(project: Project, extra: str, types: Sequence[str]) -> tuple[Requirement, ...]:
    found = project.extras.get(extra)
    if found is None:
        near = difflib.get_close_matches(extra, project.extras, n=1)
        cure = f"did you mean {near[0]!r}?" if near else f"write it into [project.optional-dependencies] of {PYPROJECT}"
        raise Misconfigured(f"job {types[0]!r} needs the extra {extra!r}, which there is not; {cure}")
    return found
