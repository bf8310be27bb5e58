"""What a rate of jobs asks of AWS: quotas, and dollars a month. Pure; docs/scaling.md shows its tables.

    python -m infra.deploy.scale 2500     the two tables for 2,500 jobs a second

The work of a job and its price are those of `infra/deploy/cost`. What is assumed of a load is in `Load`, with its
defaults; what a real one needs is measured, and put in their place.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from infra.deploy.cost import prices
from infra.deploy.cost.item import Item, times, total
from infra.deploy.cost.job import API_MEMORY, ROW_BYTES, WRITE_UNITS, Work, in_bulk
from infra.deploy.cost.standing import EMPTY_LOOK_READS, INVOCATION_LOG_BYTES
from queues.limits import MAX_CONCURRENCY
from queues.rows import OPEN

#: Of a job's write units those on the table, those on its index, and of these those in the partition `TENANT#open`,
#: where a job's entry is made and taken away.
TABLE_UNITS, INDEX_UNITS, OPEN_UNITS = 3, 3, 2

#: Write units a second of one partition, whatever the table has. (DynamoDB, partition key design)
PARTITION_WRITES = 1_000
#: Write units a second of a table and its indexes together, unless it is raised. (DynamoDB quotas)
TABLE_WRITES = 40_000
#: Write units a second that a new on-demand table, or index, takes at once. (DynamoDB on-demand, initial throughput)
WARM_WRITES = 4_000
#: Messages of a standard queue that are received and not deleted. (SQS quotas)
IN_FLIGHT = 120_000
#: Invocations of an account that run at once, unless it is raised. (Lambda quotas)
CONCURRENCY = 1_000
#: Requests a second of an account's HTTP APIs, unless it is raised. (API Gateway quotas)
API_REQUESTS = 10_000
#: US dollars of a write unit a second, provisioned, for an hour; us-east-1. (DynamoDB pricing)
PROVISIONED_WRITE = 0.00065


@dataclass(frozen=True, slots=True)
class Load:
    """A steady load, and what is assumed of it. Durations in seconds."""

    jobs_per_second: float
    #: Of the function that is the job; the jobs of a batch run at once.
    job_seconds: float = 0.1
    #: Of a batch besides: two writes to DynamoDB, ten rows each.
    batch_overhead: float = 0.05
    batch_size: int = 10
    memory_mb: int = 512
    #: Jobs of one request to the API, and what such a request takes of its function.
    jobs_per_request: int = 100
    request_seconds: float = 0.2
    #: The share of jobs that waits for another attempt, hidden in its queue, and how long.
    retried: float = 0.01
    retry_seconds: float = 10.0
    #: For which ended jobs are kept.
    kept_seconds: float = 7 * 86_400

    @property
    def batch_seconds(self) -> float:
        """Of one invocation."""
        return self.job_seconds + self.batch_overhead

    @property
    def running(self) -> float:
        """Invocations that run at once."""
        return self.jobs_per_second / self.batch_size * self.batch_seconds

    @property
    def requests(self) -> float:
        """Requests to the API a second."""
        return self.jobs_per_second / self.jobs_per_request

    @property
    def stored_gb(self) -> float:
        """GB of rows and index entries."""
        return self.jobs_per_second * self.kept_seconds * ROW_BYTES / prices.GB


@dataclass(frozen=True, slots=True)
class Need:
    """What a load needs of one quota. `limit` is None where there is none."""

    what: str
    needed: float
    limit: float | None = None

    @property
    def exceeded(self) -> bool:
        """Whether the quota does not do as it is by default."""
        return self.limit is not None and self.needed > self.limit


def needs(load: Load) -> list[Need]:
    """Everything that is limited, in the order in which a job meets it."""
    rate = load.jobs_per_second
    in_flight = load.running * load.batch_size + rate * load.retried * load.retry_seconds
    return [
        Need("requests to the API, a second", load.requests, API_REQUESTS),
        Need("write units of table and index, a second", rate * WRITE_UNITS, TABLE_WRITES),
        Need("each of the two, if the table is new", rate * max(TABLE_UNITS, INDEX_UNITS), WARM_WRITES),
        Need(f"tenants times shards at least, for the partitions `TENANT#{OPEN}`", partitions(load)),
        Need("messages in flight, all queues", in_flight, IN_FLIGHT),
        Need("invocations at once", load.running + load.requests * load.request_seconds, CONCURRENCY),
        Need("event source mappings at least", math.ceil(load.running / MAX_CONCURRENCY)),
        Need("GB in the table", load.stored_gb),
    ]


def partitions(load: Load) -> int:
    """Values of the index's hash key that an even load must have at least, none taking more than a partition can."""
    return math.ceil(load.jobs_per_second * OPEN_UNITS / PARTITION_WRITES)


