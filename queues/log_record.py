"""What there is of a `logging` record in a line of a job's log, or in a process's own log as JSON."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from queues.log_line import is_json, level_of

#: Where a record that came out of a worker process says which job it is about.
ABOUT = "jobyard_job"
#: What every record has; what else there is was given as `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", ABOUT}
_FORMATTER = logging.Formatter()

#: Takes a line: its message, level, fields, logger and traceback.
Say = Callable[[str, str, dict[str, Any], str | None, str | None], None]


def extra_of(record: logging.LogRecord) -> dict[str, Any]:
    """What was given as `extra`, whatever it is."""
    held = vars(record)
    # Most records have none.
    return {} if held.keys() <= _STANDARD else {name: held[name] for name in held if name not in _STANDARD}


def exception_of(record: logging.LogRecord) -> str | None:
    """The traceback of the exception that was logged, and the stack, if that was asked for."""
    text = record.exc_text
    if record.exc_info:
        # Where there was no exception, another handler may have noted `NoneType: None`.
        text = None if record.exc_info[0] is None else text or _FORMATTER.formatException(record.exc_info)
    return "\n".join(filter(None, (text, record.stack_info))) or None


class SayingHandler(logging.Handler):
    """Hands records on as lines: of what is given as `extra`, only what JSON has."""

    def __init__(self, say: Say):
        super().__init__(logging.INFO)
        self.say = say

    def emit(self, record: logging.LogRecord) -> None:
        try:
            fields = {name: value for name, value in extra_of(record).items() if is_json(value)}
            level = level_of(record.levelno)
            self.say(record.getMessage(), level, fields, record.name, exception_of(record))
        except Exception:
            self.handleError(record)
