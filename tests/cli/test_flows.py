"""`jobyard flows`: started from JSON, waited for, shown, listed, cancelled, retried; exit codes tell how they ended."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.cli.conftest import Command


def hello(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "hello", "data": {"name": name}, **more}


def test_a_flow_from_start_to_end(jobyard: Command, tmp_path: Path) -> None:
    file = tmp_path / "flow.json"
    file.write_text(json.dumps({"name": "greetings", "steps": [{"chain": [hello("Ada"), hello("Bob")]}]}))
    done = jobyard("flows", "start", f"@{file}", "--wait")
    assert done.code == 0
    assert "(greetings): completed" in done.out
    assert "2 of 2 steps have ended (100 %): 2 completed, 0 failed" in done.out
    flow_id = done.out.split()[1]
    shown = jobyard("flows", "show", flow_id)
    assert "hello-2" in shown.out
    assert f"{flow_id}:hello-1" in shown.out
    assert flow_id in jobyard("flows", "list").out
    assert jobyard("flows", "show", flow_id, "--json").json["status"] == "completed"


def test_a_flow_that_fails_is_retried_and_one_that_waits_is_cancelled(jobyard: Command) -> None:
    bad = {"type": "hello", "data": {"name": "Eve", "failures": 1}, "options": {"attempts": 1}}
    failed = jobyard("flows", "start", json.dumps({"steps": [bad], "flowId": "bad"}), "--wait", "--json")
    assert (failed.code, failed.json["status"]) == (1, "failed")
    assert jobyard("flows", "retry", "bad", "--wait").code == 1
    later = hello("Ada", options={"delay": 600_000})
    jobyard("flows", "start", json.dumps({"steps": [later], "flowId": "later"}))
    cancelled = jobyard("flows", "cancel", "later", "--json")
    assert cancelled.json["status"] == "cancelled"
    assert jobyard("flows", "show", "later", "--wait").code == 3
    assert jobyard("flows", "retry", "nobody").code == 2
    assert "no flow 'nobody'" in jobyard("flows", "show", "nobody").err
