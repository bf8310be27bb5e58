"""Jobs that belong together, on the embedded AWS and on MiniStack."""

from __future__ import annotations

import time
from typing import Any

from tests.emulators.place import JOBS, Place


def test_a_group_between_two_jobs(place: Place) -> None:
    def hello(name: str, **more: Any) -> dict[str, Any]:
        return {"type": "hello", "data": {"name": name}, **more}

    group = {"group": [hello(f"n{number}") for number in range(4)], "then": hello("all")}
    made = place.api.post(f"{JOBS}/flows", json={"steps": [{"chain": [hello("first"), group]}]})
    assert made.status_code == 202, made.text
    path = f"{JOBS}/flows/{made.json()['id']}"
    end = time.monotonic() + 60
    while (flow := place.api.get(path).json())["status"] == "running" and time.monotonic() < end:
        time.sleep(0.1)
    assert (flow["status"], flow["completed"], flow["open"]) == ("completed", 6, 0)
    jobs = [place.api.get(f"{JOBS}/{one['jobId']}").json() for one in flow["steps"]]
    assert [job["result"] for job in jobs if job["data"]["name"] == "all"] == ["Hello, all!"]
    started, middle, last = jobs[0]["finishedAt"], jobs[1:5], jobs[5]["startedAt"]
    assert started <= min(job["startedAt"] for job in middle) <= max(job["finishedAt"] for job in middle) <= last
