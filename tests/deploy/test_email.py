"""The job type `email` on AWS: its own zip has what sends mail, and its own function alone is given the password."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from infra.deploy.framework import NodeMissing, install_osls
from infra.deploy.packaging.plan import artifact_of, plan
from infra.deploy.packaging.project import read_project
from infra.deploy.packaging.target import Target
from infra.deploy.rendering import render
from queues.catalog import load
from queues.email.job import email
from queues.errors import Misconfigured
from tests.cli.house import CHECKOUT
from tests.clients.installing import missing
from tests.deploy.compiled import compile_stack, lint, read

LISTED = ("functions.catalog", "queues.email.job")
#: As docs/email.md has it for a stage `dev`.
SECRET = "{{resolve:secretsmanager:jobyard-dev-smtp}}"


def test_one_zip_alone_has_what_sends_mail() -> None:
    def nothing_more(_name: str, _version: str) -> list[Requirement]:
        return []

    artifacts = plan(read_project(CHECKOUT), load(LISTED), ["functions"], Target("3.13", "arm64"), nothing_more)
    assert artifact_of(email) == "jobs-email"
    assert [one.name for one in artifacts if "aiosmtplib" in one.wheels] == ["jobs-email"]
    assert [one.functions for one in artifacts if one.name == "jobs-email"] == [("email",)]


@pytest.mark.slow
def test_its_function_alone_is_given_the_password(tmp_path: Path) -> None:
    try:
        osls = install_osls(CHECKOUT, print)
    except (NodeMissing, Misconfigured) as error:
        missing(str(error))
    page = (CHECKOUT / "docs" / "email.md").read_text(encoding="utf-8")
    (by_hand,) = re.findall(r"^```yaml\n# serverless.yml, .*?\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    template = compile_stack(osls, tmp_path, render(load(LISTED), LISTED), more_functions=by_hand)
    resources = read(template)["Resources"]
    given = resources["EmailLambdaFunction"]["Properties"]["Environment"]["Variables"]
    assert given["JOBYARD_SMTP_URL"] == SECRET
    assert given["JOBYARD_EMAIL_FROM"] == "jobs@example.com"
    assert given["JOBYARD_PREFIX"] == "jobyard-dev"
    assert [name for name, resource in resources.items() if SECRET in json.dumps(resource)] == ["EmailLambdaFunction"]
    assert lint(template) == ""
