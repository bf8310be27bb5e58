"""How serverless.yml lets the secret that signs tokens be changed: each version by its id, so that CloudFormation sees
a changed reference and fetches it."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.deploy.framework import NodeMissing, install_osls
from infra.deploy.rendering import render
from queues.catalog import load
from queues.errors import Misconfigured
from tests.cli.house import CHECKOUT
from tests.clients.installing import missing
from tests.deploy.compiled import compile_stack, lint, read

pytestmark = pytest.mark.slow

OURS = ("functions.catalog",)
LATEST = {"Fn::Sub": "{{resolve:secretsmanager:${TokenSecret}}}"}


@pytest.fixture(scope="module")
def osls() -> Path:
    try:
        return install_osls(CHECKOUT, print)
    except (NodeMissing, Misconfigured) as error:
        missing(str(error))
        raise


def version(name: str) -> dict[str, str]:
    return {"Fn::Sub": f"{{{{resolve:secretsmanager:${{TokenSecret}}:SecretString:::{name}}}}}"}


@pytest.mark.parametrize(
    ("options", "secret", "previous"),
    [
        ((), LATEST, ""),
        (
            ("--param", "tokenSecret=new-id", "--param", "previousTokenSecret=old-id"),
            version("new-id"),
            version("old-id"),
        ),
        (("--param", "tokenSecret=new-id"), version("new-id"), ""),
    ],
    ids=["at first", "while both are accepted", "afterwards"],
)
def test_the_api_is_given_the_versions_that_are_named(
    osls: Path, tmp_path: Path, options: tuple[str, ...], secret: object, previous: object
) -> None:
    template = compile_stack(osls, tmp_path, render(load(OURS), list(OURS)), *options)
    given = read(template)["Resources"]["ApiLambdaFunction"]["Properties"]["Environment"]["Variables"]
    assert (given["JOBYARD_SECRET"], given["JOBYARD_SECRET_PREVIOUS"]) == (secret, previous)
    assert lint(template) == ""
