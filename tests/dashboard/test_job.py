"""One job: what became of it, and what can be done about that. Whatever a job holds is shown as text."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from tests.dashboard.conftest import JOBS, Tenant
from tests.dashboard.jobs_to_show import NASTY


def test_a_failed_job_tells_all_and_is_retried(dashboard: Page, tenant: Tenant, gate: Path) -> None:
    tenant.ended(tenant.enqueue("unreliable", {"unless": str(gate)}, jobId="print", tags=["eu", "late"])["id"])
    dashboard.goto(f"{tenant.url}/jobs#/job/print")
    expect(dashboard.get_by_role("heading", name="ConnectionError")).to_be_visible()
    expect(dashboard.get_by_role("region", name="Traceback")).to_contain_text("raise ConnectionError")
    attempts = dashboard.get_by_role("region", name="Attempts").get_by_role("listitem")
    expect(attempts).to_have_count(2)
    expect(attempts.nth(1)).to_contain_text("after the one before")
    expect(attempts.nth(1)).to_contain_text("ConnectionError: the printer did not answer")
    log = dashboard.get_by_role("region", name="Log", exact=True)
    time = r"\d\d:\d\d:\d\d\.\d{3}"
    said = rf"{time} #1 WARNING  attempt 1 of the connection\s+port=631\s+{time} #2 WARNING  attempt 2"
    expect(log).to_have_text(re.compile(said))
    expect(log.locator(".grave")).to_have_count(2)
    expect(dashboard.get_by_text("eu, late")).to_be_visible()
    job = tenant.http.get(f"{JOBS}/print").json()
    finished = dashboard.locator(f"time[datetime='{job['finishedAt']}']").first
    expect(finished).to_have_attribute("title", job["finishedAt"].replace("T", " ").replace("Z", " UTC"))
    gate.touch()
    dashboard.get_by_role("button", name="Retry print").click()
    expect(dashboard.get_by_role("status").filter(has_text="print will run again.")).to_be_visible()
    expect(dashboard.get_by_role("region", name="Result", exact=True)).to_have_text('"printed"')
    expect(dashboard.get_by_role("button", name="Retry print")).to_have_count(0)


def test_a_waiting_job_is_cancelled_after_a_question(dashboard: Page, tenant: Tenant) -> None:
    tenant.enqueue("greet", {"fullName": "Ada"}, jobId="later", delay=3_600_000)
    dashboard.goto(f"{tenant.url}/jobs#/job/later")
    expect(dashboard.get_by_text("in 59 min")).to_be_visible()
    dashboard.get_by_role("button", name="Cancel later").click()
    question = dashboard.get_by_role("dialog")
    expect(question).to_contain_text("Cancel greet later? It will not run.")
    question.get_by_role("button", name="Keep it").click()
    expect(question).not_to_be_visible()
    dashboard.get_by_role("button", name="Cancel later").click()
    dashboard.keyboard.press("Escape")
    expect(question).not_to_be_visible()
    assert tenant.http.get(f"{JOBS}/later").json()["status"] == "delayed"
    dashboard.get_by_role("button", name="Cancel later").click()
    question.get_by_role("button", name="Cancel the job").click()
    expect(dashboard.get_by_text("cancelled", exact=True)).to_be_visible()
    assert tenant.http.get(f"{JOBS}/later").json()["status"] == "cancelled"


def test_an_action_that_comes_too_late_says_why(
    dashboard: Page, tenant: Tenant, gate: Path, complaints: list[str]
) -> None:
    tenant.enqueue("hold", {"until": str(gate)}, jobId="quick", delay=3_600_000)
    dashboard.goto(f"{tenant.url}/jobs#/job/quick")
    dashboard.get_by_role("button", name="Cancel quick").click()
    answer = '{"type": "urn:jobyard:problem:wrong-status", "status": 409, "detail": "job quick is active"}'
    dashboard.route("**/jobs/quick", lambda route: route.fulfill(status=409, body=answer), times=1)
    dashboard.get_by_role("button", name="Cancel the job").click()
    expect(dashboard.get_by_role("status").filter(has_text="Job quick is active.")).to_be_visible()
    assert len(complaints) == 1
    complaints.clear()


def test_progress_is_seen_while_it_runs(dashboard: Page, tenant: Tenant, gate: Path) -> None:
    tenant.enqueue("hold", {"until": str(gate)}, jobId="long")
    dashboard.goto(f"{tenant.url}/jobs#/job/long")
    expect(dashboard.get_by_role("progressbar")).to_have_attribute("value", "40")
    expect(dashboard.get_by_text("40 % waiting for the file")).to_be_visible()
    expect(dashboard.get_by_text("running", exact=True)).to_be_visible()
    gate.touch()
    expect(dashboard.get_by_role("region", name="Result", exact=True)).to_have_text('"released"')
    expect(dashboard.get_by_role("progressbar")).to_have_count(0)


def test_large_numbers_are_shown_as_they_are(dashboard: Page, tenant: Tenant) -> None:
    tenant.ended(tenant.enqueue("greet", {"fullName": "Ada"}, jobId="exact")["id"])
    dashboard.goto(f"{tenant.url}/jobs#/job/exact")
    expect(dashboard.get_by_role("region", name="Result", exact=True)).to_contain_text('"pages": 9007199254740993')


def test_markup_in_data_errors_and_logs_is_text(dashboard: Page, tenant: Tenant) -> None:
    data = {"a": NASTY, NASTY: "key"}
    tenant.ended(tenant.enqueue("nasty", data, jobId="evil", tags=[NASTY[:40]])["id"])
    dashboard.goto(f"{tenant.url}/jobs#/jobs")
    expect(dashboard.get_by_text(NASTY)).to_be_visible()
    dashboard.goto(f"{tenant.url}/jobs#/dead/nasty")
    expect(dashboard.get_by_text(NASTY).first).to_be_visible()
    dashboard.goto(f"{tenant.url}/jobs#/job/evil")
    expect(dashboard.get_by_role("region", name="Log", exact=True)).to_contain_text(NASTY)
    expect(dashboard.get_by_role("region", name="Error")).to_contain_text(NASTY)
    expect(dashboard.get_by_role("region", name="Data", exact=True)).to_contain_text("window.hacked=2")
    expect(dashboard.get_by_text(NASTY[:40], exact=True)).to_be_visible()
    assert dashboard.evaluate("[window.hacked ?? null, document.querySelectorAll('main img, main script').length]") == [
        None,
        0,
    ]


def test_markup_in_names_is_text_too(dashboard: Page, complaints: list[str]) -> None:
    """No job type can be named so; an API that is not ours may say it all the same."""
    evil = NASTY[:20] + "&amp;<b>"
    counts = dict.fromkeys(("waiting", "delayed", "active", "completed", "failed", "cancelled"), 1)
    row = {"type": evil, "counts": counts, "total": 6, "failedRate": 50, "exact": True}
    dashboard.route("**/jobs/stats", lambda route: route.fulfill(json={**row, "types": [row]}))
    expect(dashboard.get_by_role("rowheader", name=evil)).to_be_visible()
    dashboard.get_by_role("rowheader", name=evil).get_by_role("link").click()
    expect(dashboard.get_by_label("Type")).to_have_value(evil)
    expect(dashboard.get_by_text(f"Unknown job type '{evil}'")).to_be_visible()
    assert dashboard.evaluate("window.hacked ?? null") is None
    assert len(complaints) == 1
    complaints.clear()
