"""Log records as JSON, one a line, each with the job that it is about.

While an attempt runs its job is at hand (about.py), for our own remarks as for what the handler logs. A handler in a
worker process logs through a pipe: its parent reads such a line back into a record.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from queues.job import Job
from queues.log_line import LEVELS, LogLine
from queues.log_record import ABOUT, extra_of
from queues.observe.about import job_at_work

#: Takes a line that a handler in a worker process printed or logged.
OnOutput = Callable[[Job, LogLine], None]


class JsonFormatter(logging.Formatter):
    """`time level logger message`, of a job's `jobId type tenant attempt`, `exception`, and what `extra` held."""

    def format(self, record: logging.LogRecord) -> str:
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        job: Job | None = getattr(record, ABOUT, None) or job_at_work.get()
        if job is not None:
            line |= {"jobId": job.id, "type": job.type, "tenant": job.tenant, "attempt": job.attempt}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        elif record.exc_text:
            line["exception"] = record.exc_text
        # Ours come first: a handler cannot pass its records off as another job's.
        line = extra_of(record) | line
        options = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
        try:
            return orjson.dumps(line, default=str, option=options).decode()
        except TypeError:
            # Such as a text that no UTF-8 can hold.
            return orjson.dumps({name: _writable(value) for name, value in line.items()}).decode()


def reading_back(handler: logging.Handler) -> OnOutput:
    """Hands what was logged in a worker process to `handler`; what was printed there is the job's log's alone."""

    def on_output(job: Job, line: LogLine) -> None:
        if line.logger is None:
            return
        # A field cannot take the place of what makes a record.
        record = logging.makeLogRecord(
            {
                **line.fields,
                "name": line.logger,
                "levelname": line.level,
                "levelno": LEVELS[line.level],
                "msg": line.message,
                "args": (),
                "created": line.at / 1000,
                "exc_info": None,
                "exc_text": line.exception,
                "stack_info": None,
                ABOUT: job,
            }
        )
        if handler.filter(record):
            handler.handle(record)

    return on_output


def _writable(value: Any) -> str:
    return str(value).encode("utf-8", "replace").decode()
