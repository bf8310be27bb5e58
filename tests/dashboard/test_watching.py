"""Who works and how well, and who has done what: workers, findings, the audit trail."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page, expect

from tests.dashboard.conftest import JOBS, Tenant


def finding(rule: str, subject: str, message: str) -> dict[str, object]:
    return {"rule": rule, "subject": subject, "value": 1, "threshold": 1, "message": message}


def test_workers_tell_where_they_are_what_they_run_and_how_they_are(page: Page, tenant: Tenant, gate: Path) -> None:
    tenant.enqueue("hold", {"until": str(gate)}, jobId="long")
    page.goto(f"{tenant.url}/jobs#token={tenant.token_of('jobs:read jobs:write admin')}")
    page.get_by_role("link", name="Workers").click()
    worker = page.locator(".worker")
    expect(worker.get_by_role("list", name="Jobs that run here")).to_contain_text("long")
    expect(worker).to_contain_text("working")
    expect(worker).to_contain_text("hold: 1 of 10")
    (told,) = page.request.get(
        f"{tenant.url}{JOBS}/workers", headers={"Authorization": f"Bearer {tenant.token_of('admin')}"}
    ).json()["workers"]
    expect(worker.get_by_role("heading", name=told["name"])).to_be_visible()
    expect(worker.get_by_role("definition").first).to_have_text(told["name"].split(":")[0])
    page.route("**/jobs/workers", lambda route: route.fulfill(json={"workers": [told]}))
    for state in ("draining", "silent"):
        told[state] = True
        expect(worker.get_by_text(state, exact=True)).to_be_visible()
    worker.get_by_role("link", name="long").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    gate.touch()


def test_the_cleaners_runs_are_beside_the_workers(page: Page, tenant: Tenant) -> None:
    run = {"begunAt": "2026-11-22T07:30:00.000Z", "duration": 3_200, "by": "host:1:a", "byHand": False, "end": "done"}
    run |= {"overCount": 40, "overdue": 2, "skipped": 0, "trouble": None, "error": None}
    lost = run | {"end": "lost", "duration": None, "byHand": True}
    failed = run | {"end": "failed", "error": "ClientError: slow down", "overCount": 1, "overdue": 0}
    page.route("**/health/cleaner?limit=5", lambda route: route.fulfill(json={"runs": [run, lost, failed]}))
    page.goto(f"{tenant.url}/jobs#token={tenant.token_of('jobs:read jobs:write admin')}")
    page.get_by_role("link", name="Workers").click()
    shown = page.get_by_role("list", name="Runs of the cleaner").get_by_role("listitem")
    expect(shown.nth(0)).to_contain_text("ago, 42 jobs removed in 3.2 s, host:1:a")
    expect(shown.nth(1)).to_contain_text("ago, by hand, host:1:a")
    expect(shown.nth(2)).to_contain_text("1 job removed in 3.2 s, host:1:a, ClientError: slow down")
    for number, end in enumerate(("done", "lost", "failed")):
        expect(shown.nth(number).get_by_text(end, exact=True)).to_be_visible()
    page.unroute("**/health/cleaner?limit=5")
    # The worker made a run of its own when it started.
    page.reload()
    expect(shown.last).to_contain_text("0 jobs removed")


def test_what_is_wrong_is_said_on_the_overview_and_leads_on(dashboard: Page, tenant: Tenant) -> None:
    expect(dashboard.get_by_text("healthy", exact=True)).to_be_visible()
    expect(dashboard.get_by_role("list", name="What is wrong")).not_to_be_visible()
    found = [
        finding("backlog", "greet", "1,200 jobs of type greet wait"),
        finding("worker-silent", "a:1:b", "worker a:1:b has not been heard of for 61 s"),
        finding("dead-letters", "nasty", "1 job of type nasty failed for good"),
    ]
    check = {"status": "degraded", "findings": found, "metrics": [], "queues": 0, "totalJobs": 0}
    dashboard.route("**/health/check", lambda route: route.fulfill(json=check))
    dashboard.reload()
    expect(dashboard.get_by_text("degraded", exact=True)).to_be_visible()
    wrong = dashboard.get_by_role("list", name="What is wrong").get_by_role("listitem")
    expect(wrong).to_have_text(["1,200 jobs of type greet wait", "Worker a:1:b has not been heard of for 61 s"])
    # Workers are for administrators.
    expect(wrong.nth(1).get_by_role("link")).to_have_count(0)
    wrong.get_by_role("link").click()
    expect(dashboard).to_have_url(f"{tenant.url}/jobs#/jobs?type=greet&status=waiting")
    dashboard.get_by_role("link", name="Queues").click()
    expect(wrong).to_have_count(2)


def test_the_trail_is_looked_through_and_leads_to_what_was_done(dashboard: Page, tenant: Tenant) -> None:
    tenant.enqueue("greet", {"fullName": "Ada"}, jobId="later", delay=3_600_000)
    tenant.enqueue("greet", {"fullName": "Ada"}, jobId="other", delay=3_600_000)
    dashboard.get_by_role("link", name="Audit").click()
    expect(
        dashboard.get_by_text("Nothing found so far.").or_(dashboard.get_by_text("Nothing has been done yet."))
    ).to_be_visible()
    tenant.http.delete(f"{JOBS}/later").raise_for_status()
    tenant.http.post(f"{JOBS}/other/replay", json={"jobId": "copy"}).raise_for_status()
    tenant.http.post(f"{JOBS}/other/retry")
    rows = dashboard.get_by_role("table", name="Audit").locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("refused")
    expect(rows.nth(0)).to_contain_text("WrongStatus")
    expect(rows.nth(1).get_by_role("link", name="copy", exact=True)).to_be_visible()
    expect(rows.nth(2)).to_contain_text("127.0.0.1")
    dashboard.get_by_label("What, as job.cancel").fill("job.cancel")
    dashboard.get_by_role("button", name="Show").click()
    expect(rows).to_have_count(1)
    expect(dashboard).to_have_url(f"{tenant.url}/jobs#/audit?action=job.cancel")
    rows.get_by_role("link", name="later").click()
    expect(dashboard.get_by_role("heading", name="later")).to_be_visible()
    dashboard.get_by_text("Audit: who did what to it").click()
    expect(rows).to_contain_text(["job.cancel"])
    # It follows what is done meanwhile.
    dashboard.goto(f"{tenant.url}/jobs#/job/other")
    dashboard.get_by_text("Audit: who did what to it").click()
    expect(rows).to_have_count(2)
    dashboard.get_by_role("button", name="Cancel other").click()
    dashboard.get_by_role("button", name="Cancel the job").click()
    expect(rows).to_have_count(3)
    dashboard.goto(f"{tenant.url}/jobs#/job/copy")
    dashboard.get_by_text("Audit: who did what to it").click()
    expect(dashboard.get_by_text("Nobody has changed it since it was made.")).to_be_visible()
