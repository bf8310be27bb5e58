"""A job type's Lambda entry point. The embedded event source mapping awaits the same code through `invoke`."""

from __future__ import annotations

from typing import Any

from queues.cold_start import prepare
from queues.direct import run_directly
from queues.jobtype import JobType
from queues.lambda_environment import environment
from queues.runner import Runner


class LambdaHandler:
    """`handler = my_job.lambda_handler` at the end of a job's file is what serverless.yml points at."""

    def __init__(self, job_type: JobType[Any, Any]):
        self._job_type = job_type

    def __call__(self, event: Any, context: Any) -> Any:
        """What AWS Lambda calls: processes an SQS event and answers its `batchItemFailures`, or else runs the handler
        with the event as its data and answers its result."""
        return environment.run(lambda runtime: self.invoke(event, context, runtime.runner), [self._job_type])

    async def invoke(self, event: Any, context: Any, runner: Runner) -> Any:
        """The same for an event loop that already runs, with that process's own runner."""
        if isinstance(event, dict) and "Records" in event:
            return await runner.handle(self._job_type, event, context)
        return await run_directly(self._job_type, event, context, runner.attempts)


# At the end, because the job types that it imports ask this module for their entry points.
prepare()
