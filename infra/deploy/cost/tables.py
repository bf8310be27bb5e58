"""The figures of docs/cost.md, as Markdown; tests/deploy/test_cost.py holds the page against them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from infra.deploy.cost import prices
from infra.deploy.cost.item import Item, total
from infra.deploy.cost.job import Work, in_bulk, one_by_one
from infra.deploy.cost.standing import Shape, standing

#: The jobs of the page's example: short ones, ten to an invocation.
EXAMPLE = Work(seconds=0.1, memory=512, batch_size=10)
#: How long the jobs of the second table take, and the memory of their functions; a batch is one job.
SECONDS = (0.1, 1.0, 10.0, 60.0)
MEMORIES = (512, 1_024, 2_048)
#: A deployment without job types, and what a job type adds; tests hold them against what is rendered.
BARE = Shape(alarms=10, mappings=0, calls=121, secrets=1, dashboards=1, memory=512, letters=0)
ALARMS_OF_A_TYPE = 4
#: How many types the third table has.
TYPES = (1, 2, 5, 20)


def with_types(count: int) -> Shape:
    """A deployment of so many job types."""
    return replace(BARE, alarms=BARE.alarms + ALARMS_OF_A_TYPE * count, mappings=count, letters=count)


def level_month() -> float:
    """Dollars a month for one level of priority more: a queue that is polled, and the alarm on its age."""
    one = with_types(1)
    return total(standing(replace(one, alarms=one.alarms + 1, mappings=2), "arm64")) - total(standing(one, "arm64"))


def million_table() -> str:
    """A million jobs of the example, by service."""
    bulk, single = in_bulk(EXAMPLE), one_by_one(EXAMPLE)
    services = list(dict.fromkeys(item.service for item in single))
    rows = [[name, _dollars(_of(bulk, name)), _dollars(_of(single, name))] for name in services]
    rows.append(["**total**", f"**{_dollars(bulk)}**", f"**{_dollars(single)}**"])
    return _table(["", "in bulk, full batches", "one by one, by the API"], rows)


def duration_table() -> str:
    """A million jobs, one by one, by their time and memory."""
    rows = [
        [f"{seconds:g} s", *(_dollars(one_by_one(Work(seconds, memory))) for memory in MEMORIES)] for seconds in SECONDS
    ]
    return _table(["", *(f"{memory:,} MB" for memory in MEMORIES)], rows)


def standing_table() -> str:
    """A month without a job, by the number of job types."""
    bills = [standing(with_types(count), "arm64") for count in TYPES]
    services = list(dict.fromkeys(item.service for item in bills[0]))
    rows = [[name, *(_dollars(_of(bill, name)) for bill in bills)] for name in services]
    rows.append(["**total**", *(f"**{_dollars(bill)}**" for bill in bills)])
    return _table(["", *(f"{count} type{'s' * (count > 1)}" for count in TYPES)], rows)


def prices_table() -> str:
    """What a unit costs."""
    rows = [
        ["DynamoDB", "a million write units", _price(prices.DYNAMODB_WRITE * prices.MILLION)],
        ["", "a million read units", _price(prices.DYNAMODB_READ * prices.MILLION)],
        [
            "",
            "a GB for a month, and its recovery",
            f"{_price(prices.DYNAMODB_STORAGE)} + {_price(prices.DYNAMODB_RECOVERY)}",
        ],
        ["SQS", "a million requests", _price(prices.SQS_REQUEST * prices.MILLION)],
        ["Lambda", "a million invocations", _price(prices.LAMBDA_REQUEST * prices.MILLION)],
        [
            "",
            "a GB-second, arm64 and x86_64",
            " and ".join(f"${price:.10f}" for price in prices.LAMBDA_GB_SECOND.values()),
        ],
        ["API Gateway", "a million requests to an HTTP API", _price(prices.HTTP_API_REQUEST * prices.MILLION)],
        ["EventBridge Scheduler", "a million invocations", _price(prices.SCHEDULER_INVOCATION * prices.MILLION)],
        ["CloudWatch", "an alarm for a month", _price(prices.ALARM)],
        ["", "a GB of logs", _price(prices.LOGS_GB)],
        ["", f"a dashboard for a month, after the first {prices.FREE_DASHBOARDS}", _price(prices.DASHBOARD)],
        ["Secrets Manager", "a secret for a month", _price(prices.SECRET)],
        ["X-Ray, if `tracing` is on", "a million traces", _price(prices.TRACE * prices.MILLION)],
    ]
    return _table(["", "", "US dollars"], rows)


def _of(items: Sequence[Item], service: str) -> list[Item]:
    return [item for item in items if item.service == service]


def _dollars(items: Sequence[Item]) -> str:
    return f"${total(items):,.2f}"


def _price(dollars: float) -> str:
    return f"${dollars:,.3f}".removesuffix("0")


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines).replace("|  |", "| |").replace("|  |", "| |")
