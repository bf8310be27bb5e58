"""`jobyard run`: tasks, from the command line through the API into a worker process; and what docs/tasks.md shows."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.deploy.rendering import render
from queues import Context
from queues.catalog import load
from queues.tasks import call_of, perform
from tests.cli.conftest import Command
from tests.cli.house import CHECKOUT, Running, up

HERE = "tests.core.task_functions"
PAGE = (CHECKOUT / "docs" / "tasks.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    listed = f"{HERE}:*, functions.task_examples:*"
    with up(tmp_path_factory.mktemp("house") / "data", f"functions.task,{HERE}", JOBYARD_TASKS=listed) as started:
        yield started


def test_a_function_runs_in_a_worker_process(jobyard: Command, house: Running) -> None:
    done = jobyard("run", f"{HERE}:process_id", "--wait", "--json")
    assert done.code == 0, done.err
    assert done.json["result"] not in (os.getpid(), house.process.pid)


def test_arguments_by_place_and_by_name(jobyard: Command) -> None:
    done = jobyard("run", f"{HERE}:add", "--args", "[1, 2]", "--kwargs", '{"factor": 5}', "--wait")
    assert done.code == 0, done.err
    assert done.out.splitlines()[-1] == "  result: 15"


def test_an_async_function_and_a_services_method(jobyard: Command) -> None:
    assert jobyard("run", f"{HERE}:later", "-a", '["x"]', "--job-id", "one", "-w", "--json").json["result"] == [
        "x",
        "one",
    ]
    assert jobyard("run", "shop.order", "-a", "[4]", "-w", "--json").json["result"][2] == "task"


def test_a_function_that_takes_too_long_is_ended(jobyard: Command) -> None:
    words = ("--args", "[30000]", "--timeout", "0.3", "--attempts", "1")
    done = jobyard("run", "functions.task_examples:delay", *words, "--wait", "--json")
    assert (done.code, done.json["error"]["type"]) == (1, "Timeout")


def test_a_result_that_is_no_json_fails_at_once(jobyard: Command) -> None:
    done = jobyard("run", f"{HERE}:unwritable", "--wait", "--json")
    assert (done.json["error"]["type"], done.json["attempts"]) == ("InvalidResult", 1)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["os:system", "--args", '["true"]'], "may not be run"),
        ([f"{HERE}:system", "--args", '["true"]'], "only imports it"),
        ([f"{HERE}:add"], "missing a required argument: 'left'"),
        ([f"{HERE}:add", "--args", "{}"], "args: Input should be a valid array"),
        ([f"{HERE}:add", "--args", "[1"], "--args is not JSON"),
    ],
)
def test_what_is_refused_makes_no_job(jobyard: Command, words: list[str], why: str) -> None:
    done = jobyard("run", *words)
    assert done.code == 2
    assert why in done.err


def test_the_page_shows_what_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module, calls, *_ = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "reports.py").write_text(module)
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("shop.reports")
    assert "run_task(monthly, 2026, 11" in calls
    assert perform(call_of("shop.reports:monthly", 2026, 11, currency="GBP"), Context.for_test()) == {
        "report": "2026-11",
        "currency": "GBP",
    }
    assert perform(call_of("leads.export", "acme", form="csv"), Context.for_test()) == "acme.csv"


def test_the_command_on_the_page_works(jobyard: Command) -> None:
    (command,) = re.findall(r"^\$ jobyard run (\S+) --args '(.*)' --wait$", PAGE, re.MULTILINE)
    done = jobyard("run", command[0], "--args", command[1], "--wait", "--json")
    assert done.json["result"] == {"sum": 6.5, "count": 3, "mean": 6.5 / 3}


def test_a_deployment_that_names_the_type_has_its_function() -> None:
    modules = ["functions.catalog", "functions.task"]
    files = render(load(modules), modules)
    assert "handler: functions.task.handler" in files["functions.yml"]
    assert "functions.task" in files["environment.yml"]
