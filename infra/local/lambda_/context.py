"""The second argument of a Lambda handler, with the names that the Python runtime gives it, and a true clock."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

#: The only version there is without publishing one.
VERSION = "$LATEST"
#: The environment variable AWS_LAMBDA_FUNCTION_MEMORY_SIZE of a function that asks for nothing special.
MEMORY_MB = "1024"


class LambdaContext:
    """What `handler(event, context)` gets as `context`."""

    __slots__ = (
        "_deadline",
        "_time",
        "aws_request_id",
        "client_context",
        "function_name",
        "function_version",
        "identity",
        "invoked_function_arn",
        "log_group_name",
        "log_stream_name",
        "memory_limit_in_mb",
    )

    def __init__(
        self,
        function_name: str,
        function_arn: str,
        request_id: str,
        log_stream_name: str,
        timeout: float,
        time: Callable[[], float],
    ):
        """`time` answers monotonic seconds; the function may run for `timeout` seconds from now."""
        self.function_name = function_name
        self.function_version = VERSION
        self.invoked_function_arn = function_arn
        #: Text, as in the Python runtime, which takes it from the environment.
        self.memory_limit_in_mb = MEMORY_MB
        self.aws_request_id = request_id
        self.log_group_name = f"/aws/lambda/{function_name}"
        self.log_stream_name = log_stream_name
        self.identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        self.client_context = None
        self._time = time
        self._deadline = time() + timeout

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the invocation is stopped; never negative."""
        return max(0, int((self._deadline - self._time()) * 1000))
