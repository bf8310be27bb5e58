"""Which artifacts there are, and what a job type says to have one of its own."""

from __future__ import annotations

from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.deploy.packaging.plan import API_ONLY, LEFT_OUT, ROUNDS, Artifact, artifact_of, plan
from infra.deploy.packaging.project import Project, read_project
from infra.deploy.packaging.target import Target
from queues import job
from queues.errors import InvalidOption, Misconfigured
from queues.jobtype import JobType
from tests.cli.house import CHECKOUT

TARGET = Target("3.13", "arm64")
NAMES = ("fastapi", "orjson", "uvicorn", "trimesh", "reportlab")
PROJECT = Project(
    dependencies=tuple(map(Requirement, ("fastapi", "orjson", "uvicorn"))),
    extras={"mesh": (Requirement("trimesh"),), "pdf": (Requirement("reportlab"), Requirement("uvicorn"))},
    pins={canonicalize_name(name): "1.0" for name in NAMES},
    services=(),
)


def a_type(name: str, *extras: str) -> JobType[Any, Any]:
    @job(name, extras=extras)
    async def function(data: Any) -> None: ...

    return function


def planned(*types: JobType[Any, Any], project: Project = PROJECT) -> dict[str, Artifact]:
    found = plan(project, types, ["functions"], TARGET, lambda name, version: ())
    return {artifact.name: artifact for artifact in found}


def test_types_that_need_no_extras_share_one_artifact_without_the_api() -> None:
    artifacts = planned(a_type("one"), a_type("two"))
    assert list(artifacts) == ["api", "jobs"]
    assert artifacts["jobs"].functions == (*(one.name for one in ROUNDS), "one", "two")
    assert artifacts["jobs"].packages == ("functions", "queues")
    assert set(artifacts["jobs"].wheels) == {"orjson"}
    assert artifacts["api"].packages == ("api", "functions", "queues")
    assert set(artifacts["api"].wheels) == {"fastapi", "orjson"}


def test_a_set_of_extras_has_an_artifact_whatever_their_order() -> None:
    artifacts = planned(a_type("one", "pdf", "mesh"), a_type("two", "mesh", "pdf"), a_type("three", "mesh"))
    assert list(artifacts) == ["api", "jobs", "jobs-mesh", "jobs-mesh-pdf"]
    assert artifacts["jobs-mesh-pdf"].functions == ("one", "two")
    assert set(artifacts["jobs-mesh"].wheels) == {"orjson", "trimesh"}


def test_an_extra_brings_back_what_functions_do_without_otherwise() -> None:
    assert "uvicorn" in planned(a_type("one", "pdf"))["jobs-pdf"].wheels
    assert "uvicorn" not in planned(a_type("one", "mesh"))["jobs-mesh"].wheels


def test_the_rounds_have_an_artifact_even_if_all_types_need_extras() -> None:
    assert planned(a_type("one", "mesh"))["jobs"].functions == tuple(one.name for one in ROUNDS)


def test_the_artifact_of_a_type_is_one_that_is_built() -> None:
    types = [a_type("one"), a_type("two", "pdf", "mesh", "pdf")]
    assert [artifact_of(job_type) for job_type in types] == ["jobs", "jobs-mesh-pdf"]
    assert {artifact_of(job_type) for job_type in types} <= planned(*types).keys()


def test_an_extra_that_there_is_not_is_answered_with_the_nearest() -> None:
    with pytest.raises(Misconfigured, match=r"job 'one' needs the extra 'mash', which there is not; .*'mesh'"):
        planned(a_type("one", "mash"))
    with pytest.raises(Misconfigured, match=r"write it into \[project\.optional-dependencies\]"):
        planned(a_type("one", "video"))


def test_extras_are_a_tuple_of_names() -> None:
    with pytest.raises(InvalidOption, match=r"give a tuple of names: extras=\('mesh',\)"):
        job("one", extras="mesh")  # type: ignore[arg-type]


def test_what_is_left_out_is_something_that_the_project_asks_for() -> None:
    asked = {canonicalize_name(requirement.name) for requirement in read_project(CHECKOUT).dependencies}
    assert asked >= LEFT_OUT | API_ONLY
