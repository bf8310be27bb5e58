"""The pages of docs/ that are made from the code say what the code does."""

from __future__ import annotations

import ast
import asyncio
import importlib
from functools import cache
from pathlib import Path

import pytest

from infra.actions.__main__ import PAGE
from infra.actions.page import render
from infra.actions.probe import Answer, ask_all
from infra.local.cloudwatch.alarms import settings
from infra.local.engine import SERVICES
from infra.local.lambda_ import mapping_config
from infra.local.lambda_.invoke import UNSUPPORTED as NOT_INVOKED
from tests.contract.cases import all_cases
from tests.contract.fidelity import drift

FIDELITY = PAGE.with_name("fidelity.md")

#: Parameters that no line of code names, since they are kept and shown with whatever a request holds.
KEPT = {"CreateSchedule: Description", "UpdateSchedule: Description"}

Answers = dict[str, dict[str, Answer]]


@pytest.fixture(scope="module")
def answers() -> Answers:
    """What an engine says of all of AWS's actions."""

    async def ask() -> Answers:
        return {service: await ask_all(service) for service in SERVICES}

    return asyncio.run(ask())


def deviations(service: str) -> dict[str, tuple[str, ...]]:
    told: dict[str, tuple[str, ...]] = importlib.import_module(f"{SERVICES[service]}.deviations").DEVIATIONS
    return told


@cache
def words(service: str) -> frozenset[str]:
    """All texts in a service's code."""
    folder = Path(str(importlib.import_module(SERVICES[service]).__file__)).parent
    nodes = (node for file in folder.rglob("*.py") for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def test_the_page_of_actions_is_up_to_date(answers: Answers) -> None:
    assert PAGE.read_text(encoding="utf-8") == render(answers), "run `make docs`"


def test_the_page_of_fidelity_has_every_case() -> None:
    assert drift(FIDELITY.read_text(encoding="utf-8"), all_cases()) == [], "run `make fidelity`"


@pytest.mark.parametrize("service", SERVICES)
def test_deviations_are_told_of_supported_actions(answers: Answers, service: str) -> None:
    supported = {action for action, answer in answers[service].items() if answer.supported}
    assert deviations(service).keys() - {"*"} <= supported


@pytest.mark.parametrize("service", SERVICES)
def test_a_supported_parameter_is_one_that_the_code_knows(answers: Answers, service: str) -> None:
    """Nothing is taken and ignored: what no line of code names is refused, or told among the deviations."""
    told = " ".join(sentence for sentences in deviations(service).values() for sentence in sentences)
    unknown = {
        f"{action}: {name}"
        for action, answer in answers[service].items()
        for name in answer.parameters
        if answer.supported and name not in answer.refused and name not in words(service) and f"`{name}`" not in told
    }
    assert unknown - KEPT == set()


@pytest.mark.parametrize(
    ("service", "action", "refused"),
    [
        ("lambda", "Invoke", NOT_INVOKED),
        ("lambda", "CreateEventSourceMapping", mapping_config.UNSUPPORTED + mapping_config.NOT_FOR_SQS),
        ("lambda", "UpdateEventSourceMapping", mapping_config.UNSUPPORTED),
        ("cloudwatch", "PutMetricAlarm", (*settings.UNSUPPORTED, "EvaluationWindow.WallClockWindow")),
        ("cloudwatch", "ListMetrics", ("IncludeLinkedAccounts", "OwningAccount")),
        ("dynamodb", "CreateTable", ("ResourcePolicy", "SSESpecification.KMSMasterKeyId")),
        ("dynamodb", "UpdateTable", ("ReplicaUpdates", "StreamSpecification")),
    ],
)
def test_what_the_code_refuses_is_found(answers: Answers, service: str, action: str, refused: tuple[str, ...]) -> None:
    assert set(refused) <= set(answers[service][action].refused)


@pytest.mark.parametrize(
    ("service", "action"), [("lambda", "CreateFunction"), ("sts", "AssumeRoleWithSAML"), ("dynamodb", "CreateBackup")]
)
def test_an_action_that_is_refused_is_not_supported(answers: Answers, service: str, action: str) -> None:
    assert not answers[service][action].supported
