"""The job `task`: runs a function, or a method of a registered service, that is named in the job's data.

No deployment has it unless it asks: import `task` in functions/catalog.py, or add `functions.task` to `JOBYARD_JOBS`.
Even then nothing can be run before an allow-list names it (docs/tasks.md). It is a plain `def`, so that what it calls
runs in a worker process, which a timeout can end.
"""

from typing import Any

from queues import Context, Exponential, job
from queues.tasks import TASK, TaskCall, perform
from queues.tasks.allowed import allowed_entries

# A list that cannot be read is a reason not to start.
allowed_entries()


@job(TASK, attempts=3, backoff=Exponential(2), timeout=300)
def task(call: TaskCall, ctx: Context) -> Any:
    """Calls a function, or a service's method, that the allow-list names, with the arguments of the call."""
    return perform(call, ctx)


handler = task.lambda_handler
