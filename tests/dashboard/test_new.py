"""A new job: a form from the type's schema, the API's refusals beside the fields, JSON for what is no form."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.dashboard.conftest import JOBS, Tenant


def test_a_form_is_sent_and_its_faults_stand_beside_the_fields(
    dashboard: Page, tenant: Tenant, complaints: list[str]
) -> None:
    dashboard.get_by_role("link", name="New job").first.click()
    dashboard.get_by_label("Type").select_option("greet")
    expect(dashboard.get_by_text("Prints a greeting.")).to_be_visible()
    dashboard.get_by_label("fullName").fill("A")
    dashboard.get_by_label("copies").fill("12")
    dashboard.get_by_label("pageWidth").fill("0")
    dashboard.get_by_role("button", name="Enqueue").click()
    name = dashboard.get_by_label("fullName")
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(name).to_have_accessible_description(
        "Who is greeted. · 2 to 40 characters String should have at least 2 characters"
    )
    expect(name).to_be_focused()
    expect(dashboard.get_by_label("copies")).to_have_attribute("aria-invalid", "true")
    expect(dashboard.get_by_label("pageWidth")).to_have_attribute("aria-invalid", "true")
    assert len(complaints) == 1
    complaints.clear()
    name.fill("Ada Lovelace")
    dashboard.get_by_label("copies").fill("3")
    dashboard.get_by_label("pageWidth").fill("")
    dashboard.get_by_label("isGlossy").select_option("true")
    dashboard.get_by_label("tone").select_option("stern")
    dashboard.get_by_label("lines").fill('["one", "two"]')
    dashboard.get_by_text("Options", exact=True).click()
    dashboard.get_by_label("jobId").fill("from-the-form")
    dashboard.get_by_role("button", name="Enqueue").click()
    expect(dashboard).to_have_url(f"{tenant.url}/jobs#/job/from-the-form")
    expect(dashboard.get_by_role("status").filter(has_text="from-the-form is enqueued.")).to_be_visible()
    data = tenant.ended("from-the-form")["data"]
    said = {"fullName": "Ada Lovelace", "copies": 3, "tone": "stern", "lines": ["one", "two"]}
    assert data == said | {"paper": {"isGlossy": True}}


def test_options_that_are_refused_are_shown_where_they_are(
    dashboard: Page, tenant: Tenant, complaints: list[str]
) -> None:
    dashboard.goto(f"{tenant.url}/jobs#/new?type=greet")
    dashboard.get_by_label("fullName").fill("Ada")
    dashboard.get_by_text("Options", exact=True).click()
    dashboard.get_by_label("jobId").fill("no spaces please")
    dashboard.get_by_label("attempts").fill("three")
    dashboard.get_by_role("button", name="Enqueue").click()
    expect(dashboard.get_by_text("three is no number")).to_be_visible()
    dashboard.get_by_label("attempts").fill("3")
    dashboard.get_by_role("button", name="Enqueue").click()
    expect(dashboard.get_by_label("jobId")).to_have_attribute("aria-invalid", "true")
    expect(dashboard.get_by_text("use 1 to 128 of the characters")).to_be_visible()
    expect(dashboard.get_by_text("three is no number")).to_have_count(0)
    assert len(complaints) == 1
    complaints.clear()


def test_fields_and_json_are_two_ways_to_say_the_same(dashboard: Page, tenant: Tenant) -> None:
    dashboard.goto(f"{tenant.url}/jobs#/new?type=greet")
    dashboard.get_by_label("fullName").fill("Grace")
    dashboard.get_by_role("button", name="JSON").click()
    text = dashboard.get_by_label("data", exact=True)
    assert json.loads(text.input_value()) == {"fullName": "Grace"}
    text.fill('{"fullName": ')
    dashboard.get_by_role("button", name="Enqueue").click()
    expect(dashboard.get_by_text("This is no JSON")).to_be_visible()
    text.fill('{"fullName": "Grace", "unheard": 9007199254740993}')
    dashboard.get_by_role("button", name="Fields").click()
    expect(dashboard.get_by_text("The fields cannot show this.")).to_be_visible()
    text.fill('{"fullName": "Grace Hopper", "copies": 2}')
    dashboard.get_by_role("button", name="Fields").click()
    expect(dashboard.get_by_label("fullName")).to_have_value("Grace Hopper")
    expect(dashboard.get_by_label("copies")).to_have_value("2")


def test_a_job_is_copied_with_its_data(dashboard: Page, tenant: Tenant) -> None:
    tenant.ended(tenant.enqueue("greet", {"fullName": "Ada", "copies": 4, "lines": ["x"]}, jobId="first")["id"])
    dashboard.goto(f"{tenant.url}/jobs#/job/first")
    dashboard.get_by_role("link", name="Copy as new").click()
    expect(dashboard.get_by_label("copies")).to_have_value("4")
    dashboard.get_by_label("fullName").fill("Grace")
    with dashboard.expect_response(lambda answer: answer.request.method == "POST") as answered:
        dashboard.get_by_role("button", name="Enqueue").click()
    made = answered.value.json()
    assert made["id"] != "first"
    assert made["data"] == tenant.http.get(f"{JOBS}/first").json()["data"] | {"fullName": "Grace"}


def test_what_is_no_form_is_json(dashboard: Page, tenant: Tenant) -> None:
    dashboard.goto(f"{tenant.url}/jobs#/new?type=nasty")
    expect(dashboard.get_by_role("button", name="Fields")).to_have_count(0)
    dashboard.get_by_label("data", exact=True).fill('{"n": "1"}')
    dashboard.get_by_text("Options", exact=True).click()
    dashboard.get_by_label("jobId").fill("plain")
    dashboard.get_by_role("button", name="Enqueue").click()
    expect(dashboard.get_by_role("heading", name="plain")).to_be_visible()
    dashboard.goto(f"{tenant.url}/jobs#/new?type=nasty")
    dashboard.get_by_label("data", exact=True).fill("{}")
    dashboard.get_by_text("Options", exact=True).click()
    dashboard.get_by_label("jobId").fill("plain")
    dashboard.get_by_role("button", name="Enqueue").click()
    expect(dashboard.get_by_role("status").filter(has_text="plain was there already")).to_be_visible()
