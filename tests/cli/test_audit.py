"""`jobyard audit`: what was done on a running `jobyard up`, by whom, from where."""

from __future__ import annotations

import httpx

from tests.cli.conftest import Command
from tests.cli.house import Running


def test_it_lists_what_was_done(jobyard: Command, house: Running) -> None:
    assert jobyard("audit").err == "nothing is recorded\n"
    jobyard("queues", "pause", "hello")
    jobyard("queues", "resume", "hello")
    # A client on this machine claims to come from elsewhere.
    headers = {"Authorization": f"Bearer {house.ready['token']}", "X-Forwarded-For": "203.0.113.9"}
    assert httpx.post(f"{house.ready['api']}/api/v1/jobs/none/retry", headers=headers).status_code == 404
    heading, refused, *rows = jobyard("audit").out.splitlines()
    assert heading.split()[:4] == ["WHEN", "WHO", "FROM", "ACTION"]
    assert refused.split()[3:] == ["local", "127.0.0.1", "job.retry", "none", "refused", "(JobNotFound)", "-"]
    assert [row.split()[5:8] for row in rows] == [["queue.resume", "hello", "done"], ["queue.pause", "hello", "done"]]
    found = jobyard("audit", "--action", "queue.pause", "--json").json["entries"]
    assert [(entry["actor"], entry["target"]) for entry in found] == [("local", "hello")]
    assert "there is more: --cursor" in jobyard("audit", "--limit", "1").err
