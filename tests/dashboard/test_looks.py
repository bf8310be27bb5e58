"""Everybody can use it: axe-core finds nothing in light and dark, a narrow screen shows all, a keyboard is enough."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.cli.house import Running
from tests.dashboard.conftest import JOBS, Tenant

#: Views, and what is on them when they are complete.
VIEWS = {
    "#/": ".tiles",
    "#/jobs": ".jobs tbody tr",
    "#/jobs?status=cancelled": ".empty",
    "#/dead": ".choices li",
    "#/dead/nasty": ".letters li",
    "#/queues": "tbody tr",
    "#/schedules": ".schedules tbody tr",
    "#/replay/evil": "form.new",
    "#/workers": ".letters li",
    "#/job/evil": ".timeline li",
    "#/job/running": "progress",
    "#/job/paid": ".cards button",
    "#/flows": ".flows tbody tr",
    "#/flow/parts": ".step",
    "#/audit": ".audit tbody tr",
    "#/new?type=greet": "form.new",
}
#: What axe asks of a page in each; only its rules on colour depend on it.
SCHEMES: dict[Literal["light", "dark"], dict[str, list[str]]] = {
    "light": {"resultTypes": ["violations"]},
    "dark": {"resultTypes": ["violations"], "runOnly": ["cat.color"]},
}


@pytest.fixture(scope="module")
def filled(house: Running, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A tenant with a job of each kind."""
    with Tenant(house.ready["api"], "looks") as tenant:
        gate = tmp_path_factory.mktemp("looks") / "gate"
        tenant.enqueue("hold", {"until": str(gate)}, jobId="running")
        tenant.ended(tenant.enqueue("nasty", {"a": "b" * 300}, jobId="evil")["id"])
        tenant.ended(tenant.enqueue("unreliable", {"unless": str(gate)}, jobId="x" * 128)["id"])
        tenant.ended(tenant.enqueue("greet", {"fullName": "Ada"})["id"])
        tenant.enqueue("greet", {"fullName": "Ada"}, delay=3_600_000)
        tenant.schedule("nightly", "greet", {"fullName": "Ada"})
        tenant.http.post(f"{JOBS}/schedules/nightly/run").raise_for_status()
        tenant.ended(tenant.enqueue("card", {"number": "4111"}, jobId="paid")["id"])
        steps = {"type": "nasty", "data": {}, "name": "a"}, {"type": "hold", "data": {"until": str(gate)}, "name": "b"}
        last = {"type": "greet", "data": {"fullName": "Bob"}, "after": ["a", "b"]}
        tenant.flow(*steps, last, flowId="parts", onFailure="continue")
        tenant.ended("parts:a")
        yield tenant
        gate.touch()
        for held in ("running", "parts:b"):
            tenant.ended(held)


def open_view(page: Page, tenant: Tenant, view: str) -> None:
    page.goto(f"{tenant.url}/jobs#token={tenant.token_of('jobs:read jobs:write admin')}")
    expect(page.locator(".tiles")).to_be_visible()
    page.goto(f"{tenant.url}/jobs{view}")
    expect(page.locator(VIEWS[view]).first).to_be_visible()


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing(browser: Browser, filled: Tenant, view: str) -> None:
    # axe-core brings a script of its own, which the page's policy forbids.
    with browser.new_context(bypass_csp=True, reduced_motion="reduce") as context:
        page = context.new_page()
        open_view(page, filled, view)
        for scheme, asked in SCHEMES.items():
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found = Axe().run(page, options=asked)
            assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_asked_before_many_is_fit_for_all_too(browser: Browser, filled: Tenant, scheme: Any) -> None:
    with browser.new_context(color_scheme=scheme, bypass_csp=True, reduced_motion="reduce") as context:
        page = context.new_page()
        open_view(page, filled, "#/dead/nasty")
        page.get_by_text("Retry or discard many").click()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        page.get_by_role("button", name="Discard all that match").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()
        page.get_by_role("button", name="Leave them").click()
        page.goto(f"{filled.url}/jobs#/queues")
        page.get_by_role("button", name="Purge nasty").click()
        expect(page.get_by_label("Type nasty to go on")).to_be_focused()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


def test_the_field_for_the_token_is_fit_for_all_too(browser: Browser, filled: Tenant) -> None:
    with browser.new_context(bypass_csp=True) as context:
        page = context.new_page()
        page.goto(f"{filled.url}/jobs")
        expect(page.get_by_label("Token")).to_be_focused()
        found = Axe().run(page)
        assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("view", VIEWS)
def test_a_narrow_screen_needs_no_scrolling_sideways(browser: Browser, filled: Tenant, view: str) -> None:
    with browser.new_context(viewport={"width": 360, "height": 740}) as context:
        page = context.new_page()
        open_view(page, filled, view)
        width, room = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        assert width <= room


def test_dark_and_light_are_the_readers_choice(browser: Browser, filled: Tenant) -> None:
    grounds = []
    for scheme in SCHEMES:
        with browser.new_context(color_scheme=scheme) as context:
            page = context.new_page()
            open_view(page, filled, "#/")
            grounds.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert grounds == ["rgb(244, 246, 249)", "rgb(17, 20, 27)"]


def test_nothing_moves_for_those_who_want_it_still(browser: Browser, filled: Tenant) -> None:
    for motion, running in (("reduce", 0), ("no-preference", 1)):
        with browser.new_context(reduced_motion=motion) as context:  # type: ignore[arg-type]
            page = context.new_page()
            open_view(page, filled, "#/job/running")
            moving = "document.getAnimations().filter(one => one.animationName === 'breathe').length"
            assert (page.evaluate(moving) > 0) == bool(running)


def test_a_keyboard_is_enough(dashboard: Page, tenant: Tenant, gate: Path) -> None:
    tenant.ended(tenant.enqueue("unreliable", {"unless": str(gate)}, jobId="keyed")["id"])
    dashboard.goto(f"{tenant.url}/jobs#/job/keyed")
    expect(dashboard.get_by_role("button", name="Retry keyed")).to_be_visible()
    order = []
    # From the top of the page.
    dashboard.reload()
    expect(dashboard.get_by_role("button", name="Retry keyed")).to_be_visible()
    for _ in range(11):
        dashboard.keyboard.press("Tab")
        order.append(dashboard.evaluate("document.activeElement.textContent || document.activeElement.name"))
        outline = dashboard.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", order[-1]
    assert order == [
        "Skip to the content",
        "Jobyard",
        "Overview",
        "Jobs",
        "Flows",
        "Dead letters",
        "Schedules",
        "Queues",
        "Audit",
        "id",
        "New job",
    ]
    gate.touch()
    dashboard.get_by_role("button", name="Retry keyed").focus()
    dashboard.keyboard.press("Enter")
    expect(dashboard.get_by_role("region", name="Result", exact=True)).to_have_text('"printed"')


def test_the_first_link_skips_to_the_content(dashboard: Page) -> None:
    dashboard.reload()
    expect(dashboard.get_by_role("heading", name="Overview")).to_be_visible()
    dashboard.keyboard.press("Tab")
    dashboard.keyboard.press("Enter")
    expect(dashboard.locator("#main")).to_be_focused()
    expect(dashboard.get_by_role("heading", name="Overview")).to_be_visible()
