"""Clients with the answers of a test, for what no emulator answers: refusals, IAM's simulation, figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from infra.doctor.reading.asking import Asker

#: An action, such as `sqs:GetQueueUrl`, and its parameters.
Answer = Callable[[str, dict[str, Any]], dict[str, Any]]

SERVICES = ("sts", "sqs", "dynamodb", "lambda", "scheduler", "cloudwatch", "iam")


class Scripted:
    """One service."""

    def __init__(self, service: str, answer: Answer):
        self._service, self._answer = service, answer

    def __getattr__(self, name: str) -> Any:
        async def call(**params: Any) -> dict[str, Any]:
            return self._answer(f"{self._service}:{''.join(map(str.capitalize, name.split('_')))}", params)

        return call


def clients(answer: Answer) -> dict[str, Any]:
    return {name: Scripted(name, answer) for name in SERVICES}


def asker(answer: Answer) -> Asker:
    return Asker(clients(answer))


def error(code: str, message: str = "", operation: str = "Operation") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)
