"""What jobs cost in a Lambda function and in workers on Fargate, at a steady rate, and from where on workers cost less.
Pure; docs/workers.md shows its table.

    python -m infra.deploy.cost.workers     the table

A job that computes keeps one processor busy, in either place: a function of 1,769 MB has one, and so has a task of one
vCPU. A function is paid for while it runs, a task whether it runs or not. Table and queue cost the same in both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from infra.deploy.cost.prices import (
    FARGATE_CPU_HOUR,
    FARGATE_GB_HOUR,
    LAMBDA_GB_SECOND,
    LAMBDA_REQUEST,
    MONTH_HOURS,
    SQS_REQUEST,
)
from infra.local.lambda_.mapping import LINGERING_WAIT_SECONDS

#: Megabytes of a function that come with one whole processor. (Lambda, configuring memory)
CPU_MEGABYTES = 1_769
HOUR = 3_600


@dataclass(frozen=True, slots=True)
class Load:
    """Jobs of one type, spread evenly."""

    jobs_an_hour: float
    #: That one job keeps a processor busy.
    seconds: float
    #: Megabytes of the function.
    memory: int = CPU_MEGABYTES
    #: Gigabytes of a task, for each of its processors.
    task_gigabytes: float = 2.0
    #: The share of its time that a processor of a task shall be busy: the rest is for jobs that come together.
    target: float = 0.7
    architecture: str = "arm64"


def lambda_month(load: Load) -> float:
    """Dollars a month in a function with a batch size of 1."""
    a_job = LAMBDA_REQUEST + load.seconds * load.memory / 1024 * LAMBDA_GB_SECOND[load.architecture]
    return load.jobs_an_hour * MONTH_HOURS * a_job


def processors(load: Load) -> int:
    """Processors that workers need for it; one at least."""
    return max(1, math.ceil(load.jobs_an_hour * load.seconds / HOUR / load.target))


def fargate_month(load: Load) -> float:
    """Dollars a month in tasks of one processor each, and for their polling."""
    return processors(load) * (MONTH_HOURS * processor_hour(load) + polling_month())


def processor_hour(load: Load) -> float:
    """Dollars an hour for a task of one processor."""
    return FARGATE_CPU_HOUR[load.architecture] + load.task_gigabytes * FARGATE_GB_HOUR[load.architecture]


def polling_month() -> float:
    """Dollars a month at the most for a worker's receives from one queue: an idle one polls all the time."""
    return MONTH_HOURS * HOUR / LINGERING_WAIT_SECONDS * SQS_REQUEST


def crossover(load: Load) -> float:
    """The share of its time, from 0 to 1, that a processor has to be busy for a worker to cost less than a function."""
    busy_hour = HOUR / load.seconds * lambda_month(load) / (load.jobs_an_hour * MONTH_HOURS)
    return (processor_hour(load) + polling_month() / MONTH_HOURS) / busy_hour


def table(seconds: float = 30.0, rates: tuple[float, ...] = (10, 50, 100, 500, 1_000, 10_000)) -> list[str]:
    """Lines of Markdown: dollars a month for jobs of so many seconds."""
    lines = [
        "| jobs an hour | processors busy | Lambda, $ a month | Fargate tasks | Fargate, $ a month |",
        "| --- | --- | --- | --- | --- |",
    ]
    for rate in rates:
        load = Load(rate, seconds)
        busy = rate * seconds / HOUR
        spent = f"{lambda_month(load):,.0f} | {processors(load)} | {fargate_month(load):,.0f}"
        lines.append(f"| {rate:,} | {busy:.2f} | {spent} |")
    return lines


if __name__ == "__main__":
    print("\n".join(table()))
    print(f"workers cost less from {crossover(Load(1, 30.0)):.0%} of a processor on")
