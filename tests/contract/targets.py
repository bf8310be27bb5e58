"""What the contract suite runs against: our two doors, and other implementations with the services that each offers."""

from __future__ import annotations

from dataclasses import dataclass

#: The services that have cases, as boto3 names them.
SERVICES = ("sqs", "dynamodb", "scheduler", "cloudwatch", "lambda", "sts")


@dataclass(frozen=True, slots=True)
class Target:
    #: As the mark `deviates` and the cases' ids say it.
    name: str
    #: As people say it.
    title: str
    services: frozenset[str] = frozenset(SERVICES)
    #: Whether it is somebody else's.
    emulator: bool = True


TARGETS = (
    Target("direct", "direct door", emulator=False),
    Target("http", "HTTP door", emulator=False),
    Target("moto", "moto"),
    Target("ministack", "MiniStack"),
    Target("dynamodb_local", "DynamoDB Local", frozenset({"dynamodb"})),
    Target("elasticmq", "ElasticMQ", frozenset({"sqs"})),
)


def offering(services: frozenset[str]) -> list[Target]:
    """The targets that have all of these services."""
    return [target for target in TARGETS if services <= target.services]


def services_of(module: str, fixtures: frozenset[str]) -> frozenset[str]:
    """What a case needs: the service that its module is named after (`test_sqs_fifo`), and those among its fixtures."""
    stem = module.rpartition(".")[2].removeprefix("test_")
    named = next(service for service in SERVICES if stem == service or stem.startswith(f"{service}_"))
    return frozenset({named, *fixtures.intersection(SERVICES)})
