"""A retry and an end are told to a real receiver, signed, on the embedded AWS and on MiniStack."""

from __future__ import annotations

import time

from standardwebhooks import Webhook

from tests.emulators.place import JOBS, PATIENCE, Place, until


def test_a_retry_and_the_end_are_told_signed(place: Place) -> None:
    asked = {"url": place.receiver.url, "events": ["retrying", "completed"], "types": ["hello"]}
    made = place.api.post(f"{JOBS}/webhooks", json=asked).raise_for_status().json()
    job = place.enqueue("hello", {"name": "Ada", "failures": 1}, backoff={"type": "fixed", "delay": 0})
    deadline = time.monotonic() + PATIENCE
    while len(place.receiver.got) < 2:
        assert time.monotonic() < deadline, place.log.read_text()[-2000:]
        time.sleep(0.02)
    place.api.delete(f"{JOBS}/webhooks/{made['id']}").raise_for_status()
    messages = {}
    for headers, body in place.receiver.got:
        message = Webhook(made["secret"]).verify(body, headers)
        messages[message["type"]] = message["data"]
        assert message["data"]["jobId"] == job["id"]
        delivery = place.api.get(f"{JOBS}/{headers['webhook-id']}").raise_for_status().json()
        assert delivery["type"] == "webhook"
    assert messages.keys() == {"job.retrying", "job.completed"}
    assert messages["job.retrying"]["error"] == {"type": "ConnectionError", "message": "Ada did not answer"}
    assert (messages["job.retrying"]["attempts"], messages["job.completed"]["attempts"]) == (1, 2)


def test_one_jobs_own_webhook_is_told_of_its_end_alone(place: Place) -> None:
    place.receiver.got.clear()
    signs = place.api.post(f"{JOBS}/webhooks", json={}).raise_for_status().json()
    place.enqueue("hello", {"name": "Bob"})
    job = place.enqueue("hello", {"name": "Ada", "failures": 9}, attempts=1, webhook={"url": place.receiver.url})
    ((headers, body),) = until(lambda: list(place.receiver.got), lambda got: len(got) == 1)
    told = Webhook(signs["secret"]).verify(body, headers)
    assert (told["type"], told["data"]["jobId"]) == ("job.failed", job["id"])
