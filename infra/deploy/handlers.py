"""Where Lambda finds a job type's entry point: `module.name`, as a function's Handler says it."""

from __future__ import annotations

import importlib
from typing import Any

from queues.errors import Misconfigured
from queues.jobtype import JobType

#: What the entry point is called by custom.
CUSTOM = "handler"


def handler_of(job_type: JobType[Any, Any]) -> str:
    """The Handler; Misconfigured if the job's module has no name for it, since Lambda calls a module's names only."""
    module = importlib.import_module(job_type.function.__module__)
    names = [name for name, value in vars(module).items() if value is job_type.lambda_handler]
    if not names:
        raise Misconfigured(
            f"job type {job_type.name!r}: {module.__name__} has no name for its Lambda entry point; "
            f"write `{CUSTOM} = {job_type.function.__name__}.lambda_handler` at its end"
        )
    return f"{module.__name__}.{CUSTOM if CUSTOM in names else names[0]}"
