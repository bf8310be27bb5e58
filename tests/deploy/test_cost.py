"""The price model: its sums, its agreement with what is deployed, and docs/cost.md's agreement with it."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from infra.deploy.alarms import alarms
from infra.deploy.cost import prices
from infra.deploy.cost.estimate import estimate
from infra.deploy.cost.item import total
from infra.deploy.cost.job import API_MEMORY, HEARTBEAT_SECONDS, WRITE_UNITS, Work, in_bulk, one_by_one, work_of
from infra.deploy.cost.standing import EMPTY_LOOK_READS, Shape, shape_of, standing
from infra.deploy.cost.tables import (
    ALARMS_OF_A_TYPE,
    BARE,
    EXAMPLE,
    duration_table,
    level_month,
    million_table,
    prices_table,
    standing_table,
)
from infra.deploy.rendering import render
from infra.deploy.rounds import CALLS_AN_HOUR, MEMORY, ROUNDS
from infra.deploy.scale import look_month
from queues import SERVICE_CLASSES
from queues.settings import Settings
from tests.cli.house import CHECKOUT
from tests.deploy.catalogs import PACKAGE, job_type

PAGE = (CHECKOUT / "docs" / "cost.md").read_text(encoding="utf-8")
SERVICE: dict[str, Any] = yaml.safe_load((CHECKOUT / "serverless.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("table", [million_table, duration_table, standing_table, prices_table])
def test_the_page_has_the_models_figures(table: Any) -> None:
    assert table() in PAGE, f"docs/cost.md should have:\n{table()}"


def test_the_page_names_the_prices_region_and_date() -> None:
    assert f"{prices.REGION}, {prices.DATE}" in PAGE


def quantity(items: list[Any], service: str, what: str) -> float:
    (found,) = [item.quantity for item in items if (item.service, item.what) == (service, what)]
    return float(found)


def test_a_million_short_jobs_in_bulk() -> None:
    bill = in_bulk(EXAMPLE)
    assert quantity(bill, "DynamoDB", "write units") == WRITE_UNITS * 1_000_000
    assert quantity(bill, "SQS", "requests") == pytest.approx(300_000)
    assert quantity(bill, "Lambda", "invocations") == 100_000
    # Ten at once take as long as one: 100,000 times 0.1 s of half a gigabyte.
    assert quantity(bill, "Lambda", "GB-seconds") == pytest.approx(5_000)


def test_one_by_one_each_step_is_a_call_of_its_own() -> None:
    bill = one_by_one(EXAMPLE)
    assert quantity(bill, "DynamoDB", "write units") == WRITE_UNITS * 1_000_000
    assert quantity(bill, "SQS", "requests") == pytest.approx(3_000_000)
    assert quantity(bill, "Lambda", "invocations") == quantity(bill, "API Gateway", "requests") == 1_000_000
    assert total(bill) > total(in_bulk(EXAMPLE))


def test_plain_functions_run_one_after_the_other() -> None:
    bill = in_bulk(Work(2.0, memory=1_024, batch_size=10, at_once=False))
    assert quantity(bill, "Lambda", "GB-seconds") == pytest.approx(2_000_000)


@pytest.mark.parametrize(("seconds", "beats"), [(0.1, 0), (10, 0), (10.5, 1), (60, 5)])
def test_long_jobs_pay_for_their_heartbeats(seconds: float, beats: int) -> None:
    bill = one_by_one(Work(seconds))
    assert quantity(bill, "DynamoDB", "write units") == (WRITE_UNITS + beats) * 1_000_000
    assert quantity(bill, "SQS", "requests") == pytest.approx((3 + beats) * 1_000_000)


def test_heartbeats_come_as_often_as_the_lease_says() -> None:
    assert Settings().lease / 3 == HEARTBEAT_SECONDS


def test_a_types_options_are_what_its_jobs_cost() -> None:
    of_type = job_type("priced", memory=2_048, batch_size=10, concurrency=100, keep_completed=86_400)
    assert work_of(of_type, 3.0, "x86_64") == Work(3.0, 2_048, "x86_64", 10, True, 86_400)
    assert work_of(job_type("priced", is_async=False), 3.0, "arm64").at_once is False


def test_the_other_processor_is_dearer() -> None:
    assert total(in_bulk(Work(10.0, architecture="x86_64"))) > total(in_bulk(Work(10.0)))


def test_a_deployment_is_as_the_page_takes_it_to_be() -> None:
    assert len(of_kind(alarms([]), "AWS::CloudWatch::Alarm")) == BARE.alarms
    both = alarms([job_type("one"), job_type("two")])
    assert len(of_kind(both, "AWS::CloudWatch::Alarm")) == BARE.alarms + 2 * ALARMS_OF_A_TYPE
    rendered = {name: yaml.safe_load(text) for name, text in render([job_type("one")], [PACKAGE]).items()}
    schedules = rendered["schedules.yml"]["Resources"]
    every = [
        schedules[name]["Properties"]["ScheduleExpression"] for name in of_kind(schedules, "AWS::Scheduler::Schedule")
    ]
    assert sorted(every) == sorted(one.every for one in ROUNDS)
    assert sum(CALLS_AN_HOUR[one] for one in every) == BARE.calls
    assert len(of_kind(rendered["dashboard.yml"]["Resources"], "AWS::CloudWatch::Dashboard")) == BARE.dashboards
    assert BARE.memory == MEMORY
    (api, _) = SERVICE["functions"]
    assert api["api"]["memorySize"] == API_MEMORY


def of_kind(resources: dict[str, Any], kind: str) -> list[str]:
    return [name for name, one in resources.items() if one["Type"] == kind]


def schedule(expression: str, target: str) -> dict[str, Any]:
    called = {"Arn": {"Fn::GetAtt": [target, "Arn"]}}
    return {"Type": "AWS::Scheduler::Schedule", "Properties": {"ScheduleExpression": expression, "Target": called}}


def test_a_shape_is_read_from_the_template() -> None:
    resources: dict[str, Any] = {
        "Round": {"Type": "AWS::Lambda::Function", "Properties": {"MemorySize": 256}},
        "Every": schedule("rate(1 minute)", "Round"),
        "EveryHour": schedule("rate(1 hour)", "Round"),
        # A job type's: it sends to the type's queue.
        "JobSchedule": schedule("cron(0 9 * * ? *)", "Queue"),
        "Alarm": {"Type": "AWS::CloudWatch::Alarm"},
        "Mapping": {"Type": "AWS::Lambda::EventSourceMapping"},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": {"deadLetterTargetArn": "Letters"}}},
        "Level": {"Type": "AWS::SQS::Queue", "Properties": {"RedrivePolicy": {"deadLetterTargetArn": "Letters"}}},
        "Letters": {"Type": "AWS::SQS::Queue", "Properties": {}},
        "Secret": {"Type": "AWS::SecretsManager::Secret"},
        "Board": {"Type": "AWS::CloudWatch::Dashboard"},
    }
    wanted = Shape(alarms=1, mappings=1, calls=61, secrets=1, dashboards=1, memory=256, letters=1)
    assert shape_of(resources) == wanted
    assert shape_of({}) == Shape(0, 0, 0, 0, 0, 0, 0)
    assert total(standing(shape_of({}), "arm64")) == 0


def test_each_shard_more_is_a_look_more_a_minute() -> None:
    def function(shards: str) -> dict[str, Any]:
        environment = {"Variables": {"JOBYARD_SHARDS": shards}}
        return {"Type": "AWS::Lambda::Function", "Properties": {"MemorySize": 256, "Environment": environment}}

    one, four = (standing(shape_of({"Reap": function(shards)}), "arm64") for shards in ("1", "4"))
    more = quantity(four, "DynamoDB", "read units: the rounds") - quantity(one, "DynamoDB", "read units: the rounds")
    assert more == 3 * EMPTY_LOOK_READS * prices.MONTH_MINUTES
    assert look_month(1) == pytest.approx(EMPTY_LOOK_READS * prices.MONTH_MINUTES * prices.DYNAMODB_READ)
    assert f"**${look_month(1):.4f} a month** for each tenant" in PAGE


def test_polling_an_idle_queue_costs_a_quarter_dollar_a_month() -> None:
    bill = standing(Shape(0, 1, 0, 0, 0, 0, 1), "arm64")
    assert quantity(bill, "SQS", "requests: Lambda looks at empty queues") == 5 * 730 * 3_600 / 20
    assert total(bill) == pytest.approx(0.26 + 0.02, abs=0.01)


def test_a_level_of_priority_costs_a_queue_and_an_alarm() -> None:
    assert level_month() == pytest.approx(prices.ALARM + 5 * 730 * 3_600 / 20 * prices.SQS_REQUEST)
    assert f"Each level more costs **${level_month():.2f} a month**" in PAGE
    plain, levels = (job_type("graded", priorities=one) for one in (None, SERVICE_CLASSES))
    assert len(alarms([levels])) == len(alarms([plain])) + 2
    files = yaml.safe_load(render([levels], [PACKAGE])["functions.yml"])
    assert len(files["graded"]["events"]) == 3


def test_dashboards_cost_after_the_third() -> None:
    assert total(standing(Shape(0, 0, 0, 0, 3, 0, 0), "arm64")) == 0
    assert total(standing(Shape(0, 0, 0, 0, 5, 0, 0), "arm64")) == 2 * prices.DASHBOARD


def test_an_estimate_goes_from_the_cheapest_to_the_dearest() -> None:
    types = [job_type("cheap", memory=128), job_type("dear", memory=4_096)]
    found = estimate({}, types, "arm64", jobs=2_000_000, seconds=1.0)
    assert found.month() == (2 * found.per_million["cheap"][0], 2 * found.per_million["dear"][1])
    assert estimate({}, types, "arm64", jobs=0, seconds=1.0).month() == (0, 0)
