"""Overview and list: numbers that lead to their jobs, filters, pages, and changes that come by themselves."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.dashboard.conftest import JOBS, Tenant

NUMBERED = "[...document.querySelectorAll('.jobs tbody tr')].forEach((row, at) => (row.dataset.was = String(at)))"


def row(page: Page, job_id: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("link", name=job_id, exact=True))


def test_the_overview_counts_by_type_and_leads_to_the_jobs(dashboard: Page, tenant: Tenant, gate: Path) -> None:
    expect(dashboard.get_by_text("No jobs yet.")).to_be_visible()
    for name in ("one", "two"):
        tenant.ended(tenant.enqueue("greet", {"fullName": "Ada"}, jobId=name)["id"])
    tenant.ended(tenant.enqueue("nasty", {}, jobId="broken")["id"])
    tenant.enqueue("hold", {"until": str(gate)}, delay=3_600_000)
    greet = dashboard.get_by_role("row").filter(has=dashboard.get_by_role("link", name="greet", exact=True))
    expect(greet.get_by_role("link", name="2 completed")).to_be_visible()
    expect(dashboard.get_by_role("link", name="1 delayed").first).to_be_visible()
    expect(dashboard.get_by_text("No jobs yet.")).not_to_be_visible()
    expect(dashboard.get_by_role("row").filter(has_text="nasty")).to_contain_text("100 %")
    greet.get_by_role("link", name="2 completed").click()
    expect(dashboard).to_have_url(f"{tenant.url}/jobs#/jobs?type=greet&status=completed")
    expect(row(dashboard, "one")).to_be_visible()
    expect(dashboard.locator(".jobs tbody tr")).to_have_count(2)


def test_filters_are_in_the_address_and_survive_a_reload(dashboard: Page, tenant: Tenant) -> None:
    tenant.ended(tenant.enqueue("greet", {"fullName": "Ada"}, jobId="fine")["id"])
    tenant.ended(tenant.enqueue("nasty", {}, jobId="broken")["id"])
    dashboard.get_by_role("navigation", name="Views").get_by_role("link", name="Jobs").click()
    expect(row(dashboard, "fine")).to_be_visible()
    dashboard.get_by_role("navigation", name="Status").get_by_role("link", name="failed").click()
    expect(row(dashboard, "fine")).to_have_count(0)
    expect(row(dashboard, "broken")).to_be_visible()
    dashboard.get_by_label("Type").select_option("greet")
    expect(dashboard.get_by_text("No failed jobs of type greet.")).to_be_visible()
    dashboard.reload()
    expect(dashboard.get_by_text("No failed jobs of type greet.")).to_be_visible()
    expect(dashboard.get_by_label("Type")).to_have_value("greet")
    dashboard.get_by_role("navigation", name="Status").get_by_role("link", name="cancelled").click()
    expect(dashboard.get_by_text("No cancelled jobs of type greet.")).to_be_visible()
    dashboard.go_back()
    dashboard.go_back()
    expect(row(dashboard, "broken")).to_be_visible()


def test_a_job_is_seen_to_wait_to_run_and_to_end(dashboard: Page, tenant: Tenant, gate: Path) -> None:
    dashboard.goto(f"{tenant.url}/jobs#/jobs")
    expect(dashboard.get_by_text("No jobs yet.")).to_be_visible()
    tenant.enqueue("hold", {"until": str(gate)}, jobId="live", delay=6_000)
    expect(row(dashboard, "live")).to_contain_text("delayed")
    expect(row(dashboard, "live")).to_contain_text("active")
    expect(row(dashboard, "live")).to_contain_text("waiting for the file")
    expect(row(dashboard, "live").get_by_role("progressbar")).to_have_attribute("value", "40")
    gate.touch()
    expect(row(dashboard, "live")).to_contain_text("completed")


def test_a_refresh_changes_only_what_changed(dashboard: Page, tenant: Tenant) -> None:
    for number in range(30):
        tenant.enqueue("greet", {"fullName": "Ada"}, jobId=f"old-{number:02}", delay=3_600_000)
    dashboard.goto(f"{tenant.url}/jobs#/jobs")
    expect(dashboard.locator(".jobs tbody tr")).to_have_count(30)
    dashboard.evaluate(NUMBERED)
    link = dashboard.get_by_role("link", name="old-05", exact=True)
    link.scroll_into_view_if_needed()
    link.focus()
    dashboard.evaluate("window.scrollBy(0, 300)")
    before = row(dashboard, "old-05").bounding_box()
    dashboard.evaluate("getSelection().selectAllChildren([...document.querySelectorAll('.id')].at(-1))")
    selected = dashboard.evaluate("String(getSelection())")
    tenant.enqueue("greet", {"fullName": "Ada"}, jobId="newcomer", delay=7_200_000)
    tenant.http.delete(f"{JOBS}/old-20").raise_for_status()
    expect(row(dashboard, "old-20")).to_contain_text("cancelled")
    expect(row(dashboard, "newcomer")).to_have_count(1)
    # The rows are the same elements, at the same place, with focus and selection.
    assert row(dashboard, "newcomer").get_attribute("data-was") is None
    assert len(dashboard.locator(".jobs tbody tr[data-was]").all()) == 30
    expect(link).to_be_focused()
    assert dashboard.evaluate("String(getSelection())") == selected
    after = row(dashboard, "old-05").bounding_box()
    assert before is not None
    assert after is not None
    assert abs(before["y"] - after["y"]) < 2


def test_older_and_newest(dashboard: Page, tenant: Tenant) -> None:
    rows = [{"type": "greet", "data": {"fullName": "Ada"}, "options": {"delay": 3_600_000}} for _ in range(60)]
    tenant.http.post(f"{JOBS}/batch", json=rows).raise_for_status()
    dashboard.goto(f"{tenant.url}/jobs#/jobs?status=delayed")
    expect(dashboard.locator(".jobs tbody tr")).to_have_count(50)
    first = dashboard.locator(".jobs tbody .id").first.inner_text()
    dashboard.get_by_role("link", name="Older").click()
    expect(dashboard.locator(".jobs tbody tr")).to_have_count(10)
    dashboard.reload()
    expect(dashboard.locator(".jobs tbody tr")).to_have_count(10)
    expect(dashboard.get_by_role("link", name="Older")).to_have_count(0)
    dashboard.get_by_role("link", name="Newest").click()
    expect(dashboard.locator(".jobs tbody .id").first).to_have_text(first)


def test_a_job_is_found_by_its_id_from_the_keyboard(dashboard: Page, tenant: Tenant, complaints: list[str]) -> None:
    tenant.ended(tenant.enqueue("greet", {"fullName": "Ada"}, jobId="part:4711.a_b-c")["id"])
    dashboard.keyboard.press("/")
    expect(dashboard.get_by_role("searchbox")).to_be_focused()
    dashboard.keyboard.type(" part:4711.a_b-c ")
    dashboard.keyboard.press("Enter")
    expect(dashboard.get_by_role("heading", name="part:4711.a_b-c")).to_be_visible()
    expect(dashboard).to_have_title("part:4711.a_b-c · Jobyard")
    dashboard.reload()
    expect(dashboard.get_by_role("heading", name="part:4711.a_b-c")).to_be_visible()
    dashboard.keyboard.press("/")
    dashboard.keyboard.type("no/such <b>job")
    dashboard.keyboard.press("Enter")
    expect(dashboard.get_by_text("There is no job no/such <b>job.")).to_be_visible()
    assert len(complaints) == 1
    complaints.clear()


def test_dead_letters_by_type_with_their_errors(dashboard: Page, tenant: Tenant, gate: Path) -> None:
    dashboard.get_by_role("link", name="Dead letters").click()
    expect(dashboard.get_by_text("No dead letters.")).to_be_visible()
    tenant.ended(tenant.enqueue("unreliable", {"unless": str(gate)}, jobId="lost")["id"])
    dashboard.get_by_role("link", name="unreliable 1").click()
    letter = dashboard.get_by_role("listitem").filter(has_text="lost")
    expect(letter).to_contain_text("ConnectionError: the printer did not answer")
    expect(letter).to_contain_text("2 attempts")
    letter.get_by_text("Traceback", exact=True).click()
    expect(letter.get_by_role("region", name="Traceback of lost")).to_contain_text("raise ConnectionError")
    gate.touch()
    letter.get_by_role("button", name="Retry lost").click()
    expect(dashboard.get_by_role("status").filter(has_text="lost will run again.")).to_be_visible()
    expect(dashboard.get_by_text("No dead letters of unreliable.")).to_be_visible()
    assert tenant.ended("lost")["status"] == "completed"


def test_queues_for_an_administrator(page: Page, tenant: Tenant) -> None:
    page.goto(f"{tenant.url}/jobs#token={tenant.token_of('jobs:read jobs:write admin')}")
    page.get_by_role("link", name="Queues").click()
    expect(page.get_by_text("healthy", exact=True)).to_be_visible()
    expect(page.get_by_role("rowheader", name="hold")).to_be_visible()
    expect(page.get_by_text("Over all tenants.")).to_be_visible()
