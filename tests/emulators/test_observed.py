"""Workers, numbers and findings, on the embedded AWS and on MiniStack."""

from __future__ import annotations

from typing import Any

from api.auth import make_token
from tests.emulators.place import JOBS, SECRET, Place


def test_the_worker_is_registered_and_a_failure_is_found(place: Place) -> None:
    failed = place.enqueue("hello", {"name": "Eve", "failures": 9}, attempts=1)
    assert place.ended(failed["id"])["status"] == "failed"
    health = place.api.get(f"{JOBS}/health/check").json()
    assert health["status"] == "healthy"
    assert ("dead-letters", "hello") in [(one["rule"], one["subject"]) for one in health["findings"]]
    token = make_token(SECRET, tenant="default", subject="tests", scope="admin", expires_in=3600)
    admin = {"Authorization": f"Bearer {token}"}
    workers: list[dict[str, Any]] = place.api.get(f"{JOBS}/workers", headers=admin).json()["workers"]
    assert [one["silent"] for one in workers] == [False]
    assert "hello" in [one["type"] for one in workers[0]["types"]]
    page = place.api.get("/metrics", headers=admin).text
    assert 'jobyard_jobs_failed_total{type="hello"} ' in page
    assert f'jobyard_worker_jobs{{worker="{workers[0]["name"]}"}}' in page


def test_the_numbers_count_what_has_ended(place: Place) -> None:
    def seen() -> list[int]:
        mine = place.api.get(f"{JOBS}/hello/stats").raise_for_status().json()["counts"]
        every = place.api.get(f"{JOBS}/stats").raise_for_status().json()["counts"]
        return [mine["completed"], mine["failed"], every["completed"], every["failed"]]

    before = seen()
    for failures in (0, 9):
        place.ended(place.enqueue("hello", {"name": "Ada", "failures": failures}, attempts=1)["id"])
    assert [now - then for now, then in zip(seen(), before, strict=True)] == [1, 1, 1, 1]
    (queue,) = place.api.get(f"{JOBS}/queues/metrics", params={"type": "hello"}).raise_for_status().json()["metrics"]
    counted = (queue["name"], queue["completed"], queue["failed"])
    assert counted == ("hello", *seen()[:2])
