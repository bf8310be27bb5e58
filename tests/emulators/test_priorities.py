"""Levels of priority, on the embedded AWS and on MiniStack: the shipped type has three queues, and all run."""

from __future__ import annotations

from typing import Any

import orjson

from tests.emulators.place import HOUSE, JOBS, Place

QUEUES = {1: "jobyard-file-analysis_critical", 50: "jobyard-file-analysis", 100: "jobyard-file-analysis_bulk"}


async def test_each_level_has_a_queue_that_is_worked_on(place: Place, aws: dict[str, Any]) -> None:
    data = {"fileUrl": (HOUSE / "examples" / "bracket.stl").as_uri()}
    made = {priority: place.enqueue("file-analysis", data, priority=priority) for priority in QUEUES}
    assert {priority: job["maxAttempts"] for priority, job in made.items()} == {1: 5, 50: 3, 100: 1}
    for job in made.values():
        ended = place.ended(job["id"])
        assert (ended["status"], ended["attempts"], ended["result"]["triangles"]) == ("completed", 1, 6032)
    for name in QUEUES.values():
        url = (await aws["sqs"].get_queue_url(QueueName=name))["QueueUrl"]
        names = ["RedrivePolicy", "ApproximateNumberOfMessages"]
        found = (await aws["sqs"].get_queue_attributes(QueueUrl=url, AttributeNames=names))["Attributes"]
        assert found["ApproximateNumberOfMessages"] == "0"
        policy = orjson.loads(found["RedrivePolicy"])
        assert policy["deadLetterTargetArn"].endswith(":jobyard-file-analysis-dlq")


def test_the_type_tells_its_levels(place: Place) -> None:
    types = {one["name"]: one["options"] for one in place.api.get(f"{JOBS}/types").raise_for_status().json()["types"]}
    assert [level["name"] for level in types["file-analysis"]["priorities"]] == ["critical", "standard", "bulk"]
    assert types["hello"]["priorities"] is None
