"""The rules of the house that no other tool checks: settings documented, packages pinned, one version, quick help."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import queues
from queues.settings import OF_AWS, Settings
from tests.cli.house import CHECKOUT, environment

README = (CHECKOUT / "README.md").read_text(encoding="utf-8")
PROJECT = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())


def variables() -> dict[str, object]:
    """Environment variable -> default, of all settings."""
    found: dict[str, object] = {}
    for name, field in Settings.model_fields.items():
        found |= dict.fromkeys(OF_AWS.get(name, (f"JOBYARD_{name.upper()}",)), field.default)
    return found


@pytest.mark.parametrize(("variable", "default"), variables().items())
def test_each_setting_is_in_the_readme_with_its_default(variable: str, default: object) -> None:
    (row,) = [line for line in README.splitlines() if re.match(rf"\| .*`{variable}`", line)]
    shown = row.split("|")[2].strip()
    if isinstance(default, tuple):
        default = ",".join(default)
    if default is not None:
        assert shown == f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def test_the_readme_names_no_setting_that_does_not_exist() -> None:
    source = "".join(path.read_text() for folder in ("queues", "infra") for path in (CHECKOUT / folder).rglob("*.py"))
    for variable in re.findall(r"^\| `(JOBYARD_\w+)`", README, re.MULTILINE):
        assert variable in variables() or variable in source


def test_all_that_queues_exports_is_there() -> None:
    for name in queues.__all__:
        assert hasattr(queues, name)


def test_the_catalog_is_found_as_the_settings_say() -> None:
    (module,) = Settings.model_fields["jobs"].default
    assert set(importlib.import_module(module).__all__)


def test_imports_point_right_only() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")],
        capture_output=True,
        text=True,
        cwd=CHECKOUT,
        env=environment(),
    )
    assert done.returncode == 0, done.stdout


def test_there_is_one_version() -> None:
    assert PROJECT["project"]["dynamic"] == ["version"]
    assert f"## {queues.__version__}" in (CHECKOUT / "CHANGELOG.md").read_text()


def pins(name: str) -> dict[str, str]:
    lines = (CHECKOUT / name).read_text().splitlines()
    return {normal(line.split("==")[0]): line for line in lines if "==" in line}


def normal(requirement: str) -> str:
    """A requirement's package as registries spell it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=!\[;]", requirement)[0].strip()).lower()


def test_what_the_project_asks_for_is_pinned() -> None:
    extras = PROJECT["project"]["optional-dependencies"].values()
    asked = [*PROJECT["project"]["dependencies"], *(one for extra in extras for one in extra)]
    assert {normal(one) for one in asked} - pins("requirements.lock").keys() == set()
    both = pins("requirements.lock") | pins("requirements-dev.lock")
    assert {normal(one) for one in PROJECT["dependency-groups"]["dev"]} - both.keys() == set()
    assert not pins("requirements.lock").keys() & pins("requirements-dev.lock").keys()


def test_make_help_names_every_target() -> None:
    makefile = (CHECKOUT / "Makefile").read_text()
    phony = set(re.findall(r"^\.PHONY: ([\w-]+)$", makefile, re.MULTILINE))
    done = subprocess.run(["make", "help"], capture_output=True, text=True, cwd=CHECKOUT, check=True, env=environment())
    assert {line.split()[1] for line in done.stdout.splitlines()} == phony
    assert phony >= {"up", "test", "check", "bench", "help", "crash", "sim", "clean"}


def test_help_needs_none_of_the_heavy_imports() -> None:
    """`jobyard --help` starts fast because it imports neither the core nor AWS."""
    code = """
import sys
from infra.cli import main
sys.argv = ["jobyard", "--help"]
try:
    main()
except SystemExit:
    pass
print(*sorted({"queues", "api", "botocore", "fastapi", "pydantic", "httpx"} & sys.modules.keys()), file=sys.stderr)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=CHECKOUT, check=True)
    assert done.stderr == "\n"
