"""Generic tasks: any function, or any method of a registered service, run as a job by its name; see docs/tasks.md."""

from queues.tasks.allowed import NotAllowed, allow, task
from queues.tasks.call import TASK, TaskCall, call_of, perform
from queues.tasks.services import register_service

__all__ = ["TASK", "NotAllowed", "TaskCall", "allow", "call_of", "perform", "register_service", "task"]
