"""What CloudFormation will be given: osls compiles it, cfn-lint finds nothing wrong with it, it is as large as was
said, and no policy in it, of ours or of the framework's, allows more than it names."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from infra.deploy import stack_limits
from infra.deploy.framework import NodeMissing, install_osls
from infra.deploy.names import FIXED
from infra.deploy.rendering import render
from infra.deploy.statements import STARS
from queues.catalog import load
from queues.errors import Misconfigured
from tests.cli.house import CHECKOUT
from tests.clients.installing import missing
from tests.deploy.catalogs import PACKAGE, job_type, job_types
from tests.deploy.compiled import compile_stack, lint, read
from tests.deploy.policies import starred, statements

pytestmark = pytest.mark.slow

#: What CloudFormation's limits are proven for.
MANY = 20
OURS = ("functions.catalog",)


@pytest.fixture(scope="module")
def osls(request: pytest.FixtureRequest) -> Path:
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def say(text: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n{text}", flush=True)

    try:
        return install_osls(CHECKOUT, say)
    except (NodeMissing, Misconfigured) as error:
        missing(str(error))
        raise


@pytest.fixture(scope="module")
def many(osls: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template of many job types of all kinds."""
    return compile_stack(osls, tmp_path_factory.mktemp("many"), render(job_types(MANY), [PACKAGE]))


@pytest.fixture(scope="module")
def prod(osls: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template of this repository's own types, for production, with all that can be switched on, and with the
    policy for a job that docs/deploy.md shows."""
    options = ("--stage", "prod", "--param", "alarmEmail=ops@example.com", "--param", "tracing=Active")
    page = (CHECKOUT / "docs" / "deploy.md").read_text(encoding="utf-8")
    (by_hand,) = re.findall(r"^```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    folder = tmp_path_factory.mktemp("prod")
    return compile_stack(osls, folder, render(load(OURS), OURS), *options, by_hand=by_hand)


def test_the_template_of_a_usual_stage_is_sound(osls: Path, tmp_path: Path) -> None:
    # With what only workers of sensitive types have.
    types = [*load(OURS), job_type("render-film", runs_on="worker", sensitive=True)]
    template = compile_stack(osls, tmp_path, render(types, OURS))
    assert lint(template) == ""
    assert lint(template.with_name("cloudformation-template-create-stack.json")) == ""


def test_the_template_of_production_is_sound(prod: Path) -> None:
    assert lint(prod) == ""


def test_a_job_may_be_given_a_policy_of_its_own(prod: Path) -> None:
    policy = read(prod)["Resources"]["FileAnalysisReads"]["Properties"]
    assert policy["Roles"] == [{"Ref": "FileAnalysisRole"}]


def test_production_keeps_its_table(prod: Path) -> None:
    resources = read(prod)["Resources"]
    table = resources["JobsTable"]
    assert (table["DeletionPolicy"], table["UpdateReplacePolicy"]) == ("Retain", "Retain")
    assert table["Properties"]["DeletionProtectionEnabled"] is True
    assert table["Properties"]["TableName"] == "jobyard-prod"
    assert {"Key": "stage", "Value": "prod"} in resources["ApiLambdaFunction"]["Properties"]["Tags"]


def test_the_template_of_twenty_types_is_sound(many: Path) -> None:
    assert lint(many) == ""


def test_the_template_of_twenty_types_is_as_large_as_was_said_and_fits(many: Path) -> None:
    template = read(many)
    sent = len(json.dumps(template, separators=(",", ":")))
    documents = {name: yaml.safe_load(text) for name, text in render(job_types(MANY), [PACKAGE]).items()}
    assert len(template["Resources"]) == stack_limits.count_resources(documents) <= stack_limits.MAX_RESOURCES
    assert len(template["Outputs"]) == stack_limits.count_outputs(documents) <= stack_limits.MAX_OUTPUTS
    assert sent <= stack_limits.estimate_bytes(documents) <= stack_limits.MAX_TEMPLATE_BYTES


def test_no_policy_in_it_allows_more_than_it_names(many: Path) -> None:
    found = list(statements(read(many)["Resources"]))
    assert len(found) > 5 * MANY
    for where, statement in found:
        if statement["Effect"] == "Allow" and starred(statement):
            assert statement["Sid"] in STARS, f"{where}: {statement}"
            assert starred(statement) == ["Resource"], f"{where}: {statement}"


def test_every_function_has_its_role_its_log_group_and_an_end_to_its_logs(many: Path) -> None:
    resources = read(many)["Resources"]
    functions = {name: one["Properties"] for name, one in resources.items() if one["Type"] == "AWS::Lambda::Function"}
    groups = {
        one["Properties"]["LogGroupName"]: one["Properties"]["RetentionInDays"]
        for one in resources.values()
        if one["Type"] == "AWS::Logs::LogGroup"
    }
    assert len(functions) == MANY + len(FIXED)
    assert len({function["Role"]["Fn::Sub"] for function in functions.values()}) == len(functions)
    assert {f"/aws/lambda/{function['FunctionName']}" for function in functions.values()} == set(groups)
    assert set(groups.values()) == {14}
    assert {tuple(function["Architectures"]) for function in functions.values()} == {("arm64",)}


def test_every_mapping_reports_single_failures(many: Path) -> None:
    mappings = [
        one["Properties"]
        for one in read(many)["Resources"].values()
        if one["Type"] == "AWS::Lambda::EventSourceMapping"
    ]
    assert len(mappings) == MANY
    for mapping in mappings:
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
        assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2
