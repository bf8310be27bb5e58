"""A real `jobyard up`, and Debian's Chromium on its dashboard."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from api.auth import make_token
from tests.cli.house import Running, up
from tests.clients.installing import missing

JOBS = "/api/v1/jobs"
SECRET = "a secret of the dashboard's tests, long enough"
#: Programs that Playwright can drive as Chromium, and where another one can be named.
PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
PROGRAM = "JOBYARD_TEST_CHROMIUM"
#: Milliseconds for something to come true on a busy machine.
PATIENCE = 20_000
#: Seconds that the API may take to answer.
LIMIT = 60.0

expect.set_options(timeout=PATIENCE)


# Of the package, not of the session: while it is there a loop of Playwright's runs, and no test may be async.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Chromium; without one, a reason to skip, or to fail where CI is set."""
    program = os.environ.get(PROGRAM) or next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        missing(f"Chromium is absent: install chromium, or name one in {PROGRAM}")
    with sync_playwright() as playwright:
        # Root has no sandbox; what is opened here is our own.
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield started
        started.close()


@pytest.fixture(scope="package")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`jobyard up` on ports of its own."""
    data = tmp_path_factory.mktemp("dashboard")
    with up(data, jobs="tests.dashboard.jobs_to_show", JOBYARD_SECRET=SECRET, JOBYARD_REAP_EVERY="0.5") as started:
        yield started


class Tenant:
    """The API as one tenant uses it: each test has its own, so that counts and lists are its own too."""

    def __init__(self, url: str, name: str):
        self.url, self.name = url, name
        self.token = self.token_of("jobs:read jobs:write")
        self.http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {self.token}"}, timeout=LIMIT)

    def __enter__(self) -> Tenant:
        return self

    def __exit__(self, *error: object) -> None:
        self.http.close()

    def token_of(self, scope: str) -> str:
        return make_token(SECRET, tenant=self.name, subject="tests", scope=scope, expires_in=3600)

    def enqueue(self, type_name: str, data: Any, **options: Any) -> dict[str, Any]:
        """A job; options as the API names them."""
        answer = self.http.post(JOBS, json={"type": type_name, "data": data, "options": options})
        assert answer.status_code == 202, answer.text
        job: dict[str, Any] = answer.json()
        return job

    def schedule(self, name: str, type_name: str, data: Any, schedule: str = "0 2 * * *") -> None:
        """A schedule."""
        body = {"name": name, "type": type_name, "schedule": schedule, "data": data}
        answer = self.http.post(f"{JOBS}/schedules", json=body)
        assert answer.status_code == 201, answer.text

    def flow(self, *steps: dict[str, Any], **more: Any) -> str:
        """A flow's id; steps and the rest as the API names them."""
        answer = self.http.post(f"{JOBS}/flows", json={"steps": list(steps), **more})
        assert answer.status_code == 202, answer.text
        return str(answer.json()["id"])

    def ended(self, job_id: str) -> dict[str, Any]:
        """The job once it has ended."""
        while True:
            job: dict[str, Any] = self.http.get(f"{JOBS}/{job_id}", params={"wait": 10}).raise_for_status().json()
            if job["status"] in ("completed", "failed", "cancelled"):
                return job


@pytest.fixture
def tenant(house: Running, request: pytest.FixtureRequest) -> Iterator[Tenant]:
    with Tenant(house.ready["api"], f"t-{request.node.name[:50]}".replace("[", "-").replace("]", "")) as made:
        yield made


@pytest.fixture
def complaints() -> list[str]:
    """What the console has said of errors; a test that expects some takes them out."""
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    """A page of a browser that knows nothing yet. At the end its console must have had no complaint."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    page = context.new_page()

    def heard(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    page.on("console", heard)
    page.on("pageerror", lambda error: complaints.append(f"uncaught: {error}"))
    yield page
    context.close()
    assert complaints == []


@pytest.fixture
def dashboard(page: Page, tenant: Tenant) -> Page:
    """The page, signed in as the test's tenant."""
    page.goto(f"{tenant.url}/jobs#token={tenant.token}")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    return page


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """A file that `hold`, `single` and `unreliable` look for: not there yet, there once the test has ended."""
    gate = tmp_path / "gate"
    yield gate
    gate.touch()
