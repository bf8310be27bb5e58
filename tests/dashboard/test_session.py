"""The token: from the link or from the field, kept for the tab only; without a good one nothing is shown."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from api.auth import make_token
from tests.cli.house import Running
from tests.dashboard.conftest import SECRET, Tenant

STORED = "({...sessionStorage, ...localStorage, cookie: document.cookie})"


def test_the_link_signs_in_and_leaves_no_token_in_the_address(page: Page, tenant: Tenant) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{tenant.url}/jobs#token={tenant.token}")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page).to_have_url(f"{tenant.url}/jobs#/")
    assert page.evaluate("history.length") == 2  # the empty page before, and this one
    assert page.evaluate(STORED) == {"jobyard.token": tenant.token, "cookie": ""}
    assert page.evaluate("sessionStorage.length") == 1
    assert not any(tenant.token in url for url in asked[1:])
    page.reload()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_the_link_works_in_a_page_that_is_open(page: Page, tenant: Tenant) -> None:
    page.goto(f"{tenant.url}/jobs")
    expect(page.get_by_label("Token")).to_be_focused()
    page.goto(f"{tenant.url}/jobs#token={tenant.token}")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page).to_have_url(f"{tenant.url}/jobs#/")


def test_a_pasted_token_or_link_signs_in_and_the_address_stays(page: Page, tenant: Tenant) -> None:
    for pasted in (f"  Bearer {tenant.token}\n", f"{tenant.url}/jobs#token={tenant.token}", f'"{tenant.token}"'):
        page.goto(f"{tenant.url}/jobs#/jobs?status=failed")
        expect(page.get_by_role("link", name="Jobyard")).not_to_be_visible()
        page.get_by_label("Token").fill(pasted)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_text("No failed jobs.")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_label("Token")).to_be_visible()
        assert page.evaluate(STORED) == {"cookie": ""}
        page.goto("about:blank")


def test_what_is_no_token_is_refused_with_the_reason(page: Page, tenant: Tenant, complaints: list[str]) -> None:
    page.goto(f"{tenant.url}/jobs#token=nonsense")
    expect(page.get_by_role("alert").filter(has_text="not a JSON Web Token; copy all of it")).to_be_visible()
    old = make_token(SECRET, tenant=tenant.name, subject="t", expires_in=60, clock=lambda: 1_600_000_000_000)
    page.get_by_label("Token").fill(old)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert").filter(has_text="The token expired at 2020-09-13T12:27:40Z")).to_be_visible()
    page.get_by_label("Token").fill(tenant.token)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    assert {re.sub(r"status of (\d+).*", r"\1", one) for one in complaints} == {
        "Failed to load resource: the server responded with a 401"
    }
    complaints.clear()


def test_a_token_that_ends_while_one_looks_asks_again(dashboard: Page, tenant: Tenant, complaints: list[str]) -> None:
    old = make_token(SECRET, tenant=tenant.name, subject="t", expires_in=60, clock=lambda: 1_600_000_000_000)
    dashboard.evaluate("token => sessionStorage.setItem('jobyard.token', token)", old)
    expect(dashboard.get_by_role("alert").filter(has_text="The token expired")).to_be_visible()
    expect(dashboard.get_by_role("navigation", name="Views")).not_to_be_visible()
    assert dashboard.evaluate("sessionStorage.length") == 0
    complaints.clear()


def test_another_tenants_jobs_are_not_shown(page: Page, house: Running, complaints: list[str]) -> None:
    with Tenant(house.ready["api"], "ours") as ours, Tenant(house.ready["api"], "theirs") as theirs:
        job = theirs.enqueue("greet", {"fullName": "Their Secret"}, jobId="their-own")
        theirs.ended(job["id"])
        page.goto(f"{ours.url}/jobs#token={ours.token_of('jobs:read jobs:write admin')}")
        expect(page.get_by_text("No jobs yet.")).to_be_visible()
        page.goto(f"{ours.url}/jobs#/job/their-own")
        expect(page.get_by_text("There is no job their-own.")).to_be_visible()
        assert "Their Secret" not in page.content()
    assert len(complaints) == 1
    complaints.clear()


def test_a_token_that_may_only_read_is_offered_nothing_else(page: Page, tenant: Tenant) -> None:
    tenant.ended(tenant.enqueue("nasty", {"a": "b"}, jobId="broken")["id"])
    page.goto(f"{tenant.url}/jobs#token={tenant.token_of('jobs:read')}")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    expect(page.get_by_role("link", name="New job")).to_have_count(0)
    expect(page.get_by_role("link", name="Workers")).not_to_be_visible()
    page.goto(f"{tenant.url}/jobs#/job/broken")
    expect(page.get_by_role("heading", name="broken")).to_be_visible()
    expect(page.get_by_role("button", name="Retry")).to_have_count(0)
