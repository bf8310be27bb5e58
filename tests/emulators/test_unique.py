"""One job for one key, on the embedded AWS and on MiniStack."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.emulators.place import JOBS, Place


def ask(place: Place, name: str, unique: dict[str, Any], **options: Any) -> dict[str, Any]:
    body = {"type": "hello", "data": {"name": name}, "options": {"unique": unique, **options}}
    answer = place.api.post(JOBS, json=body)
    assert answer.status_code in (200, 202), answer.text
    job: dict[str, Any] = answer.json()
    return job


def test_of_many_at_once_one_is_made_and_after_its_end_another(place: Place) -> None:
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda n: ask(place, f"n{n}", {"key": "many"}, delay=1_500), range(12)))
    assert len({job["id"] for job in made}) == 1
    assert place.ended(made[0]["id"])["attempts"] == 1
    second = ask(place, "later", {"key": "many"})
    assert second["id"] != made[0]["id"]
    assert place.ended(second["id"])["result"] == "Hello, later!"


def test_the_last_of_a_debounce_runs(place: Place) -> None:
    unique = {"key": "quiet", "window": 2_000, "mode": "debounce"}
    made = [ask(place, name, unique) for name in ("Ada", "Bob", "Cleo")]
    assert len({job["id"] for job in made}) == 1
    job = place.ended(made[0]["id"])
    assert (job["result"], job["attempts"]) == ("Hello, Cleo!", 1)


def test_a_deadline_stops_what_would_start_too_late(place: Place) -> None:
    made = place.enqueue(
        "hello", {"name": "Dan", "failures": 9}, deadline=20_000, backoff={"type": "fixed", "delay": 60_000}
    )
    job = place.ended(made["id"])
    assert (job["status"], job["attempts"], job["error"]["type"]) == ("failed", 1, "ConnectionError")
