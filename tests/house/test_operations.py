"""docs/operations.md: its Python runs, its commands exist, and what it says of one machine happens there."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import botocore.session
import httpx
import pytest
import typer.main
import yaml
from botocore import xform_name

from infra.cli.app import app
from queues.outcome import MAX_NEWER, NEWER_BACKOFF
from queues.resources import MAX_RECEIVES
from queues.runner import NEWER_SECONDS
from queues.settings import MAX_PREVIOUS_SECRETS
from tests.cli.house import CHECKOUT, environment, up

PAGE = (CHECKOUT / "docs" / "operations.md").read_text(encoding="utf-8")
SCALING = (CHECKOUT / "docs" / "scaling.md").read_text(encoding="utf-8")
#: What the aws CLI takes with every command.
OF_THE_CLI = {"--query", "--output", "--cli-binary-format"}
HOURS = 3_600


def blocks(language: str, page: str = PAGE) -> list[str]:
    """The fenced blocks of a language, or of none."""
    fences = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", page, re.MULTILINE | re.DOTALL)
    return [text for name, text in fences if name == language]


def commands(program: str) -> list[list[str]]:
    """The words of each command of a program in the pages' blocks, its first word left out."""
    text = "\n".join(blocks("") + blocks("", SCALING)).replace("\\\n", " ")
    found = re.findall(rf"(?:^|[($\s]){re.escape(program)} ([^\n]*)", text)
    # What is within $(...) ends with its bracket, what is in front of a pipe with that.
    return [shlex.split(line.removesuffix(")").split(" | ")[0], comments=True) for line in found]


def test_its_python_is_a_job_and_its_test(tmp_path: Path) -> None:
    code = blocks("python")
    assert len(code) == 2
    (tmp_path / "test_order.py").write_text("\n\n".join(code))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-W",
            "error",
            *("-p", "no:cacheprovider", "-p", "no:asyncio"),
            str(tmp_path),
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=environment(PYTHONPATH=str(CHECKOUT)),
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


@pytest.mark.parametrize("words", commands("aws"), ids=lambda words: " ".join(words[:2]))
def test_aws_has_the_commands_and_their_options(words: list[str]) -> None:
    model = botocore.session.get_session().get_service_model(words[0])
    if words[1] == "wait":
        waiters = botocore.session.get_session().get_waiter_model(words[0]).waiter_names
        assert words[2] in [xform_name(name, "-") for name in waiters]
        words = [words[0], "describe-table", *words[3:]]
    operation = {xform_name(name, "-"): name for name in model.operation_names}[words[1]]
    shape = model.operation_model(operation).input_shape
    assert shape is not None
    options: set[str] = set()
    for name, member in shape.members.items():
        option = f"--{xform_name(name, '-')}"
        options |= {option, option.replace("--", "--no-", 1)} if member.type_name == "boolean" else {option}
    given = {word for word in words if word.startswith("--")}
    assert given - OF_THE_CLI <= options
    required = {f"--{xform_name(name, '-')}" for name in shape.required_members}
    assert required <= given


def test_there_are_aws_commands_to_look_at() -> None:
    assert len(commands("aws")) > 25


@pytest.mark.parametrize("words", commands(".venv/bin/jobyard"), ids=lambda words: " ".join(words[:2]))
def test_jobyard_has_the_commands_and_their_options(words: list[str]) -> None:
    command: Any = typer.main.get_command(app)
    while hasattr(command, "commands"):
        command = command.commands[words.pop(0)]
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= options


def test_osls_is_the_one_that_is_pinned_and_serverless_yml_has_the_parameters() -> None:
    pinned = json.loads((CHECKOUT / "infra" / "deploy" / "osls" / "package.json").read_text())["dependencies"]["osls"]
    assert set(re.findall(r"osls@(\S+)", PAGE)) == {pinned}
    service = yaml.safe_load((CHECKOUT / "serverless.yml").read_text(encoding="utf-8"))
    named = set(re.findall(r'--param="(\w+)=', PAGE))
    assert named == {"tokenSecret", "previousTokenSecret"}
    assert named <= set(service["params"]["default"])
    assert service["provider"]["versionFunctions"] is False


def test_its_numbers_are_those_of_the_code() -> None:
    waits = sum(NEWER_BACKOFF.wait(number, 0) for number in range(1, MAX_NEWER + 1))
    assert f"After {MAX_NEWER} times in a row, some {waits / HOURS:.0f} hours" in " ".join(PAGE.split())
    assert NEWER_BACKOFF.wait(1, 0) == 15
    assert MAX_RECEIVES * NEWER_SECONDS // HOURS == 8
    assert f"after {MAX_RECEIVES} times" in PAGE
    assert MAX_PREVIOUS_SECRETS == 4


def test_its_own_links_lead_to_headings() -> None:
    pages = {"": PAGE} | {path.name: path.read_text(encoding="utf-8") for path in (CHECKOUT / "docs").glob("*.md")}
    links = re.findall(r"\]\(([\w.-]*)#([\w-]+)\)", PAGE)
    assert len(links) > 15
    for page, anchor in links:
        headings = re.findall(r"^#+ (.*)$", pages[page], re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
        assert anchor in anchors, (page, anchor)


def test_on_one_machine_the_secret_is_changed_as_it_says(tmp_path: Path) -> None:
    (steps,) = [block for block in blocks("") if "make up" in block]
    assert steps.splitlines() == [
        "old=$(cat .jobyard/secret)",
        "rm .jobyard/secret",
        "JOBYARD_SECRET_PREVIOUS=$old make up",
    ]

    def start_and_ask(token: str | None, previous: str = "") -> tuple[str, int]:
        with up(tmp_path, JOBYARD_SECRET_PREVIOUS=previous) as house:
            token = token or Path(house.ready["tokenFile"]).read_text().strip()
            answer = httpx.get(f"{house.ready['api']}/api/v1/jobs", headers={"Authorization": f"Bearer {token}"})
            return token, answer.status_code

    token, code = start_and_ask(None)
    assert code == 200
    old = (tmp_path / "secret").read_text().strip()
    (tmp_path / "secret").unlink()
    assert start_and_ask(token, previous=old)[1] == 200
    assert (tmp_path / "secret").read_text().strip() != old
    assert (tmp_path / "token").read_text().strip() != token, "the folder's own token is signed anew"
    assert start_and_ask(token)[1] == 401
