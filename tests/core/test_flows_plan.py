"""Flows in their normal form: what comes after what, who counts and who looks, and what cannot be a flow. Pure."""

from __future__ import annotations

from typing import Any

import pytest

from queues import Flow, Options, Result, Step, chain, group, job
from queues.catalog import Catalog
from queues.errors import InvalidData, InvalidOption, UnknownJobType
from queues.flows.plan import Node, plan_of
from queues.flows.references import filled, references
from queues.flows.state import FlowState, Phase, Place, Verdict, end_of, judge
from tests.core.house import Order


@job("work")
async def work(order: Order) -> int:
    return order.size


@job("any")
async def anything(data: Any) -> Any:
    return data


CATALOG = Catalog([work, anything])


def nodes(*parts: Any, **more: Any) -> dict[str, Node]:
    return {node.name: node for node in plan_of(Flow(*parts, **more), CATALOG).nodes}


def after(found: dict[str, Node]) -> dict[str, set[str]]:
    names = list(found)
    return {name: {names[order] for order in node.after} for name, node in found.items()}


def test_parts_come_after_each_other_as_they_say() -> None:
    found = nodes(
        chain(
            Step("any", 1, name="a"), group(Step("any", name="b"), Step("any", name="c"), then=Step("any", name="d"))
        ),
        Step("any", 2, name="e", after=("b",)),
        Step("any", {"of": Result("e")}, name="f"),
    )
    assert after(found) == {"a": set(), "b": {"a"}, "c": {"a"}, "d": {"b", "c"}, "e": {"b"}, "f": {"e"}}
    assert [node.order for node in found.values()] == list(range(6))
    assert found["b"].work.data == {"$result": "a"}
    assert found["d"].work.data == [{"$result": "b"}, {"$result": "c"}]
    assert {name for name, node in found.items() if node.kept} == {"a", "b", "c", "e"}


def test_with_many_before_it_a_step_counts_and_with_few_it_looks() -> None:
    found = nodes(group(*(Step("any", 1) for _ in range(21)), then=Step("any", 0, name="end")))
    assert found["end"].counts
    assert (found["any-1"].feeds, found["any-1"].counts_for) == ((), (21,))
    few = nodes(group(*(Step("any", 1) for _ in range(20)), then=Step("any", 0, name="end")))
    assert not few["end"].counts
    assert (few["any-1"].feeds, few["any-1"].counts_for) == ((20,), ())


def test_ten_thousand_steps_and_no_more() -> None:
    parts = [Step("any", 1) for _ in range(9_999)]
    assert len(nodes(group(*parts, then=Step("any", 0)))) == 10_000
    with pytest.raises(InvalidOption, match="10,000 steps"):
        nodes(*parts, Step("any"), Step("any"))
    with pytest.raises(InvalidOption, match="1,000 results"):
        nodes(group(*parts, then=Step("any")))
    half = [Step("any", 1) for _ in range(300)]
    with pytest.raises(InvalidOption, match="between two large groups"):
        nodes(chain(group(*half), group(*half)))


