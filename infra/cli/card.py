"""A job as people read it: what became of it, attempt by attempt, what it said, what it gave."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from infra.cli.log_lines import log_lines
from infra.cli.output import clean


def print_job(job: dict[str, Any], *, traceback: bool = False) -> None:
    """Prints a job of the API. `traceback`: with the last error's, not only its message."""
    print("\n".join(card(job, traceback=traceback)), flush=True)


def card(job: dict[str, Any], *, traceback: bool = False) -> list[str]:
    """The lines of a job's card."""
    lines = [f"{job['type']} {job['id']}: {job['status']}{_progress(job)}"]
    if job["status"] in ("waiting", "delayed"):
        why = job.get("waiting")
        lines.append(f"  {clean(why['message'])}" if why else f"  not before {job['runAt']}")
    lines += [_attempt(attempt, job["maxAttempts"]) for attempt in job["history"]]
    lines += [f"  | {line}" for line in log_lines(job.get("logs") or ())]
    error = job["error"]
    if error is not None:
        lines.append(f"  error: {clean(error['type'])}: {clean(error['message'])}")
        if traceback and error["traceback"]:
            lines += [f"    {line}" for line in clean(error["traceback"]).splitlines()]
    if job["status"] == "completed":
        lines += _result(job["result"])
    return lines


def _progress(job: dict[str, Any]) -> str:
    if job["status"] != "active":
        return ""
    note = f" {clean(job['note'])}" if job["note"] else ""
    return f", {job['progress']:g} %{note}"


def _attempt(attempt: dict[str, Any], of: int) -> str:
    start, end = attempt["startedAt"], attempt["finishedAt"]
    seconds = f"{(datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds():.2f} s" if end else ""
    words = [f"  attempt {attempt['attempt']} of {of}", start[11:23], seconds, attempt["outcome"] or "running"]
    line = "  ".join(word for word in words if word)
    return f"{line}  {clean(attempt['error']).splitlines()[0]}" if attempt["error"] else line


def _result(value: Any) -> list[str]:
    """Short results on one line, longer ones a field a line."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) <= 100:
        return [f"  result: {clean(text)}"]
    return [
        "  result:",
        *(f"    {clean(line)}" for line in json.dumps(value, indent=2, ensure_ascii=False).splitlines()),
    ]
