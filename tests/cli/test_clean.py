"""`jobyard clean`: what it would remove, what it has removed, and when it cannot."""

from __future__ import annotations

import pytest

from queues.cleaning import rule
from tests.cli.conftest import Command
from tests.cli.house import Running

#: Where nobody listens: a port for nothing. (RFC 863)
NOWHERE = "9"


@pytest.fixture
def clean(jobyard: Command, house: Running, monkeypatch: pytest.MonkeyPatch) -> Command:
    """`jobyard clean` on the module's `jobyard up`; a job may be removed at once."""
    monkeypatch.setenv("JOBYARD_JOBS", "tests.cli.jobs_to_keep")
    monkeypatch.setattr(rule, "FRESH", 0)
    port = house.ready["aws"].rpartition(":")[2]
    return lambda *arguments: jobyard("clean", "--aws-port", port, *arguments)


def test_it_counts_and_then_removes(jobyard: Command, clean: Command) -> None:
    for name in ("Ada", "Bob"):
        assert jobyard("enqueue", "hello", "--data", f'{{"name": "{name}"}}', "--wait").code == 0
    counted = clean("--dry-run")
    assert (counted.code, counted.err) == (0, "")
    assert counted.out.splitlines() == [
        "would remove 2 jobs beyond their type's number, 0 overdue",
        "TYPE   JOBS",
        "hello  2",
    ]
    told = {"dryRun": True, "lookedAt": 2, "overCount": 2, "overdue": 0, "spared": 0, "types": {"hello": 2}}
    told |= {"skipped": 0, "trouble": None}
    assert clean("--dry-run", "--json").json == told
    assert clean("--json").json == told | {"dryRun": False}
    assert clean().out == "removed 0 jobs beyond their type's number, 0 overdue\n"
    _nothing, removed = clean("--history", "--json", "--limit", "2").json
    counts = ("overCount", "types", "byHand", "end", "error")
    assert [removed[name] for name in counts] == [2, {"hello": 2}, True, "done", None]
    heading, latest, *others = clean("--history").out.splitlines()
    assert heading.split()[:3] == ["BEGUN", "TOOK", "END"]
    assert latest.split()[-1] == "-"
    assert "by hand" in latest
    assert not others[-1].count("by hand"), "the first was the worker's own, when it started"


def test_it_says_where_it_cannot(clean: Command, jobyard: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    nobody = jobyard("clean", "--aws-port", NOWHERE)
    assert nobody.code == 4
    assert "is it running" in nobody.err
    missing = clean("--prefix", "elsewhere")
    assert missing.code == 1
    assert missing.err.startswith("jobyard: AWS refused ")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    both = jobyard("clean", "--aws")
    assert both.code == 2
    assert "unset one of them" in both.err
    monkeypatch.delenv("AWS_ENDPOINT_URL")
    assert clean("--history", "--dry-run").code == 2
    assert clean("--limit", "5").code == 2
