"""The plan for growth: its figures follow from what a job is counted to cost, and docs/scaling.md shows them."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from infra.deploy.cost.item import total
from infra.deploy.cost.job import WRITE_UNITS
from infra.deploy.scale import (
    INDEX_UNITS,
    OPEN_UNITS,
    PARTITION_WRITES,
    TABLE_UNITS,
    Load,
    monthly,
    needs,
    of_one_tenant,
    partitions,
    price_table,
    provisioned,
    quota_table,
    shards_table,
    without_asking,
)
from queues.resources import STATE_INDEX
from queues.rows import OPEN
from queues.shards import partition
from tests.cli.house import CHECKOUT, environment
from tests.core.house import House, housed

PAGE = (CHECKOUT / "docs" / "scaling.md").read_text(encoding="utf-8")
#: Of which the page tells.
LOADS = [Load(rate) for rate in (10.0, 1_000.0, 10_000.0, 100_000.0)]


def writes(load: Load) -> float:
    return sum(item.dollars for item in monthly(load) if item.what == "write units")


@pytest.mark.parametrize(
    "table", [quota_table(LOADS), price_table(LOADS), shards_table()], ids=["quotas", "prices", "shards"]
)
def test_the_page_shows_what_is_computed(table: str) -> None:
    assert f"\n\n{table}\n" in PAGE, table


def test_the_pages_sentences_name_what_is_computed() -> None:
    assert f"sustain **{of_one_tenant():,} jobs a second**" in PAGE
    assert f"## To {without_asking():,} jobs a second\n" in PAGE
    assert f"and ${writes(LOADS[-1]):,.0f} a month for writes" in PAGE
    assert f"{partitions(LOADS[-1])} partitions are needed" in PAGE
    assert f"{LOADS[-1].stored_gb / 1000:.0f} TB" in PAGE
    # "for less than a third", "from some 30 % of use on", "nine tenths".
    assert 0.28 < provisioned(LOADS[1]) / writes(LOADS[1]) < 0.30
    assert 0.88 < writes(LOADS[1]) / total(monthly(LOADS[1])) < 0.92


def test_the_command_that_is_shown_prints_both_tables() -> None:
    (command,) = re.findall(r"^\$ \.venv/bin/python (.*)$", PAGE, re.MULTILINE)
    done = subprocess.run(
        [sys.executable, *command.split()], capture_output=True, text=True, cwd=CHECKOUT, env=environment(), timeout=60
    )
    load = [Load(2_500.0)]
    assert done.stdout.split("\n\n")[0] + "\n" == quota_table(load)
    assert price_table(load) in done.stdout


@housed
async def test_a_job_costs_what_the_plan_reckons_with(house: House) -> None:
    """On the table, on the index, and in the index's partition of open jobs."""
    await house.queue.enqueue("work", {})
    await house.deliver()
    before = house.first.dynamodb.units
    made = await house.queue.enqueue("work", {})
    await house.deliver()
    assert house.first.dynamodb.units - before == TABLE_UNITS + INDEX_UNITS == WRITE_UNITS
    rows = await house.dynamodb.query(
        TableName=house.settings.table,
        IndexName=STATE_INDEX,
        KeyConditionExpression="#state = :open",
        ExpressionAttributeNames={"#state": "state"},
        ExpressionAttributeValues={":open": {"S": partition(made.tenant, OPEN, made.shard)}},
    )
    assert rows["Items"] == [], "made there and taken away: OPEN_UNITS"
    assert OPEN_UNITS == 2


def test_what_does_not_fit_is_told() -> None:
    told = {need.what: need.exceeded for need in needs(LOADS[2])}
    assert told["write units of table and index, a second"]
    assert not told["invocations at once"]
    assert not any(need.exceeded for need in needs(LOADS[1]))
    assert needs(LOADS[3])[3].needed * PARTITION_WRITES >= LOADS[3].jobs_per_second * OPEN_UNITS


def test_prices_grow_with_the_rate_and_nothing_else_is_in_them() -> None:
    one, ten = (total(monthly(Load(rate))) for rate in (1.0, 10.0))
    assert ten == pytest.approx(10 * one)
    assert total(monthly(Load(0.0))) == 0
