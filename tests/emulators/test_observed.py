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
