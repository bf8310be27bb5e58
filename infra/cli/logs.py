"""What a long-running command writes to stderr: our own remarks, and everybody's warnings.

As JSON it also has what handlers log, with the job that each record is about: there a program sorts it, and nobody
reads a terminal.
"""

from __future__ import annotations

import logging

from queues import capture
from queues.observe.json_logs import JsonFormatter, OnOutput, reading_back
from queues.settings import Settings


class _Ours(logging.Filter):
    """Lets our own lines through, and others from WARNING on; what a job logs is the job's, not the server's."""

    def filter(self, record: logging.LogRecord) -> bool:
        if capture.current.get() is not None:
            return False
        return record.levelno >= logging.WARNING or record.name.startswith("jobyard")


class _OursAndTheirs(_Ours):
    """Besides, what a job logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        return capture.current.get() is not None or super().filter(record)


def configure(settings: Settings) -> OnOutput | None:
    """To be called once, before anything is logged; answers what takes the lines of worker processes, if anything."""
    handler = logging.StreamHandler()
    as_json = settings.log_format == "json"
    if as_json:
        handler.addFilter(_OursAndTheirs())
        handler.setFormatter(JsonFormatter())
    else:
        handler.addFilter(_Ours())
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    capture.install()
    # A handler's filter is asked in the context of its caller; the reader of a pipe is in no job's.
    handler_of_theirs = logging.StreamHandler()
    handler_of_theirs.setFormatter(handler.formatter)
    return reading_back(handler_of_theirs) if as_json else None
