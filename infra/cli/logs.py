"""What a long-running command writes to stderr: our own remarks, and everybody's warnings."""

from __future__ import annotations

import logging

from queues import capture


class _Ours(logging.Filter):
    """Lets our own lines through, and others from WARNING on; what a job logs is the job's, not the server's."""

    def filter(self, record: logging.LogRecord) -> bool:
        if capture.current.get() is not None:
            return False
        return record.levelno >= logging.WARNING or record.name.startswith("jobyard")


def configure() -> None:
    """To be called once, before anything is logged."""
    handler = logging.StreamHandler()
    handler.addFilter(_Ours())
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    capture.install()
