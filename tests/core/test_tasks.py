"""Generic tasks: what may be named, what is never imported, which arguments fit, and what is called."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from functions.task import task as task_type
from queues import Context, Discard
from queues.catalog import Catalog
from queues.errors import InvalidData, Misconfigured
from queues.tasks import TaskCall, allow, call_of, perform, register_service, task
from queues.tasks import allowed as allowed_module
from tests.core import task_functions
from tests.core.house import House, housed

HERE = "tests.core.task_functions"


@pytest.fixture(autouse=True)
def _listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBYARD_TASKS", f"{HERE}:*")
    monkeypatch.setattr(allowed_module, "_LISTED", set())


def ran(function: Any, *args: Any, **kwargs: Any) -> Any:
    """What a task comes to after the way through the row and the worker."""
    text = task_type.check(call_of(function, *args, **kwargs))
    return perform(task_type.parse(text), Context.for_test(job_id="job-1", attempt=2))


def refusal(function: str, *args: Any, **kwargs: Any) -> str:
    """Why it is refused, at the door and in the worker alike."""
    data = {"function": function, "args": list(args), "kwargs": kwargs}
    with pytest.raises(InvalidData) as refused:
        task_type.check(data)
    with pytest.raises(InvalidData) as again:
        call_of(function, *args, **kwargs)
    assert str(again.value) == str(refused.value)
    return str(refused.value)


def test_functions_are_called_with_what_they_are_given() -> None:
    assert ran(task_functions.add, 2) == 3
    assert ran(f"{HERE}:add", 1, 2, 3, 4, factor=10) == 100
    assert ran(f"{HERE}:add", left=1, factor=2) == 4


def test_an_async_function_is_waited_for_and_a_context_is_given_to_whoever_asks() -> None:
    assert ran(task_functions.later, "x") == ["x", "job-1"]
    assert ran(task_functions.told, "a", "b", k=1) == [2, ("a", "b"), {"k": 1}]


async def test_an_async_function_is_waited_for_inline_too() -> None:
    """As `queues.testing` runs it: under a loop that runs already."""
    assert perform(call_of(task_functions.later, "x"), Context.for_test(job_id="job-1")) == ["x", "job-1"]


def test_nothing_is_allowed_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOBYARD_TASKS")
    why = refusal(f"{HERE}:add", 1)
    assert "function: " in why
    assert f"'{HERE}:add' may not be run" in why
    assert "JOBYARD_TASKS" in why
    assert "@task" in why


def test_a_module_that_is_not_listed_is_never_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "never_imported.py").write_text("raise AssertionError('imported')\ndef f(): ...\n")
    (tmp_path / "listed_in_part.py").write_text("raise AssertionError('imported')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("JOBYARD_TASKS", "listed_in_part:one")
    for name in ("never_imported:f", "listed_in_part:two", "os:system", "builtins:eval"):
        assert "may not be run" in refusal(name)
        assert name.split(":")[0] not in {"never_imported", "listed_in_part"} & sys.modules.keys()


@pytest.mark.parametrize(
    "name",
    [
        *(f"{HERE}:_secret", f"{HERE}:__dict__", f"{HERE}:os.system", f"{HERE}:Shop.price", f"{HERE}:add:add"),
        *("tests.core._task_functions:add", ".task_functions:add", "tests..core:add", f"{HERE}:", ":add"),
        *(f"{HERE}:*", "shop._ledger", "shop.__class__", "shop.client.system", "add", f"{HERE}:a dd", "a\n:b"),
    ],
)
def test_names_that_name_no_task(name: str) -> None:
    assert "names no task" in refusal(name)


@pytest.mark.parametrize("name", ["system", "run_anything"])
def test_what_a_module_has_only_imported_needs_an_entry_of_its_own(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "only imports it" in refusal(f"{HERE}:{name}", "true")
    monkeypatch.setenv("JOBYARD_TASKS", f"{HERE}:{name}")
    assert ran(f"{HERE}:{name}", "true") == 0


def test_what_a_module_exports_is_its_to_give() -> None:
    assert isinstance(ran(f"{HERE}:getpid"), int)


@pytest.mark.parametrize("name", ["Shop", "os", "annotations", "Any", "nothing"])
def test_what_is_no_function_is_refused(name: str) -> None:
    assert f"has no function {name!r}" in refusal(f"{HERE}:{name}")


def test_a_near_miss_is_named_and_a_job_type_is_sent_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "did you mean 'later'?" in refusal(f"{HERE}:latter", 1)
    monkeypatch.setenv("JOBYARD_TASKS", "functions.hello:*")
    assert "is the job type 'hello'; enqueue that" in refusal("functions.hello:hello")


@pytest.mark.parametrize(
    ("name", "args", "kwargs", "why"),
    [
        (f"{HERE}:add", [], {}, "missing a required argument: 'left'"),
        (f"{HERE}:add", [1], {"lef": 1}, "unexpected keyword argument 'lef'"),
        (f"{HERE}:process_id", [1], {}, "too many positional arguments"),
        (f"{HERE}:later", [1, 2], {}, "too many positional arguments"),
        (f"{HERE}:later", [1], {"ctx": {}}, "unexpected keyword argument 'ctx'"),
        ("shop.order", [], {}, "missing a required argument: 'size'"),
        ("shop.price", [1, 2], {}, "too many positional arguments"),
    ],
)
def test_arguments_are_held_against_the_signature_at_the_door(name: str, args: Any, kwargs: Any, why: str) -> None:
    told = refusal(name, *args, **kwargs)
    assert why in told
    assert f"{name}(" in told


def test_what_the_door_cannot_import_is_left_to_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBYARD_TASKS", "not_on_this_machine:work")
    call = call_of("not_on_this_machine:work", 1, 2)
    with pytest.raises(Exception, match="not_on_this_machine cannot be imported: ModuleNotFoundError"):
        perform(call, Context.for_test())


def test_a_function_taken_off_the_list_is_refused_in_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    text = task_type.check(call_of(task_functions.add, 1))
    monkeypatch.delenv("JOBYARD_TASKS")
    with pytest.raises(InvalidData, match="may not be run"):
        task_type.parse(text)


def test_code_may_list_and_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOBYARD_TASKS")
    assert ran(task_functions.marked, "hi") == "HI"
    assert ran(f"{HERE}:marked", word="hi") == "HI"
    allow(f"{HERE}:add")
    assert ran(f"{HERE}:add", 1) == 2
    with pytest.raises(ValueError, match="is no entry"):
        allow("os.system")

    def inner() -> None: ...

    with pytest.raises(ValueError, match="names no task"):
        task(inner)


@pytest.mark.parametrize("given", [lambda: None, task_functions.Shop().order, task_functions.Shop, task_type])
def test_only_functions_of_modules_can_be_given(given: Any) -> None:
    with pytest.raises(InvalidData, match="function: "):
        call_of(given)


def test_a_list_that_cannot_be_read_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBYARD_TASKS", f"{HERE}:add, os.system")
    with pytest.raises(Misconfigured, match=r"JOBYARD_TASKS: 'os\.system' is no entry"):
        call_of(f"{HERE}:add", 1)


def test_methods_of_services_are_called_on_one_object() -> None:
    first = ran("shop.order", 4)
    assert ran("shop.order", 5) == [5, first[1] + 1, "test"]
    assert ran("shop.price", 2) == 6
    assert ran("unknown-class.price", 2) == 6


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("shop.danger", "has no method 'danger'"),
        ("shop.client", "has no method 'client'"),
        ("shop.system", "has no method 'system'"),
        ("till.order", "lets price be called, not 'order'"),
        ("shops.order", "no service 'shops' is registered; there is "),
    ],
)
def test_methods_that_a_service_does_not_have(name: str, why: str) -> None:
    assert why in refusal(name)


def test_a_service_whose_class_is_not_known_is_looked_into_by_the_worker() -> None:
    for name in ("danger", "client", "system"):
        with pytest.raises(ValueError, match="has no method"):
            ran(f"unknown-class.{name}")


def test_a_service_has_one_factory_and_a_plain_name() -> None:
    register_service("shop", task_functions.make_shop)
    with pytest.raises(ValueError, match="another service 'shop'"):
        register_service("shop", dict)
    with pytest.raises(ValueError, match="no service's name"):
        register_service("a.b", dict)


def test_what_the_data_may_be() -> None:
    for data, field in [
        ({}, "function"),
        ({"function": f"{HERE}:process_id", "arg": []}, "arg"),
        ({"function": 1}, "function"),
    ]:
        with pytest.raises(InvalidData, match=f"'task': {field}"):
            task_type.check(data)
    assert set(TaskCall.model_json_schema()["properties"]) == {"function", "args", "kwargs"}


@housed
async def test_a_queue_runs_a_function_in_the_background(house: House) -> None:
    process = house.process(Catalog([task_type]))
    await process.runtime.create_resources()
    job = await process.runtime.queue.run_task(task_functions.add, 1, 2, factor=3)
    assert (job.type, job.data) == ("task", {"function": f"{HERE}:add", "args": [1, 2], "kwargs": {"factor": 3}})
    with pytest.raises(InvalidData):
        await process.runtime.queue.run_task("os:system", "true")


@housed
async def test_a_queue_without_the_type_says_how_to_have_it(house: House) -> None:
    with pytest.raises(Misconfigured, match=r"functions\.task"):
        await house.queue.run_task(task_functions.add, 1)


def test_a_function_may_say_what_becomes_of_its_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBYARD_TASKS", "functions.task_examples:*")
    with pytest.raises(Discard):
        ran("functions.task_examples:delay", -1)
