"""docs/aws-actions.md as text, made of AWS's models, of what the engine answers, and of each service's DEVIATIONS."""

from __future__ import annotations

import importlib
from collections.abc import Mapping

from infra.actions.probe import Answer
from infra.local.engine import SERVICES

TITLES = {
    "sqs": "Amazon SQS",
    "dynamodb": "Amazon DynamoDB",
    "scheduler": "EventBridge Scheduler",
    "cloudwatch": "Amazon CloudWatch",
    "lambda": "AWS Lambda",
    "sts": "AWS STS",
}
#: Where AWS documents an action, with the action's name for `{}`.
PAGES = {
    "sqs": "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_{}.html",
    "dynamodb": "https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_{}.html",
    "scheduler": "https://docs.aws.amazon.com/scheduler/latest/APIReference/API_{}.html",
    "cloudwatch": "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_{}.html",
    "lambda": "https://docs.aws.amazon.com/lambda/latest/api/API_{}.html",
    "sts": "https://docs.aws.amazon.com/STS/latest/APIReference/API_{}.html",
}

HEAD = """\
# AWS actions of the embedded AWS

<!-- Made from the code by `make docs`; change infra/local/*/deviations.py, not this file. -->

Which actions and parameters of AWS's APIs the embedded AWS has, by the service models that botocore ships, and where it
differs from AWS. How it compares with other emulators, call by call: [fidelity.md](fidelity.md).

An action that is not supported answers `UnknownOperationException`, and a parameter that is not supported an error of
the service, such as `ValidationException`, that names it. What is kept without effect is told here.

"""


def render(answers: Mapping[str, Mapping[str, Answer]]) -> str:
    """The page; `answers` are those of `ask_all` for each service."""
    return HEAD + _overview(answers) + "".join(_service(service, answers[service]) for service in SERVICES)


def _overview(answers: Mapping[str, Mapping[str, Answer]]) -> str:
    lines = ["| service | actions supported | of |", "| --- | --- | --- |"]
    for service in SERVICES:
        count = sum(answer.supported for answer in answers[service].values())
        anchor = TITLES[service].lower().replace(" ", "-")
        lines.append(f"| [{TITLES[service]}](#{anchor}) | {count} | {len(answers[service])} |")
    return "\n".join(lines) + "\n"


def _service(service: str, answers: Mapping[str, Answer]) -> str:
    deviations: dict[str, tuple[str, ...]] = importlib.import_module(f"{SERVICES[service]}.deviations").DEVIATIONS
    lines = [f"\n## {TITLES[service]}\n"]
    lines += [f"- {sentence}" for sentence in deviations.get("*", ())]
    lines += ["", "| action | parameters | refused | where it differs |", "| --- | --- | --- | --- |"]
    missing: list[str] = []
    for action, answer in answers.items():
        link = f"[{action}]({PAGES[service].format(action)})"
        if answer.supported:
            kept = [name for name in answer.parameters if name not in answer.refused]
            cells = (link, _code(kept), _code(answer.refused), " ".join(deviations.get(action, ())))
            lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
        else:
            missing.append(f"`{action}`")
    if missing:
        lines += ["", f"Not supported: {', '.join(missing)}."]
    return "\n".join(lines) + "\n"


def _code(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
