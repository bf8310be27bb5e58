"""What can be done besides looking: to one job, to many failed ones, to queues and schedules."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.dashboard.conftest import JOBS, Tenant


def said(page: Page, text: str) -> None:
    expect(page.locator("#remark").filter(has_text=text)).to_be_visible()


def as_admin(page: Page, tenant: Tenant) -> None:
    page.goto(f"{tenant.url}/jobs#token={tenant.token_of('jobs:read jobs:write admin')}")
    expect(page.get_by_role("link", name="Workers")).to_be_visible()


def test_a_running_job_is_asked_to_end(dashboard: Page, tenant: Tenant, gate: Path) -> None:
    tenant.enqueue("hold", {"until": str(gate)}, jobId="long")
    dashboard.goto(f"{tenant.url}/jobs#/job/long")
    expect(dashboard.get_by_role("progressbar")).to_be_visible()
    dashboard.get_by_role("button", name="Cancel long").click()
    expect(dashboard.get_by_role("dialog")).to_contain_text("It is asked to end")
    dashboard.get_by_role("button", name="Cancel the job").click()
    said(dashboard, "long is asked to end.")
    expect(dashboard.get_by_text("Asked by")).to_be_visible()
    expect(dashboard.get_by_role("button", name="Cancel long")).to_have_count(0)
    gate.touch()


def test_a_job_is_replayed_with_other_data(dashboard: Page, tenant: Tenant, complaints: list[str]) -> None:
    tenant.ended(tenant.enqueue("greet", {"fullName": "Ada"}, jobId="first", tags=["vip"])["id"])
    dashboard.goto(f"{tenant.url}/jobs#/job/first")
    dashboard.get_by_role("link", name="Replay").click()
    name = dashboard.get_by_label("fullName")
    expect(name).to_have_value("Ada")
    name.fill("B")
    dashboard.get_by_role("button", name="Replay").click()
    expect(dashboard.get_by_text("String should have at least 2 characters")).to_be_visible()
    expect(name).to_be_focused()
    name.fill("Bob")
    dashboard.keyboard.press("Enter")
    expect(dashboard.get_by_role("region", name="Result", exact=True)).to_contain_text("Bob")
    expect(dashboard.get_by_text("vip")).to_be_visible()
    dashboard.get_by_role("link", name="first", exact=True).click()
    expect(dashboard).to_have_url(f"{tenant.url}/jobs#/job/first")
    old = tenant.http.get(f"{JOBS}/first").json()
    assert (old["data"], old["status"]) == ({"fullName": "Ada"}, "completed")
    assert len(complaints) == 1
    complaints.clear()


def test_a_job_is_replayed_as_it_was(dashboard: Page, tenant: Tenant, complaints: list[str]) -> None:
    tenant.ended(tenant.enqueue("greet", {"fullName": "Ada", "lines": []}, jobId="first")["id"])
    dashboard.goto(f"{tenant.url}/jobs#/replay/first")
    with dashboard.expect_request("**/jobs/first/replay") as asked:
        dashboard.get_by_role("button", name="Replay").click()
    assert asked.value.post_data_json == {}
    said(dashboard, "is a replay of first.")
    dashboard.goto(f"{tenant.url}/jobs#/replay/unknown")
    expect(dashboard.get_by_text("No job 'unknown' here")).to_be_visible()
    assert len(complaints) == 1
    complaints.clear()


def test_a_failed_job_is_given_up_and_its_record_deleted(dashboard: Page, tenant: Tenant) -> None:
    tenant.ended(tenant.enqueue("nasty", {}, jobId="broken")["id"])
    dashboard.goto(f"{tenant.url}/jobs#/dead/nasty")
    dashboard.get_by_role("button", name="Discard broken").click()
    dashboard.get_by_role("button", name="Discard the job").click()
    said(dashboard, "broken is given up.")
    expect(dashboard.get_by_text("No dead letters of nasty.")).to_be_visible()
    dashboard.goto(f"{tenant.url}/jobs#/job/broken")
    dashboard.get_by_role("button", name="Delete broken").click()
    dashboard.get_by_role("button", name="Keep it").click()
    assert tenant.http.get(f"{JOBS}/broken").json()["status"] == "cancelled"
    dashboard.get_by_role("button", name="Delete broken").click()
    dashboard.get_by_role("button", name="Delete the record").click()
    said(dashboard, "broken is deleted.")
    expect(dashboard).to_have_url(f"{tenant.url}/jobs#/jobs")
    assert tenant.http.get(f"{JOBS}/broken").status_code == 404


def test_many_are_counted_before_they_are_retried_and_watched(dashboard: Page, tenant: Tenant, gate: Path) -> None:
    for number in range(3):
        tenant.ended(tenant.enqueue("unreliable", {"unless": str(gate)}, jobId=f"print-{number}")["id"])
    gate.touch()
    dashboard.goto(f"{tenant.url}/jobs#/dead/unreliable")
    dashboard.get_by_text("Retry or discard many").click()
    retry = dashboard.get_by_role("button", name="Retry all that match")
    dashboard.get_by_label("error").fill("Timeout")
    retry.click()
    expect(dashboard.get_by_text("No failed job matches.")).to_be_visible()
    dashboard.get_by_label("error").fill("ConnectionError")
    dashboard.get_by_label("failedAfter").fill("2h")
    retry.click()
    expect(dashboard.get_by_role("dialog")).to_contain_text("Retry 3 failed jobs of unreliable? They will run again.")
    dashboard.get_by_role("button", name="Leave them").click()
    assert tenant.http.get(f"{JOBS}/print-0").json()["status"] == "failed"
    retry.click()
    dashboard.get_by_role("button", name="Retry them").click()
    expect(dashboard.get_by_role("heading", name="Retry of failed jobs")).to_be_visible()
    expect(dashboard.get_by_text("done", exact=True)).to_be_visible()
    expect(dashboard.get_by_text("3 jobs done, 3 looked at")).to_be_visible()
    assert tenant.ended("print-2")["status"] == "completed"
    dashboard.get_by_role("link", name="To the dead letters").click()
    expect(dashboard.get_by_text("No dead letters of unreliable.")).to_be_visible()


def test_what_a_filter_cannot_say_stands_beside_the_field(
    dashboard: Page, tenant: Tenant, complaints: list[str]
) -> None:
    tenant.ended(tenant.enqueue("nasty", {}, jobId="broken")["id"])
    dashboard.goto(f"{tenant.url}/jobs#/dead")
    dashboard.get_by_text("Retry many").click()
    dashboard.get_by_label("failedBefore").fill("yesterday")
    dashboard.get_by_label("rate").fill("0")
    dashboard.get_by_role("button", name="Retry all that match").click()
    expect(dashboard.get_by_label("failedBefore")).to_have_attribute("aria-invalid", "true")
    expect(dashboard.get_by_label("rate")).to_have_attribute("aria-invalid", "true")
    dashboard.get_by_label("failedBefore").fill("")
    dashboard.get_by_label("rate").fill("")
    dashboard.get_by_role("button", name="Retry all that match").click()
    expect(dashboard.get_by_role("dialog")).to_contain_text("Retry 1 failed job? It will run again.")
    assert len(complaints) == 1
    complaints.clear()


def test_an_operation_is_called_off(dashboard: Page, tenant: Tenant, gate: Path, complaints: list[str]) -> None:
    for number in range(3):
        tenant.ended(tenant.enqueue("unreliable", {"unless": str(gate)}, jobId=f"print-{number}")["id"])
    dashboard.goto(f"{tenant.url}/jobs#/dead/unreliable")
    dashboard.get_by_text("Retry or discard many").click()
    dashboard.get_by_label("rate").fill("0.1")
    dashboard.get_by_role("button", name="Discard all that match").click()
    dashboard.get_by_role("button", name="Discard them").click()
    expect(dashboard.get_by_text("0.1 a second")).to_be_visible()
    dashboard.reload()
    dashboard.get_by_role("button", name="Call off").click()
    dashboard.get_by_role("dialog").get_by_role("button", name="Call it off").click()
    said(dashboard, "It is called off.")
    expect(dashboard.get_by_role("button", name="Call off")).to_have_count(0)
    dashboard.goto(f"{tenant.url}/jobs#/operation/01ARZ3NDEKTSV4RRFFQ69G5FAV")
    expect(dashboard.get_by_text("There is no operation 01ARZ3NDEKTSV4RRFFQ69G5FAV.")).to_be_visible()
    assert len(complaints) == 1
    complaints.clear()


def test_a_queue_is_paused_and_resumed(page: Page, tenant: Tenant) -> None:
    as_admin(page, tenant)
    page.goto(f"{tenant.url}/jobs#/queues")
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="nasty"))
    row.get_by_role("button", name="Pause nasty").click()
    said(page, "nasty is paused, for all tenants.")
    expect(row.get_by_text("paused", exact=True)).to_be_visible()
    row.get_by_role("button", name="Resume nasty").click()
    expect(row.get_by_text("paused", exact=True)).not_to_be_visible()
    assert tenant.http.get(f"{JOBS}/queues/nasty").json()["paused"] is False


def test_a_queue_is_purged_once_its_name_is_typed(page: Page, tenant: Tenant, gate: Path) -> None:
    tenant.enqueue("purged", {}, jobId="waits", delay=3_600_000)
    as_admin(page, tenant)
    page.goto(f"{tenant.url}/jobs#/queues")
    page.get_by_role("button", name="Purge purged").click()
    yes = page.get_by_role("button", name="Purge the queue")
    expect(yes).to_be_disabled()
    page.get_by_label("Type purged to go on").fill("purge")
    page.keyboard.press("Enter")
    expect(yes).to_be_disabled()
    page.get_by_role("button", name="Leave it").click()
    assert tenant.http.get(f"{JOBS}/waits").json()["status"] == "delayed"
    page.get_by_role("button", name="Purge purged").click()
    expect(yes).to_be_disabled()
    page.get_by_label("Type purged to go on").fill("purged")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Purge of a queue")).to_be_visible()
    assert tenant.ended("waits")["status"] == "cancelled"


def test_without_the_scopes_nothing_is_offered(page: Page, tenant: Tenant) -> None:
    tenant.ended(tenant.enqueue("nasty", {}, jobId="broken")["id"])
    tenant.schedule("nightly", "greet", {"fullName": "Ada"})
    page.goto(f"{tenant.url}/jobs#token={tenant.token_of('jobs:read')}")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    for view, there in (
        ("dead/nasty", ".letters li"),
        ("job/broken", ".timeline li"),
        ("schedules", ".schedules tbody tr"),
        ("queues", "tbody tr"),
    ):
        page.goto(f"{tenant.url}/jobs#/{view}")
        expect(page.locator(there).first).to_be_visible()
        expect(page.locator("main").get_by_role("button").filter(has_not_text="Copy")).to_have_count(0)
        expect(page.locator("main details.many")).to_have_count(0)


def test_schedules_are_listed_paused_resumed_and_run(dashboard: Page, tenant: Tenant) -> None:
    dashboard.get_by_role("navigation", name="Views").get_by_role("link", name="Schedules").click()
    expect(dashboard.get_by_text("No schedules yet.")).to_be_visible()
    tenant.schedule("nightly", "greet", {"fullName": "Ada"})
    row = dashboard.get_by_role("row").filter(has_text="nightly")
    expect(row).to_contain_text("at 02:00")
    expect(row).to_contain_text("none yet")
    row.get_by_role("button", name="Pause nightly").click()
    said(dashboard, "nightly is paused.")
    expect(row.get_by_text("paused", exact=True)).to_be_visible()
    row.get_by_role("button", name="Resume nightly").click()
    expect(row.get_by_text("active", exact=True)).to_be_visible()
    row.get_by_role("button", name="Run now nightly").click()
    said(dashboard, "is enqueued.")
    (job,) = tenant.http.get(JOBS).json()["jobs"]
    row.get_by_title(job["id"]).click()
    expect(dashboard.get_by_role("region", name="Result", exact=True)).to_contain_text("Ada")
