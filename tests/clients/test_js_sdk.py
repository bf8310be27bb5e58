"""The AWS SDK for JavaScript, version 3: sqs-consumer, the DynamoDB document client, and the other services."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.clients.command import run
from tests.clients.documented import documented

pytestmark = pytest.mark.usefixtures("aws")
Unique = Callable[[str], str]


def script(scripts: Path, name: str, *arguments: str) -> dict[str, Any]:
    """What one of the scripts of js/ has seen."""
    seen: dict[str, Any] = json.loads(run("node", scripts / f"{name}.js", *arguments))
    return seen


@pytest.mark.parametrize("heading", ["sqs-consumer", "The DynamoDB document client"])
def test_the_snippets(aws: str, scripts: Path, heading: str) -> None:
    snippet = documented(heading)
    file = scripts / "snippet.js"
    file.write_text(snippet.at(aws))
    assert run("node", file) == snippet.printed


def test_sqs_consumer_retries_and_buries_what_fails(scripts: Path, unique: Unique) -> None:
    seen = script(scripts, "consumer", unique("consumed"))
    assert seen == {
        "handled": [["1", "apple"], ["2", "apple"], ["3", "apple"]],
        "tries": {"rotten": [1, 2]},
        "errors": 2,
        "left": [],
        "letters": ["rotten"],
    }


def test_the_document_client(scripts: Path, unique: Unique) -> None:
    assert script(scripts, "documents", unique("documents")) == {
        "item": {
            "customer": "ada",
            "number": 1,
            "price": 1.25,
            "tags": ["red", "sweet"],
            "picture": [0, 255],
            "paid": True,
            "note": None,
            "lines": [{"fruit": "apple"}],
        },
        "refused": [True, 400, "1.25"],
        "updated": {"price": 2.25},
        "cancelled": [True, ["None", "ConditionalCheckFailed"]],
        "unprocessed": {},
        "pages": [10, 10, 5],
        "scanned": 26,
    }


def test_the_other_services(scripts: Path, unique: Unique) -> None:
    assert script(scripts, "services", unique("services")) == {
        "account": "000000000000",
        "greeting": "Hello, Ada!",
        "failure": "Unhandled",
        "functions": ["jobyard-file-analysis", "jobyard-hello"],
        "points": [[15, 6, True]],
        "metrics": ["Sold"],
        "schedule": ["rate(1 hour)", True],
        "noSchedule": 404,
        "noQueue": 400,
    }
