"""What a job's page tells besides: why it waits, what is hidden of it, what is too long to be shown."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.dashboard.conftest import JOBS, Tenant

NUMBER = "4111-2222"


def active(tenant: Tenant, job_id: str) -> None:
    while tenant.http.get(f"{JOBS}/{job_id}").json()["status"] != "active":
        pass


def test_a_job_that_waits_says_why_and_on_which_level(dashboard: Page, tenant: Tenant, gate: Path) -> None:
    tenant.enqueue("single", {"until": str(gate)}, jobId="first", priority=5)
    active(tenant, "first")
    tenant.enqueue("single", {"until": str(gate)}, jobId="second", priority=60)
    dashboard.goto(f"{tenant.url}/jobs#/job/second")
    why = dashboard.get_by_role("region", name="Why it waits")
    expect(why).to_contain_text("1 of 1 places of the limit")
    expect(dashboard.get_by_text("60, level bulk")).to_be_visible()
    why.get_by_role("link", name="What runs of its type").click()
    dashboard.get_by_role("link", name="first", exact=True).click()
    expect(dashboard.get_by_text("5, level critical")).to_be_visible()
    expect(why).not_to_be_visible()
    gate.touch()
    tenant.http.delete(f"{JOBS}/second").raise_for_status()


def test_a_job_that_comes_later_says_when(dashboard: Page, tenant: Tenant) -> None:
    job = tenant.enqueue("greet", {"fullName": "Ada"}, jobId="later", delay=3_600_000)
    dashboard.goto(f"{tenant.url}/jobs#/job/later")
    why = dashboard.get_by_role("region", name="Why it waits")
    expect(why).to_contain_text(f"It is to start at {job['runAt'][:19]}Z.")
    # What changes while it is looked at.
    tenant.http.delete(f"{JOBS}/later").raise_for_status()
    expect(why).not_to_be_visible()


def test_what_is_sensitive_is_shown_when_asked_for(dashboard: Page, tenant: Tenant) -> None:
    job = tenant.ended(tenant.enqueue("card", {"number": NUMBER}, jobId="paid")["id"])
    assert NUMBER in str(job)
    dashboard.goto(f"{tenant.url}/jobs#/job/paid")
    veil = dashboard.get_by_role("region", name="Sensitive")
    expect(veil).to_contain_text("hidden until you ask for them")
    expect(dashboard.get_by_role("heading", name="Discard")).to_be_visible()
    assert NUMBER not in dashboard.content()
    veil.get_by_role("button", name="Show it").click()
    expect(veil).not_to_be_visible()
    expect(dashboard.get_by_role("region", name="Data", exact=True)).to_contain_text(NUMBER)
    expect(dashboard.get_by_role("region", name="Log", exact=True)).to_contain_text(f"INFO  charging {NUMBER}")
    expect(dashboard.get_by_role("region", name="Error")).to_contain_text(f"{NUMBER} is no card")
    dashboard.reload()
    expect(veil).to_be_visible()
    assert NUMBER not in dashboard.content()


def test_what_is_not_here_is_said_to_be_elsewhere(dashboard: Page, tenant: Tenant) -> None:
    tenant.ended(tenant.enqueue("greet", {"fullName": "Ada"}, jobId="large")["id"])
    job = tenant.http.get(f"{JOBS}/large").json()
    answers: list[dict[str, Any]] = [
        job | {"data": None, "dataSize": 4_321_000, "omitted": ["data"]},
        job | {"data": None, "encrypted": True, "omitted": ["data"]},
    ]

    def answer(route: Route) -> None:
        route.fulfill(json=answers[0])

    dashboard.route("**/api/v1/jobs/large", answer)
    dashboard.goto(f"{tenant.url}/jobs#/job/large")
    data = dashboard.get_by_role("region", name="Data", exact=True)
    expect(data).to_have_text("4,321,000 bytes, too long for this page: GET /api/v1/jobs/large/data answers them.")
    expect(dashboard.get_by_role("button", name="Copy data")).to_have_count(0)
    answers.pop(0)
    expect(data).to_have_text("Encrypted.")
    expect(dashboard.get_by_role("region", name="Sensitive")).to_contain_text("this server has no key for it")
