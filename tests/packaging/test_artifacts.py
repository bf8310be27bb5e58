"""The artifacts as they lie there: within their budgets, with nothing that functions do not need, always the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from infra.deploy.packaging.budget import CORE_ZIPPED
from infra.deploy.packaging.build import CACHE, Built
from infra.deploy.packaging.contents import SERVICES
from infra.deploy.packaging.target import Target
from tests.cli.house import CHECKOUT, environment
from tests.packaging.conftest import LIMIT, Build

#: What an ELF file says of its processor, at offset 18. (elf(5): EM_X86_64, EM_AARCH64)
MACHINES = {"x86_64": 62, "arm64": 183}


def names_in(built: Built) -> list[str]:
    with zipfile.ZipFile(built.path) as archive:
        return archive.namelist()


def test_there_is_one_for_the_api_one_for_jobs_and_one_for_what_needs_more(built: dict[str, Built]) -> None:
    assert {name: one.artifact.functions for name, one in built.items()} == {
        "api": ("api",),
        "jobs": ("reaper", "dead-letters", "cleaner", "hello"),
        "jobs-mesh": ("file-analysis",),
    }


def test_all_are_within_their_budgets(built: dict[str, Built]) -> None:
    assert [one.fault for one in built.values()] == [None, None, None]
    assert built["api"].zipped < CORE_ZIPPED
    assert built["jobs"].zipped < built["jobs-mesh"].zipped


def test_none_has_what_no_function_needs(built: dict[str, Built]) -> None:
    for one in built.values():
        heads = {name.partition("/")[0] for name in names_in(one)}
        assert not heads & {"infra", "tests", "uvicorn", "uvloop", "httptools", "typer", "rich", "pip", "setuptools"}
    assert not {"fastapi", "api"} & {name.partition("/")[0] for name in names_in(built["jobs"])}


def test_only_heavy_jobs_carry_heavy_packages(built: dict[str, Built]) -> None:
    heavy = {"numpy", "scipy", "trimesh", "lxml"}
    assert heavy.isdisjoint(built["api"].artifact.wheels)
    assert heavy.isdisjoint(built["jobs"].artifact.wheels)
    assert heavy <= set(built["jobs-mesh"].artifact.wheels)


def test_botocore_describes_our_services_and_no_others(built: dict[str, Built]) -> None:
    places = [Path(name).parts for name in names_in(built["jobs"]) if name.startswith("botocore/data/")]
    assert {place[2] for place in places if len(place) > 3} == SERVICES
    assert "botocore/data/partitions.json" in names_in(built["jobs"])


def test_every_module_of_ours_is_compiled(built: dict[str, Built]) -> None:
    for one in built.values():
        names = set(names_in(one))
        for name in names:
            head, _, tail = name.rpartition("/")
            if name.startswith(("queues/", "functions/", "api/")) and name.endswith(".py"):
                tag = sys.implementation.cache_tag
                assert f"{head}/__pycache__/{tail.removesuffix('.py')}.{tag}.pyc" in names


def test_the_same_tree_elsewhere_gives_the_same_bytes(built: dict[str, Built], tmp_path: Path) -> None:
    """A copy in another folder, with other times, built by the command in another process."""
    for folder in ("api", "functions", "infra", "queues"):
        shutil.copytree(
            CHECKOUT / folder, tmp_path / folder, copy_function=shutil.copy, ignore=shutil.ignore_patterns("*.pyc")
        )
    for file in ("pyproject.toml", "requirements.lock"):
        shutil.copy(CHECKOUT / file, tmp_path)
    (tmp_path / CACHE.parent).mkdir()
    (tmp_path / CACHE).symlink_to(CHECKOUT / CACHE)
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", "package", "api", "jobs", "--local", "--json"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(PYTHONPATH=tmp_path, PYTHONHASHSEED="1"),
        timeout=LIMIT,
    )
    assert done.returncode == 0, done.stderr
    told = {row["name"]: row["sha256"] for row in json.loads(done.stdout)["artifacts"]}
    assert told == {name: built[name].sha256 for name in ("api", "jobs")}
    assert (tmp_path / "build" / "artifacts" / "api.zip").read_bytes() == built["api"].path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_what_is_compiled_is_for_lambdas_processor(build_for: Build, architecture: str) -> None:
    built = build_for(Target("3.13", architecture), "api", "jobs", bytecode=False)
    for one in built.values():
        assert one.fault is None
        with zipfile.ZipFile(one.path) as archive:
            natives = [name for name in archive.namelist() if ".so" in Path(name).suffixes]
            assert any("pydantic_core" in name for name in natives)
            for name in natives:
                with archive.open(name) as file:
                    head = file.read(20)
                assert head[:4] == b"\x7fELF"
                assert int.from_bytes(head[18:20], "little") == MACHINES[architecture]
                assert "cpython-3" not in name or "cpython-313" in name, name


def test_where_pip_finds_nothing_it_says_so(tmp_path: Path) -> None:
    for file in ("pyproject.toml", "requirements.lock"):
        shutil.copy(CHECKOUT / file, tmp_path)
    nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": os.devnull, "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        [sys.executable, "-m", "infra.cli", "package", "jobs"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(**nowhere),
        timeout=LIMIT,
    )
    assert done.returncode == 1
    assert "jobyard: pip could not fetch wheels for python3.13-lambda-arm64: No matching distribution" in done.stderr
