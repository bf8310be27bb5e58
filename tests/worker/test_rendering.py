"""A job type that runs in workers: what a deployment has of it, and what it has not."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from infra.deploy import payloads, stack_limits
from infra.deploy.packaging.plan import plan
from infra.deploy.packaging.project import Project
from infra.deploy.packaging.target import Target
from infra.deploy.payloads import ENCRYPTED, KEPT
from infra.deploy.rendering import render
from queues import job
from queues.errors import InvalidOption, Misconfigured
from queues.resources import function_timeout, visibility_timeout
from tests.deploy.catalogs import job_type

MODULES = ("made_up",)
LONG = 4 * 3_600


def rendered(*types: Any) -> dict[str, Any]:
    return {name: yaml.safe_load(text) for name, text in render(types, MODULES).items()}


def test_it_has_queues_alarms_and_a_policy_and_nothing_of_lambda() -> None:
    files = rendered(job_type("quick"), job_type("render-film", runs_on="worker", timeout=LONG))
    assert "quick" in files["functions.yml"]
    assert "renderFilm" not in files["functions.yml"]
    assert {"RenderFilmQueue", "RenderFilmDeadLetters"} <= files["queues.yml"]["Resources"].keys()
    alarms = files["alarms.yml"]["Resources"]
    assert {name for name in alarms if name.startswith("RenderFilm")} == {
        "RenderFilmAgeAlarm",
        "RenderFilmDeadLettersAlarm",
    }
    assert "its workers are too slow" in alarms["RenderFilmAgeAlarm"]["Properties"]["AlarmDescription"]
    assert "RenderFilmRole" not in files["roles.yml"]["Resources"]
    assert files["workers.yml"]["Resources"].keys() == {"PolicyOfWorkers", "RoleOfWorkers"}
    body = files["dashboard.yml"]["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert '"render-film: age"' in body
    assert "render-film: function" not in body
    assert {"WorkerPolicy", "WorkerRole"} <= files["outputs.yml"]["Outputs"].keys()


def test_the_policy_names_the_queues_of_such_types_only() -> None:
    files = rendered(job_type("quick"), job_type("slow", runs_on="worker"), job_type("long", runs_on="worker"))
    policy = files["workers.yml"]["Resources"]["PolicyOfWorkers"]["Properties"]["PolicyDocument"]
    named = {
        resource["Fn::GetAtt"][0]
        for statement in policy["Statement"]
        # A step of a flow that ends in a worker may be followed by one of any type.
        if "Fn::If" not in statement and statement["Sid"] != "StartSteps"
        for resource in (statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]])
        if "Fn::GetAtt" in resource
    }
    assert named == {"JobsTable", "SlowQueue", "SlowDeadLetters", "LongQueue", "LongDeadLetters"}


def if_asked(*types: Any) -> dict[str, set[str]]:
    """Condition -> what the workers' policy allows under it."""
    policy = rendered(*types)["workers.yml"]["Resources"]["PolicyOfWorkers"]["Properties"]["PolicyDocument"]
    conditional = [statement["Fn::If"] for statement in policy["Statement"] if "Fn::If" in statement]
    assert all(otherwise == {"Ref": "AWS::NoValue"} for _, _, otherwise in conditional)
    return {condition: set(statement["Action"]) for condition, statement, _ in conditional}


def test_bucket_and_key_are_for_workers_as_they_are_for_functions() -> None:
    objects, use = {"s3:GetObject", "s3:PutObject"}, {"kms:GenerateDataKey", "kms:Decrypt"}
    assert if_asked(job_type("slow", runs_on="worker")) == {KEPT: objects}
    assert if_asked(job_type("slow", runs_on="worker", sensitive=True)) == {KEPT: objects, ENCRYPTED: use}
    # A function's sensitive jobs are not a worker's.
    assert if_asked(job_type("slow", runs_on="worker"), job_type("quick", sensitive=True)) == {KEPT: objects}
    output = rendered(job_type("slow", runs_on="worker"))["outputs.yml"]["Outputs"]["WorkerArtifacts"]
    assert output["Condition"] == KEPT
    assert output["Value"] == payloads.environment()["JOBYARD_ARTIFACTS"]["Fn::If"][1]


def test_the_reaper_and_the_api_care_for_it_as_for_any_other() -> None:
    roles = rendered(job_type("slow", runs_on="worker"))["roles.yml"]["Resources"]
    for role in ("ReaperRole", "ApiRole", "DeadLetterConsumerRole"):
        assert "SlowDeadLetters" in str(roles[role])


def test_without_such_types_there_is_no_policy() -> None:
    files = rendered(job_type("quick"))
    assert files["workers.yml"] == {"Resources": {}}
    assert "WorkerPolicy" not in files["outputs.yml"]["Outputs"]


def test_it_needs_no_entry_point() -> None:
    @job("entered-by-nobody", runs_on="worker")
    async def work(data: dict[str, int]) -> None: ...

    assert "entered-by-nobody" in render([work], MODULES)["queues.yml"]


def test_it_is_in_no_zip_of_a_function() -> None:
    project = Project(dependencies=(), extras={}, pins={}, services=())
    types = [job_type("quick"), job_type("slow", runs_on="worker", extras=("heavy",))]
    artifacts = plan(project, types, ["made_up"], Target("3.13", "arm64"), lambda _name, _version: ())
    assert [artifact.name for artifact in artifacts] == ["api", "jobs"]
    assert "slow" not in artifacts[1].functions


def test_its_jobs_may_run_for_hours() -> None:
    slow = job_type("slow", runs_on="worker", timeout=LONG)
    assert function_timeout(slow) == LONG + 30
    assert visibility_timeout(slow) == 43_200, "the longest that SQS knows; workers receive for a lease"
    job_type("slower", runs_on="worker", timeout=42_000)


@pytest.mark.parametrize(
    ("options", "cure"),
    [
        ({"timeout": 900}, r"give up to 870 seconds, or have its jobs run in workers: runs_on='worker'"),
        ({"timeout": 43_000, "runs_on": "worker"}, r"give 0\.05 to 42000 seconds"),
        ({"runs_on": "fargate"}, r"runs_on='fargate'.*use 'lambda' or 'worker'"),
    ],
)
def test_what_cannot_be_is_refused_with_the_cure(options: dict[str, Any], cure: str) -> None:
    with pytest.raises(InvalidOption, match=cure):
        job_type("any", **options)


def test_more_types_than_a_managed_policy_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_limits, "MAX_MANAGED_POLICY", 9)
    render([job_type("quick")], MODULES)
    with pytest.raises(Misconfigured, match="characters in the workers' policy, of which IAM takes 9"):
        render([job_type("slow", runs_on="worker")], MODULES)
