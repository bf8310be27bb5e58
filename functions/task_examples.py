"""Functions to try tasks with (docs/tasks.md): `JOBYARD_TASKS=functions.task_examples:*` lets them be run.

Each takes and returns plain JSON values. `context`, where there is one, is the caller's own, and is given back.
"""

import asyncio
import math
import os
import smtplib
import statistics
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

from queues import Context, Discard

#: Milliseconds that `delay` waits at the most: what waits longer belongs into a job's `delay`, and holds no process.
LONGEST_DELAY: Final = 60_000
#: Recipients of one notification at the most.
MOST_RECIPIENTS: Final = 100
#: Seconds for which a mail server may take.
MAIL_SECONDS: Final = 20.0
DAY_SECONDS: Final = 86_400

Row = dict[str, Any]


def delay(milliseconds: int) -> int:
    """Waits, and answers how many milliseconds it was told to."""
    if not 0 <= milliseconds <= LONGEST_DELAY:
        raise Discard(f"milliseconds={milliseconds} is not possible: give 0 to {LONGEST_DELAY}")
    time.sleep(milliseconds / 1000)
    return milliseconds


def calculate_sum(numbers: list[float]) -> dict[str, float | int]:
    """Sum, count and mean."""
    total = math.fsum(numbers)
    return {"sum": total, "count": len(numbers), "mean": total / len(numbers) if numbers else 0}


def process_data(data: list[Any], operation: str, context: Row | None = None) -> dict[str, Any]:
    """Does one of `OPERATIONS` to a list."""
    chosen = OPERATIONS.get(operation)
    if chosen is None:
        raise Discard(f"operation={operation!r} is not known; use one of {', '.join(OPERATIONS)}")
    return {"operation": operation, "result": chosen(data), "context": context}


def _unique(data: list[Any]) -> list[Any]:
    return [value for at, value in enumerate(data) if value not in data[:at]]


def _summary(data: list[float]) -> dict[str, float]:
    return {"least": min(data), "most": max(data), "median": statistics.median(data)}


OPERATIONS: dict[str, Callable[[list[Any]], Any]] = {
    "count": len,
    "sort": sorted,
    "reverse": lambda data: data[::-1],
    "unique": _unique,
    "summary": _summary,
}


def send_notification(
    kind: str, recipients: list[str], message: str, ctx: Context, context: Row | None = None
) -> dict[str, Any]:
    """Sends a message to each recipient: by `email`, through the server `TASK_MAIL_SERVER`, or into the job's `log`."""
    if not 0 < len(recipients) <= MOST_RECIPIENTS:
        raise Discard(f"{len(recipients)} recipients are not possible: give 1 to {MOST_RECIPIENTS}")
    if kind == "log":
        for recipient in recipients:
            ctx.log(f"to {recipient}: {message}")
    elif kind == "email":
        _mail(recipients, message)
    else:
        raise Discard(f"kind={kind!r} is not known; use email or log")
    return {"kind": kind, "sent": len(recipients), "context": context}


def _mail(recipients: list[str], message: str) -> None:
    server = os.environ.get("TASK_MAIL_SERVER")
    if not server:
        raise Discard("no mail server is known; set TASK_MAIL_SERVER to its HOST:PORT")
    mail = EmailMessage()
    mail["From"], mail["To"] = os.environ.get("TASK_MAIL_FROM", "jobyard@localhost"), ", ".join(recipients)
    mail["Subject"] = message.splitlines()[0][:78] if message else "(no subject)"
    mail.set_content(message)
    host, _, port = server.rpartition(":")
    with smtplib.SMTP(host, int(port), timeout=MAIL_SECONDS) as smtp:
        smtp.send_message(mail)


def clean_up_old_data(folder: str, days_old: float, context: Row | None = None) -> dict[str, Any]:
    """Deletes the files of a folder below `TASK_CLEAN_UP_ROOT` that were last written so many days ago."""
    if days_old < 0:
        raise Discard(f"days_old={days_old:g} is not possible: give 0 or more")
    listed = os.environ.get("TASK_CLEAN_UP_ROOT")
    if not listed:
        raise Discard("no folder may be cleaned up; set TASK_CLEAN_UP_ROOT to the one below which it is allowed")
    root = Path(listed).resolve()
    found = (root / folder).resolve()
    if not found.is_relative_to(root) or not found.is_dir():
        raise Discard(f"folder={folder!r} is no folder below TASK_CLEAN_UP_ROOT")
    before = time.time() - days_old * DAY_SECONDS
    files = [path for path in found.iterdir() if path.is_file() and not path.is_symlink()]
    old = [path for path in files if path.stat().st_mtime < before]
    for path in old:
        path.unlink(missing_ok=True)
    return {"deleted": sorted(path.name for path in old), "context": context}


def generate_report(kind: str, filters: Row, context: Row) -> dict[str, Any]:
    """A report on the `rows` of `context` that equal `filters`: their number, and the sum of each field of numbers.

    `kind` is `json`, or `markdown` for a table besides.
    """
    rows = [row for row in context.get("rows", []) if filters.items() <= row.items()]
    if kind not in ("json", "markdown"):
        raise Discard(f"kind={kind!r} is not known; use json or markdown")
    names = list(dict.fromkeys(name for row in rows for name in row))
    sums = {name: math.fsum(values) for name in names if (values := _numbers(rows, name))}
    report: dict[str, Any] = {"kind": kind, "filters": filters, "rows": len(rows), "sums": sums}
    if kind == "markdown":
        lines = [names, ["---"] * len(names), *([row.get(name, "") for name in names] for row in rows)]
        report["text"] = "\n".join(f"| {' | '.join(map(str, line))} |" for line in lines)
    return report


def _numbers(rows: list[Row], name: str) -> list[float]:
    return [row[name] for row in rows if isinstance(row.get(name), int | float) and not isinstance(row[name], bool)]


async def custom_async_task(task_id: str, data: Row, ctx: Context, context: Row | None = None) -> dict[str, Any]:
    """Goes through the `steps` of `data`, each a number of milliseconds to wait, and reports its progress."""
    steps = data.get("steps", [])
    for number, milliseconds in enumerate(steps):
        ctx.progress(100 * number / len(steps), f"step {number + 1} of {len(steps)}")
        await asyncio.sleep(min(milliseconds, LONGEST_DELAY) / 1000)
    return {"taskId": task_id, "steps": len(steps), "context": context}
