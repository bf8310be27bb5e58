"""Flows: how far each is, its steps and their order, and what can be done with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from tests.dashboard.conftest import JOBS, Tenant


def greet(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "greet", "data": {"fullName": "Ada"}, "name": name, **more}


def hold(name: str, gate: Path) -> dict[str, Any]:
    return {"type": "hold", "data": {"until": str(gate)}, "name": name}


def test_a_flow_is_watched_from_step_to_step(dashboard: Page, tenant: Tenant, gate: Path) -> None:
    dashboard.get_by_role("link", name="Flows").click()
    expect(dashboard.get_by_text("No flows yet.")).to_be_visible()
    steps = {"chain": [greet("fetch"), {"group": [greet("measure"), hold("render", gate)]}, greet("report")]}
    end = {"type": "greet", "data": {"fullName": "Bob"}}
    flow = tenant.flow(steps, name="part 4711", onFailure="continue", onEnd=end)
    row = dashboard.get_by_role("row").filter(has_text="part 4711")
    expect(row).to_contain_text("2 of 4 steps ended")
    row.get_by_role("link").click()
    expect(dashboard.get_by_role("heading", name="part 4711")).to_be_visible()
    expect(dashboard.get_by_text("the others go on")).to_be_visible()
    step = dashboard.get_by_role("region", name="Steps").locator(".step")
    expect(step).to_have_count(4)
    assert [text.splitlines()[0] for text in step.all_inner_texts()] == ["completed", "completed", "active", "pending"]
    expect(step.nth(3)).to_contain_text("after measure, render")
    expect(dashboard.locator(".levels > li")).to_have_count(3)
    expect(dashboard.locator(".lines path")).to_have_count(4)
    step.nth(2).get_by_role("link", name="render").click()
    place = dashboard.get_by_role("region", name="Flow")
    expect(place).to_contain_text("The step render of part 4711")
    expect(place).to_contain_text("2 of 4 steps have ended.")
    place.get_by_role("link", name="part 4711").click()
    gate.touch()
    expect(dashboard.get_by_text("4 of 4 steps ended")).to_be_visible()
    expect(dashboard.get_by_role("button", name="part 4711")).to_have_count(0)
    dashboard.get_by_role("link", name=f"{flow}::end").click()
    expect(dashboard.get_by_role("region", name="Data", exact=True)).to_contain_text("Bob")


def test_a_flow_is_cancelled_and_retried_after_a_question(dashboard: Page, tenant: Tenant) -> None:
    later = {"delay": 3_600_000}
    tenant.flow({"chain": [greet("a", options=later), greet("b")]}, flowId="mine")
    dashboard.goto(f"{tenant.url}/jobs#/flow/mine")
    dashboard.get_by_role("button", name="Cancel: mine").click()
    question = dashboard.get_by_role("dialog")
    expect(question).to_contain_text("Cancel the flow mine? Nothing more is started")
    question.get_by_role("button", name="Keep it").click()
    assert tenant.http.get(f"{JOBS}/flows/mine").json()["status"] == "running"
    dashboard.get_by_role("button", name="Cancel: mine").click()
    question.get_by_role("button", name="Cancel the flow").click()
    expect(dashboard.get_by_text("2 of 2 steps ended, 2 cancelled")).to_be_visible()
    dashboard.goto(f"{tenant.url}/jobs#/flows")
    dashboard.get_by_role("button", name="Retry what failed: mine").click()
    expect(question).to_contain_text("once more, as new jobs")
    question.get_by_role("button", name="Run it again").click()
    expect(dashboard.get_by_role("status").filter(has_text="mine runs again.")).to_be_visible()
    dashboard.get_by_role("link", name="mine").click()
    dashboard.get_by_role("link", name="a", exact=True).click()
    expect(dashboard.get_by_role("heading", name="mine:a:2")).to_be_visible()
    expect(dashboard.get_by_role("region", name="Flow")).to_contain_text("The step a, in round 2, of mine")
    tenant.http.delete(f"{JOBS}/flows/mine").raise_for_status()


def test_a_failed_step_says_why_and_what_was_undone(dashboard: Page, tenant: Tenant) -> None:
    undo = {"type": "greet", "data": {"fullName": "Bob"}}
    steps = {"chain": [greet("book", undo=undo), {"type": "nasty", "data": {}, "name": "pay"}, greet("send")]}
    tenant.flow(steps, flowId="trip", onFailure="compensate")
    dashboard.goto(f"{tenant.url}/jobs#/flow/trip")
    expect(dashboard.get_by_text("3 of 3 steps ended, 1 failed, 1 cancelled")).to_be_visible()
    step = dashboard.locator(".step")
    expect(step.nth(0)).to_contain_text("undone")
    expect(step.nth(1)).to_contain_text("Discard: <img src=x")
    dashboard.goto(f"{tenant.url}/jobs#/job/trip:book:undo")
    expect(dashboard.get_by_role("region", name="Flow")).to_contain_text("Undoes the step book of trip")


def test_a_large_flow_comes_in_pages(dashboard: Page, tenant: Tenant) -> None:
    first = greet("first", options={"delay": 3_600_000})
    many = {"group": [greet(f"n{number}") for number in range(101)], "then": {"type": "greet"}}
    tenant.flow({"chain": [first, many]}, flowId="large")
    dashboard.goto(f"{tenant.url}/jobs#/flow/large")
    step = dashboard.locator(".step")
    expect(step).to_have_count(100)
    expect(dashboard.locator(".lines path")).to_have_count(0)
    dashboard.get_by_role("link", name="More steps").click()
    expect(step).to_have_count(3)
    expect(step.last).to_contain_text("after 101 steps")
    dashboard.get_by_role("link", name="First steps").click()
    expect(step).to_have_count(100)
    tenant.http.delete(f"{JOBS}/flows/large").raise_for_status()


def test_without_the_scope_no_flow_is_changed(page: Page, tenant: Tenant, complaints: list[str]) -> None:
    tenant.flow(greet("a", options={"delay": 3_600_000}), flowId="still")
    page.goto(f"{tenant.url}/jobs#token={tenant.token_of('jobs:read')}")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    for view, there in (("flows", "tbody tr"), ("flow/still", ".step")):
        page.goto(f"{tenant.url}/jobs#/{view}")
        expect(page.locator(there)).to_be_visible()
        expect(page.locator("main").get_by_role("button")).to_have_count(0)
    page.goto(f"{tenant.url}/jobs#/flow/unknown")
    expect(page.get_by_text("There is no flow unknown.")).to_be_visible()
    assert len(complaints) == 1
    complaints.clear()
    tenant.http.delete(f"{JOBS}/flows/still").raise_for_status()
