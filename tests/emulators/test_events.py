"""A job's events and the audit trail, on the embedded AWS and on MiniStack."""

from __future__ import annotations

from tests.emulators.place import JOBS, Place


def test_a_life_is_streamed_and_what_was_done_to_it_is_recorded(place: Place) -> None:
    job = place.enqueue("hello", {"name": "Ada", "failures": 1})
    told = [
        line.removeprefix("id: ")
        for line in place.api.get(f"{JOBS}/{job['id']}/events").text.splitlines()
        if line.startswith("id: ")
    ]
    assert told == ["0.enqueued", "1.started", "1.retrying", "2.started", "2.completed"]
    over = place.api.get(f"{JOBS}/{job['id']}/events", headers={"Last-Event-ID": told[-1]})
    assert over.status_code == 204
    assert place.api.post(f"{JOBS}/{job['id']}/replay", json={"jobId": f"{job['id']}-again"}).status_code == 202
    (entry,) = place.api.get(f"{JOBS}/audit", params={"target": job["id"]}).json()["entries"]
    assert (entry["action"], entry["actor"], entry["origin"], entry["result"], entry["detail"]) == (
        "job.replay",
        "tests",
        "127.0.0.1",
        "done",
        f"{job['id']}-again",
    )
