"""docs/deploy-from-ci.md: the workflow is one that GitHub reads, runs commands that there are, and needs no key."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest
import yaml
from typer.main import get_command

from infra.cli.app import app
from tests.cli.house import CHECKOUT, environment

PAGE = (CHECKOUT / "docs" / "deploy-from-ci.md").read_text(encoding="utf-8")
(TEXT,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
#: YAML 1.1 reads the key `on` as true.
WORKFLOW: dict[Any, Any] = yaml.safe_load(TEXT)
POLICIES: list[dict[str, Any]] = [
    json.loads(text) for text in re.findall(r"^```json\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
]


def steps() -> list[dict[str, Any]]:
    return [step for job in WORKFLOW["jobs"].values() for step in job["steps"]]


def environments() -> dict[str, tuple[str, str]]:
    """Name -> (STAGE, ARGS), as the page's table has them."""
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| `([^`]+)` \|", PAGE, re.MULTILINE)
    return {name: (stage, arguments) for name, stage, arguments in rows}


def test_every_job_has_its_environment_in_the_table() -> None:
    assert {job["environment"] for job in WORKFLOW["jobs"].values()} == environments().keys()


def test_it_runs_on_pull_requests_and_on_what_is_merged() -> None:
    assert WORKFLOW[True] == {"pull_request": None, "push": {"branches": ["main"]}}
    assert "pull_request_target" not in TEXT


def test_it_has_no_key_and_asks_for_a_token_of_its_own() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read", "id-token": "write"}
    assert "secrets." not in TEXT
    assert not re.search(r"access.key", TEXT, re.IGNORECASE)


@pytest.mark.parametrize("name", environments())
def test_the_commands_that_it_runs_exist(name: str) -> None:
    stage, arguments = environments()[name]
    for command in {step["run"] for step in steps() if "run" in step}:
        filled = command.replace("${{ vars.STAGE }}", stage).replace("${{ vars.ARGS }}", arguments)
        assert "${{" not in filled
        done = subprocess.run(
            ["sh", "-c", f"{filled} -n"], capture_output=True, text=True, cwd=CHECKOUT, env=environment(), check=True
        )
        (line,) = [line for line in done.stdout.splitlines() if ".venv/bin/jobyard" in line]
        words = line.split(".venv/bin/jobyard ")[1].split()
        options = {option for one in get_command(app).commands[words[0]].params for option in one.opts}  # type: ignore[attr-defined]
        assert {word for word in words if word.startswith("--")} <= options


def test_a_role_trusts_one_environment_of_one_repository() -> None:
    trust, _ = POLICIES
    (statement,) = trust["Statement"]
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"
    (operator,) = statement["Condition"]
    assert operator == "StringEquals"
    subject = statement["Condition"][operator]["token.actions.githubusercontent.com:sub"]
    assert subject.rpartition(":")[2] in environments()
    assert "*" not in json.dumps(trust)


def test_a_role_may_do_nothing_outside_of_its_stage_but_what_has_no_name() -> None:
    _, policy = POLICIES
    unnamed = {"LookAtTemplates", "WhatHasNoNameBeforeItIsMade"}
    for statement in policy["Statement"]:
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        assert statement["Action"] != "*"
        if statement["Sid"] not in unnamed:
            assert all("jobyard-prod" in resource for resource in resources), statement["Sid"]
