"""serverless.yml with the last Serverless Framework 3, from npm: it makes the same template as osls.

Version 4 cannot be tried here: it asks for an account of its maker's before it does anything.
"""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from infra.deploy.framework import NodeMissing, install_osls
from infra.deploy.rendering import render
from queues.catalog import load
from queues.errors import Misconfigured
from tests.cli.house import CHECKOUT
from tests.clients.installing import missing
from tests.deploy.compiled import compile_stack

VERSION = "3.40.0"
FOLDER = CHECKOUT / "build" / "serverless-3"
OURS = ("functions.catalog",)
#: Seconds for a hundred megabytes through a slow line.
PATIENCE = 600
#: In the places of the zips: when they were packaged.
WHEN = re.compile(r"[0-9]{13}-[0-9-]{10}T[0-9:.]{12}Z")


@pytest.fixture(scope="module")
def serverless() -> Path:
    program = FOLDER / "node_modules" / ".bin" / "serverless"
    if not program.exists():
        FOLDER.mkdir(parents=True, exist_ok=True)
        options = ("--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries", "1", "--prefix", str(FOLDER))
        done = subprocess.run(
            ["npm", "install", f"serverless@{VERSION}", *options], capture_output=True, text=True, timeout=PATIENCE
        )
        if done.returncode:
            missing(f"npm could not install Serverless Framework {VERSION}: {done.stderr[-300:]}")
    return program


@pytest.fixture(scope="module")
def osls() -> Path:
    try:
        return install_osls(CHECKOUT, print)
    except (NodeMissing, Misconfigured) as error:
        missing(str(error))


def only_about_python(said: str) -> bool:
    """Whether all that it warns of is a runtime that is newer than itself."""
    warnings = [line for line in said.splitlines() if line.startswith("  at ") or " at '" in line]
    return bool(warnings) and all("runtime" in line for line in warnings)


def resources(template: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(WHEN.sub("when", template.read_text(encoding="utf-8")))
    return found


@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_version_3_makes_the_same_template(osls: Path, serverless: Path, tmp_path: Path, stage: str) -> None:
    rendered, options = render(load(OURS), list(OURS)), ("--stage", stage)
    ours = compile_stack(osls, tmp_path / "osls", rendered, *options)
    theirs = compile_stack(serverless, tmp_path / "3", rendered, *options, may_warn=only_about_python)
    assert resources(theirs) == resources(ours)