@pytest.mark.parametrize(
    ("parts", "error", "match"),
    [
        ((), InvalidOption, "at least one"),
        ((Step("nope"),), UnknownJobType, "nope"),
        ((Step("work", {"size": "x"}),), InvalidData, "size"),
        ((Step("any", after=("x",)),), InvalidOption, "no such step"),
        ((Step("any", Result("x")),), InvalidOption, "no such step"),
        ((Step("any", 1, name="a", after=("a",)),), InvalidOption, "wait for each other"),
        ((Step("any", Result("b"), name="a"), Step("any", Result("a"), name="b")), InvalidOption, "wait for each"),
        ((Step("any", 1, name="a"), Step("any", 1, name="a")), InvalidOption, "a name of its own"),
        ((Step("any", 1, name="a.b"),), InvalidOption, "characters"),
        ((Step("any", 1, options=Options(job_id="x")),), InvalidOption, "named by its flow"),
        ((Step("any", 1, undo=Step("any", undo=Step("any"))),), InvalidOption, "nothing else"),
        ((Step("any", 1, name="a"), Step("any", 1, undo=Step("any", Result("a")))), InvalidOption, "undoing"),
        ((Flow(Step("any"), on_failure="continue"),), InvalidOption, "outer one's"),
    ],
)
def test_what_cannot_be_a_flow(parts: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        nodes(*parts)


def test_the_last_job_must_take_what_it_will_be_told() -> None:
    assert plan_of(Flow(Step("any"), on_end=Step("any")), CATALOG).on_end is not None
    with pytest.raises(InvalidOption, match="no results"):
        plan_of(Flow(Step("any", name="a"), on_end=Step("any", Result("a"))), CATALOG)
    with pytest.raises(InvalidData):
        plan_of(Flow(Step("any"), on_end=Step("work", {"size": {"$flow": "summary"}})), CATALOG)


def test_a_reference_is_an_object_with_that_one_key() -> None:
    data = {"a": {"$result": "x"}, "b": [{"$result": "y"}, {"$result": "z", "more": 1}], "c": {"$result": 5}}
    assert list(references(data)) == ["x", "y"]
    assert filled(data, {"x": 1}) == {"a": 1, "b": [None, {"$result": "z", "more": 1}], "c": {"$result": 5}}


# --- what follows from the counts ---------------------------------------------------------------------------------


def flow(phase: Phase = Phase.RUNNING, outcome: Phase | None = None, policy: Any = "fail", **counts: int) -> FlowState:
    known: dict[str, Any] = {"id": "f", "tenant": "t", "name": "", "on_end": None, "making": "m", "created_at": 0}
    return FlowState(**known, phase=phase, outcome=outcome, on_failure=policy, total=4, **counts)


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        (flow(completed=3), Verdict.GO_ON),
        (flow(completed=4), Verdict.END),
        (flow(failed=1), Verdict.STOP),
        (flow(cancelled=1), Verdict.STOP),
        (flow(failed=1, policy="continue"), Verdict.GO_ON),
        (flow(failed=1, completed=3), Verdict.END),
        (flow(Phase.STOPPING, failed=1), Verdict.GO_ON),
        (flow(Phase.STOPPING, failed=1, cancelled=3), Verdict.END),
        (flow(Phase.RESETTING, failed=4), Verdict.GO_ON),
        (flow(Phase.FAILED, failed=4), Verdict.GO_ON),
    ],
)
def test_what_the_counts_ask_for(state: FlowState, verdict: Verdict) -> None:
    assert judge(state) is verdict


@pytest.mark.parametrize(
    ("state", "end"),
    [
        (flow(completed=4), Phase.COMPLETED),
        (flow(completed=3, failed=1), Phase.FAILED),
        (flow(completed=3, failed=1, policy="continue"), Phase.COMPLETED),
        (flow(completed=3, failed=1, policy="compensate"), Phase.UNDOING),
        (flow(Phase.STOPPING, Phase.CANCELLED, completed=1, cancelled=3), Phase.CANCELLED),
        (flow(Phase.STOPPING, Phase.CANCELLED, completed=1, cancelled=3, policy="compensate"), Phase.CANCELLED),
        (flow(Phase.STOPPING, Phase.CANCELLED, completed=4), Phase.COMPLETED),
        (flow(Phase.STOPPING, Phase.CANCELLED, policy="continue", cancelled=4), Phase.CANCELLED),
    ],
)
def test_what_a_flow_becomes(state: FlowState, end: Phase) -> None:
    assert end_of(state) is end


@pytest.mark.parametrize("place", [Place("f", "m", 7, 1), Place("f", "m", 0, 12, undo=True)])
def test_a_place_is_read_as_it_was_written(place: Place) -> None:
    assert Place.decode(place.encode()) == place