def without_asking() -> int:
    """Jobs a second of one deployment within the quotas as they are: the table's is the first that is met."""
    return TABLE_WRITES // WRITE_UNITS


def of_one_tenant(shards: int = 1) -> int:
    """Jobs a second of one tenant, whose open jobs are in so many partitions of the index."""
    return shards * PARTITION_WRITES // OPEN_UNITS


def shards_table(numbers: Sequence[int] = (1, 2, 4, 8, 16, 32)) -> str:
    """What one tenant reaches with so many shards, and what looking at them costs, as Markdown."""
    rows = [
        [str(shards), _number(of_one_tenant(shards)), _number(EMPTY_LOOK_READS * shards), f"${look_month(shards):.3f}"]
        for shards in numbers
    ]
    return _table(["shards", "jobs a second", "read units of an empty look", "a month of looks"], rows)


def look_month(shards: int) -> float:
    """Dollars a month for the reaper's looks at one tenant in which there is nothing."""
    return EMPTY_LOOK_READS * shards * prices.MONTH_MINUTES * prices.DYNAMODB_READ


def monthly(load: Load) -> list[Item]:
    """The bill of a month. What the jobs themselves do, and who asks for their status, come on top."""
    million = load.jobs_per_second * prices.MONTH_HOURS * 3_600 / prices.MILLION
    work = Work(load.batch_seconds, load.memory_mb, batch_size=load.batch_size, kept=load.kept_seconds)
    requests = million * prices.MILLION / load.jobs_per_request
    compute = requests * load.request_seconds * API_MEMORY / 1_024
    return [
        *times(in_bulk(work), million),
        Item("API Gateway", "requests", requests, prices.HTTP_API_REQUEST),
        Item("Lambda", "invocations of the API", requests, prices.LAMBDA_REQUEST),
        Item("Lambda", "GB-seconds of the API", compute, prices.LAMBDA_GB_SECOND["arm64"]),
        Item("CloudWatch", "GB of the API's logs", requests * INVOCATION_LOG_BYTES / prices.GB, prices.LOGS_GB),
    ]


def provisioned(load: Load) -> float:
    """Dollars a month of the same writes, provisioned for exactly this load at all hours."""
    return load.jobs_per_second * WRITE_UNITS * PROVISIONED_WRITE * prices.MONTH_HOURS


def quota_table(loads: Sequence[Load]) -> str:
    """Needs against limits as Markdown; what does not fit is bold."""
    rows = []
    for columns in zip(*map(needs, loads), strict=True):
        limit = columns[0].limit
        cells = [f"**{_number(one.needed)}**" if one.exceeded else _number(one.needed) for one in columns]
        rows.append([columns[0].what, "" if limit is None else _number(limit), *cells])
    return _table(["", "by default", *map(_rate, loads)], rows)


def price_table(loads: Sequence[Load]) -> str:
    """Dollars a month as Markdown, with their sum, and what provisioned writes would make of it."""
    bills = [monthly(load) for load in loads]
    rows = []
    for name in dict.fromkeys((item.service, item.what == "write units") for item in bills[0]):
        title = f"{name[0]}, writes" if name[1] else f"{name[0]}, storage" if name[0] == "DynamoDB" else name[0]
        rows.append([title, *(_dollars(_of(bill, *name)) for bill in bills)])
    rows.append(["**a month**", *(f"**{_dollars(total(bill))}**" for bill in bills)])
    rows.append(["the writes, if provisioned", *(_dollars(provisioned(load)) for load in loads)])
    return _table(["", *map(_rate, loads)], rows)


def _of(bill: Sequence[Item], service: str, writes: bool) -> float:
    return total(item for item in bill if item.service == service and (item.what == "write units") == writes)


def _rate(load: Load) -> str:
    return f"{load.jobs_per_second:,.0f}/s"


def _number(value: float) -> str:
    return f"{math.ceil(value - 1e-9):,}"


def _dollars(value: float) -> str:
    return f"${value:,.0f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cells)} |".replace("|  |", "| |") + "\n" for cells in lines)


if __name__ == "__main__":
    chosen = [Load(float(rate)) for rate in sys.argv[1:]]
    print(quota_table(chosen) + "\n" + price_table(chosen) if chosen else __doc__)
