"""How the page asks: not while nobody looks, one request at a time, calmly, and on when the server is back.

Time is Playwright's, and is moved by hand.
"""

from __future__ import annotations

from playwright.sync_api import Page, Request, expect

from tests.dashboard.conftest import Tenant

HIDE = """hidden => {
  Object.defineProperty(document, "hidden", {value: hidden, configurable: true});
  document.dispatchEvent(new Event("visibilitychange"));
}"""


def open_with_clock(page: Page, tenant: Tenant) -> list[str]:
    """The overview with a clock that stands still; what it has asked the API since."""
    page.clock.install()
    page.goto(f"{tenant.url}/jobs#token={tenant.token}")
    expect(page.get_by_text("No jobs yet.")).to_be_visible()
    asked: list[str] = []

    def heard(request: Request) -> None:
        if "/api/" in request.url:
            asked.append(request.url)

    page.on("request", heard)
    return asked


def test_nothing_is_asked_while_the_tab_is_hidden(page: Page, tenant: Tenant) -> None:
    asked = open_with_clock(page, tenant)
    page.evaluate(HIDE, True)
    page.clock.run_for(3_600_000)
    assert asked == []
    with page.expect_response("**/jobs/stats"):
        page.evaluate(HIDE, False)
    assert sum(url.endswith("/stats") for url in asked) == 1


def test_what_does_not_change_is_asked_for_less_and_less(page: Page, tenant: Tenant) -> None:
    asked = open_with_clock(page, tenant)
    for wait in (1_500, 1_950, 2_535):
        with page.expect_response("**/jobs/stats"):
            page.clock.run_for(wait + 1)
    before = len(asked)
    page.clock.run_for(1_500)
    assert len(asked) == before == 3


def test_one_request_at_a_time(page: Page, tenant: Tenant) -> None:
    asked = open_with_clock(page, tenant)
    page.route("**/jobs/stats", lambda route: None)  # never answered
    with page.expect_request("**/jobs/stats"):
        page.clock.run_for(1_501)
    page.clock.run_for(20_000)
    assert len(asked) == 1


def test_a_server_that_is_away_is_told_of_and_found_again(page: Page, tenant: Tenant, complaints: list[str]) -> None:
    open_with_clock(page, tenant)
    page.route("**/jobs/stats", lambda route: route.abort())
    banner = page.get_by_role("alert")
    for wait, told in ((1_500, "1 s"), (1_000, "2 s"), (2_000, "4 s"), (4_000, "8 s")):
        page.clock.run_for(wait + 1)
        expect(banner).to_contain_text("does not answer. Is `jobyard up` running? What you see may be old.")
        expect(banner).to_contain_text(f"Next try in {told}.")
    page.unroute("**/jobs/stats")
    tenant.ended(tenant.enqueue("greet", {"fullName": "Ada"})["id"])
    banner.get_by_role("button", name="Try now").click()
    expect(banner).not_to_be_visible()
    expect(page.get_by_role("link", name="1 completed").first).to_be_visible()
    complaints.clear()


def test_a_server_that_cannot_answer_says_why(page: Page, tenant: Tenant, complaints: list[str]) -> None:
    open_with_clock(page, tenant)
    problem = {"status": 503, "detail": "the database did not answer in time; try again"}
    page.route("**/jobs/stats", lambda route: route.fulfill(status=503, json=problem, headers={"Retry-After": "20"}))
    page.clock.run_for(1_501)
    expect(page.get_by_role("alert")).to_contain_text("The database did not answer in time; try again.")
    expect(page.get_by_role("alert")).to_contain_text("Next try in 20 s.")
    page.get_by_role("link", name="Queues").click()
    expect(page.get_by_text("healthy", exact=True)).to_be_visible()
    expect(page.get_by_role("alert")).not_to_be_visible()
    complaints.clear()
