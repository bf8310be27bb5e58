"""docs/deploy.md takes a newcomer from clone to a job on AWS in five commands. What needs no account is run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.house import CHECKOUT, LIMIT, Running, environment, up

PAGE = (CHECKOUT / "docs" / "deploy.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## From clone to a job on AWS\n")[2].partition("\n## ")[0]
COMMANDS = re.findall(r"^\$ (.*)$", SECTION, re.MULTILINE)
MOST = 5


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Stands in the deployment's place for those commands that only need its address and a token."""
    with up(tmp_path_factory.mktemp("newcomer"), jobs="functions.catalog") as started:
        yield started


def shell(command: str, folder: Path, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", "-c", command], capture_output=True, text=True, cwd=folder, env=env, timeout=LIMIT)


def the(start: str) -> str:
    (found,) = [command for command in COMMANDS if command.startswith(start)]
    return found


def test_there_are_no_more_than_five() -> None:
    assert 1 <= len(COMMANDS) <= MOST
    assert [command.split()[0] for command in COMMANDS] == ["git", "make", "export", "export", ".venv/bin/jobyard"]


def test_the_first_makes_a_folder_from_which_the_others_work(tmp_path: Path) -> None:
    command = re.sub(r"https://\S+", str(CHECKOUT), the("git clone")).replace("git clone", "git clone --quiet")
    if not shutil.which("git") or not (CHECKOUT / ".git").exists():
        pytest.skip("this is no clone")
    folder = re.search(r"cd (\S+)", command)
    assert folder is not None
    # The name that git gives a folder is that of the address.
    done = shell(f"{command.partition(' && ')[0]} {folder[1]} && cd {folder[1]} && ls", tmp_path, environment())
    assert done.returncode == 0, done.stderr
    assert {"Makefile", "serverless.yml", "functions"} <= set(done.stdout.split())


def test_the_second_is_jobyard_deploy() -> None:
    done = shell(f"{the('make deploy')} -n", CHECKOUT, environment())
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == 'exec .venv/bin/jobyard deploy --stage "dev" '


@pytest.mark.parametrize("target", ["deploy", "remove"])
def test_make_asks_for_a_stage(target: str) -> None:
    done = shell(f"make {target}", CHECKOUT, environment())
    assert done.returncode != 0
    assert f"make: say which stage: make {target} STAGE=dev" in done.stderr


def test_without_credentials_it_says_what_to_do(tmp_path: Path) -> None:
    env = environment(
        HOME=tmp_path,
        AWS_EC2_METADATA_DISABLED="true",
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
    )
    command = the("make deploy").replace("make deploy STAGE=", f"{sys.executable} -m infra.cli deploy --yes --stage ")
    done = shell(command, CHECKOUT, env)
    assert done.returncode == 4
    assert "no AWS credentials were found; set AWS_ACCESS_KEY_ID" in done.stderr
    assert "building" not in done.stderr


def test_the_address_and_the_token_are_named_as_a_deployment_names_them() -> None:
    from infra.deploy.service import stack_name

    stack = stack_name({"service": "jobyard", "provider": {}}, "dev")
    assert the("export JOBYARD_TOKEN") == (
        f"export JOBYARD_TOKEN=$(.venv/bin/jobyard token --stack {stack} --region us-east-1)"
    )
    assert re.fullmatch(
        r"export JOBYARD_URL=https://\w+\.execute-api\.us-east-1\.amazonaws\.com", the("export JOBYARD_URL")
    )


def test_the_last_completes_a_job(house: Running) -> None:
    """On the embedded AWS; tests/deploy_live does it on a deployment."""
    python = f"{sys.executable} -m infra.cli"
    address = f"export JOBYARD_URL={house.ready['api']} JOBYARD_TOKEN={house.ready['token']}"
    done = shell(f"{address}; {the('.venv/bin/jobyard').replace('.venv/bin/jobyard', python)}", CHECKOUT, environment())
    assert done.returncode == 0, done.stderr
    assert 'result: "Hello, Ada!"' in done.stdout
