"""`jobyard schedules`: made, listed, shown, paused, run and deleted on a running `jobyard up`."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Command

ADA = '{"name": "Ada"}'


@pytest.fixture
def greeting(jobyard: Command) -> str:
    """The name of a schedule that is not due while the tests run."""
    done = jobyard("schedules", "create", "greeting", "hello", "0 9 1 1 *", "-d", ADA, "--timezone", "Europe/Berlin")
    assert done.code == 0, done.err
    return "greeting"


def test_create_tells_when_it_is_due(jobyard: Command) -> None:
    done = jobyard("schedules", "create", "told", "hello", "0 9 * * 1-5", "-d", ADA, "--overlap", "skip")
    first, second, third, fourth = done.out.splitlines()
    assert first == "told: active, hello at 09:00, Monday to Friday, UTC"
    assert second == "  0 9 * * 1-5, from call by local"
    assert third == "  overlap skip, catch-up latest, jitter 0 min"
    assert fourth.startswith("  next 20")


def test_list_and_next(jobyard: Command, greeting: str) -> None:
    rows = jobyard("schedules", "list").out.splitlines()
    assert rows[0].split("  ")[0] == "NAME"
    assert any(row.startswith(greeting) and row.endswith("in January, Europe/Berlin") for row in rows)
    assert all(line.endswith("-01-01T08:00:00.000Z") for line in jobyard("schedules", "next", greeting).out.split())
    assert len(jobyard("schedules", "next", greeting, "-n", "3", "--json").json) == 3


def test_pause_resume_run_and_delete(jobyard: Command, greeting: str) -> None:
    assert jobyard("schedules", "pause", greeting).out.startswith("greeting: paused")
    assert jobyard("schedules", "next", greeting).err == "no further time: greeting is paused\n"
    assert jobyard("schedules", "resume", greeting).out.startswith("greeting: active")
    job = jobyard("schedules", "run", greeting, "--json").json
    assert job["type"] == "hello"
    assert job["id"].startswith("greeting:")
    assert "last run " + job["id"] in jobyard("schedules", "show", greeting).out
    assert jobyard("schedules", "delete", greeting).out == "greeting: deleted\n"
    done = jobyard("schedules", "show", greeting)
    assert done.code == 2
    assert "no schedule 'greeting' here" in done.err


def test_update_replaces_it(jobyard: Command, greeting: str) -> None:
    changed = jobyard("schedules", "create", greeting, "hello", "rate(2 days)", "-d", ADA, "--update", "--json").json
    assert (changed["schedule"], changed["timezone"]) == ("rate(2 days)", "UTC")
    jobyard("schedules", "delete", greeting)


def test_what_it_says_of_its_jobs(jobyard: Command) -> None:
    flags = ("--expires-in", "600", "--deadline", "900", "--tag", "a", "--priority", "4")
    unique = ("--unique-key", "k", "--unique-mode", "debounce", "--unique-window", "60", "--unique-max-wait", "90")
    options = jobyard(
        *("schedules", "create", "said", "hello", "0 9 1 1 *", "-d", ADA, "--json"), *flags, *unique
    ).json["options"]
    rule = options.pop("unique")
    assert options == {"expiresIn": 600_000, "deadline": 900_000, "tags": ["a"], "priority": 4}
    assert rule == {"key": "k", "fields": [], "window": 60_000, "mode": "debounce", "maxWait": 90_000}
    assert jobyard("schedules", "run", "said", "--json").json["status"] == "delayed"
    jobyard("schedules", "delete", "said")


def test_what_is_refused_is_told_with_its_cure(jobyard: Command) -> None:
    done = jobyard("schedules", "create", "bad", "hello", "0 9 1 * 1", "-d", ADA)
    assert done.code == 2
    assert "two schedules" in done.err
    assert "did you mean 'hello'" in jobyard("schedules", "create", "bad", "helo", "rate(1 day)").err
