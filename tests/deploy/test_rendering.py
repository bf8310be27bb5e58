"""What single options of a job type come to in a deployment, and what is refused before AWS refuses it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import yaml

from infra.deploy import stack_limits
from infra.deploy.alarms import MAX_PATIENCE, MIN_PATIENCE, patience
from infra.deploy.functions import MIN_MAXIMUM_CONCURRENCY, mapping
from infra.deploy.handlers import handler_of
from infra.deploy.levels import queues_of
from infra.deploy.rendering import render
from queues import SERVICE_CLASSES, Exponential, Fixed, Level, Levels
from queues.errors import InvalidOption, Misconfigured
from queues.jobtype import JobType
from queues.limits import MAX_CONCURRENCY
from tests.deploy.catalogs import job_type, job_types

MODULES = ("made_up",)


def rendered(*types: JobType[Any, Any]) -> dict[str, Any]:
    return {name: yaml.safe_load(text) for name, text in render(types, MODULES).items()}


def test_the_same_types_make_the_same_text_in_any_order() -> None:
    types = [job_type(name) for name in ("b", "a", "c")]
    assert len({tuple(render(order, MODULES).values()) for order in itertools.permutations(types)}) == 1


@pytest.mark.parametrize("batch_size", [1, 2, 5, 10])
@pytest.mark.parametrize("concurrency", [1, 2, 3, 7, 10, 1_000, 5_000])
@pytest.mark.parametrize("is_async", [True, False])
def test_no_more_jobs_run_at_once_than_the_type_allows(batch_size: int, concurrency: int, is_async: bool) -> None:
    plan = mapping(job_type("any", is_async=is_async, batch_size=batch_size, concurrency=concurrency))
    at_once = plan.batch_size if is_async else 1
    functions = plan.maximum_concurrency if plan.reserved is None else plan.reserved
    assert functions * at_once <= concurrency
    assert MIN_MAXIMUM_CONCURRENCY <= plan.maximum_concurrency <= MAX_CONCURRENCY
    assert 1 <= plan.batch_size <= batch_size


def test_concurrency_of_one_is_kept_by_a_reservation() -> None:
    files = rendered(job_type("serial", concurrency=1), job_type("usual"))
    assert files["functions.yml"]["serial"]["reservedConcurrency"] == 1
    assert "reservedConcurrency" not in files["functions.yml"]["usual"]
    alarms = files["alarms.yml"]["Resources"]
    assert "UsualThrottlesAlarm" in alarms
    assert "SerialThrottlesAlarm" not in alarms, "it is turned away in the course of things"


@pytest.mark.parametrize("batch_size", [1, 3, 10])
@pytest.mark.parametrize("concurrency", [1, 2, 5, 6, 7, 17, 60])
@pytest.mark.parametrize("is_async", [True, False])
def test_levels_together_never_run_more_than_the_type_allows(batch_size: int, concurrency: int, is_async: bool) -> None:
    levels = Levels(
        Level("a", 1, 9, weight=7), Level("b", 10, 60, weight=2, concurrency=3), Level("c", 61, 100, weight=1)
    )
    made = job_type("graded", is_async=is_async, batch_size=batch_size, concurrency=concurrency, priorities=levels)
    plans = [mapping(made, queue) for queue in queues_of(made)]
    assert len(plans) == 3
    assert all(MIN_MAXIMUM_CONCURRENCY <= plan.maximum_concurrency <= MAX_CONCURRENCY for plan in plans)
    (reserved,) = {plan.reserved for plan in plans}
    if reserved is None:
        assert sum(plan.maximum_concurrency * (plan.batch_size if is_async else 1) for plan in plans) <= concurrency
    else:
        # Fewer than two for each: so many functions, of one job each.
        assert reserved == concurrency < 6
        assert not is_async or {plan.batch_size for plan in plans} == {1}


def test_each_level_has_queue_policy_mapping_and_alarm_and_every_role_its_queues() -> None:
    files = rendered(job_type("graded", priorities=SERVICE_CLASSES))
    ids = ["GradedQueueAtCritical", "GradedQueue", "GradedQueueAtBulk"]
    assert {*ids, *(f"{name}Policy" for name in ids)} <= files["queues.yml"]["Resources"].keys()
    assert [one["sqs"]["arn"]["Fn::GetAtt"][0] for one in files["functions.yml"]["graded"]["events"]] == ids
    found = files["alarms.yml"]["Resources"]
    ages = {name: one["Properties"]["Threshold"] for name, one in found.items() if name.endswith("AgeAlarm")}
    # A bulk job has one attempt, a critical one five.
    assert list(ages) == ["GradedQueueAtCriticalAgeAlarm", "GradedAgeAlarm", "GradedQueueAtBulkAgeAlarm"]
    assert sum(name.endswith("DeadLettersAlarm") for name in found) == 1
    for role in ("ApiRole", "ReaperRole", "GradedRole"):
        policy = files["roles.yml"]["Resources"][role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        named = {one["Fn::GetAtt"][0] for said in policy for one in resources_of(said) if "Fn::GetAtt" in one}
        assert set(ids) <= named
    body = files["dashboard.yml"]["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    assert all(f'-graded{level}"' in body for level in ("_critical", "", "_bulk"))


def resources_of(statement: dict[str, Any]) -> list[Any]:
    found = statement["Resource"]
    return found if isinstance(found, list) else [found]


def test_plain_functions_have_one_worker_process() -> None:
    functions = rendered(job_type("heavy", is_async=False), job_type("light"))["functions.yml"]
    assert functions["heavy"]["environment"] == {"JOBYARD_PROCESSES": "1"}
    assert "environment" not in functions["light"]


def test_memory_window_and_batches_are_passed_on() -> None:
    of_type = job_type("big", memory=3_008, batch_size=50, batching_window=1.5, concurrency=100, timeout=12)
    function = rendered(of_type)["functions.yml"]["big"]
    (event,) = function["events"]
    assert (function["memorySize"], function["timeout"]) == (3_008, 42)
    assert (event["sqs"]["batchSize"], event["sqs"]["maximumBatchingWindow"]) == (50, 2)


@pytest.mark.parametrize("memory", [127, 10_241])
def test_memory_that_lambda_does_not_have_is_refused(memory: int) -> None:
    with pytest.raises(InvalidOption, match="give 128 to 10240 megabytes"):
        job_type("any", memory=memory)


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ({}, MIN_PATIENCE),
        # Three attempts of 330 s, and waits of 600 and 1,200 s between them.
        ({"timeout": 300, "backoff": Exponential(600)}, 3 * 330 + 600 + 1_200),
        ({"attempts": 100, "timeout": 870, "backoff": Fixed(3_600)}, MAX_PATIENCE),
    ],
)
def test_the_age_that_alarms_is_what_attempts_and_waits_may_take(options: dict[str, Any], seconds: int) -> None:
    of_type = job_type("any", **options)
    assert patience(of_type) == seconds
    alarm = rendered(of_type)["alarms.yml"]["Resources"]["AnyAgeAlarm"]["Properties"]
    assert (alarm["Threshold"], alarm["MetricName"]) == (seconds, "ApproximateAgeOfOldestMessage")


@pytest.mark.parametrize("name", ["api", "reaper", "dead-letter-consumer", "cleaner"])
def test_a_type_cannot_have_the_name_of_a_function_that_is_there_anyway(name: str) -> None:
    with pytest.raises(Misconfigured, match=f"job type '{name}' cannot be deployed.*a function that every deployment"):
        render([job_type(name)], MODULES)


def test_two_types_that_a_template_cannot_tell_apart_are_refused() -> None:
    with pytest.raises(Misconfigured, match=r"'a1' cannot be deployed.*the job type 'a-1'; give it another name"):
        render([job_type("a-1"), job_type("a1")], MODULES)


def test_the_entry_point_may_have_any_name_but_must_have_one() -> None:
    made = job_type("entered")
    assert handler_of(made) == "made_up.entered.handler"
    module = __import__("sys").modules["made_up.entered"]
    module.other, module.handler = made.lambda_handler, None
    assert handler_of(made) == "made_up.entered.other"
    del module.other
    with pytest.raises(Misconfigured, match=r"write `handler = work.lambda_handler` at its end"):
        handler_of(made)


def test_too_many_types_for_one_stack_are_refused_with_the_number_that_fits() -> None:
    with pytest.raises(
        Misconfigured, match=r"60 job types make \d+ resources, of which CloudFormation takes 500"
    ) as refused:
        render(job_types(60), MODULES)
    fits = int(str(refused.value).partition("deploy ")[2].split()[0])
    assert "docs/deploy.md" in str(refused.value)
    render(sorted(job_types(60), key=lambda of_type: of_type.name)[:fits], MODULES)


@pytest.mark.parametrize(
    ("limit", "complaint"),
    [("MAX_OUTPUTS", "outputs"), ("MAX_TEMPLATE_BYTES", "bytes of template"), ("MAX_ROLE_POLICY", "role's policy")],
)
def test_each_limit_is_looked_at(monkeypatch: pytest.MonkeyPatch, limit: str, complaint: str) -> None:
    monkeypatch.setattr(stack_limits, limit, 9)
    with pytest.raises(Misconfigured, match=complaint):
        render([job_type("any")], MODULES)
