"""What is read of pyproject.toml and requirements.lock, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.deploy.packaging.project import read_pins, read_project
from queues.errors import Misconfigured
from tests.cli.house import CHECKOUT

PYPROJECT = """
[project]
dependencies = ["orjson>=3"]
optional-dependencies = {mesh = ["trimesh>=5"]}
[tool.jobyard.package]
aws-services = ["ses"]
"""


def test_both_files_are_read(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "requirements.lock").write_text("# Made by hand.\nOrjson==3.11  # fast\n\nPyJWT==2.0\n")
    project = read_project(tmp_path)
    assert [str(one) for one in project.dependencies] == ["orjson>=3"]
    assert [str(one) for one in project.extras["mesh"]] == ["trimesh>=5"]
    assert project.pins == {"orjson": "3.11", "pyjwt": "2.0"}
    assert project.services == ("ses",)


def test_this_project_pins_all_that_it_asks_for() -> None:
    project = read_project(CHECKOUT)
    asked = [*project.dependencies, *(one for extra in project.extras.values() for one in extra)]
    for requirement in asked:
        assert requirement.specifier.contains(project.pins[requirement.name.lower()])  # type: ignore[index]


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"there is no .*pyproject\.toml; call this in the project's folder"):
        read_project(tmp_path)
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    with pytest.raises(Misconfigured, match=r"there is no .*requirements\.lock; `make lock` writes it"):
        read_project(tmp_path)


def test_a_line_that_pins_nothing_is_shown() -> None:
    with pytest.raises(Misconfigured, match=r"requirements\.lock: 'orjson>=3' is not `name==version`"):
        read_pins("orjson>=3")


def test_a_requirement_that_is_none_is_shown(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[project]\ndependencies = ["orjson >>> 3"]')
    (tmp_path / "requirements.lock").write_text("")
    with pytest.raises(Misconfigured, match=r"pyproject\.toml: 'orjson >>> 3' is no requirement: "):
        read_project(tmp_path)
