"""What a Lambda function does while it is initialised, so that its first call need not.

While it initialises a function, Lambda lends it more of a processor than its memory pays for later (512 MB pay for less
than a third of one), and SnapStart keeps what was imported in its snapshot. So the AWS client and the job types, which
other processes import when they first need them, are imported at once there. Only imported: a snapshot is restored many
times, so nothing unique may be made before it, no connection, id, seed or time.
"""

from __future__ import annotations

import contextlib
import os

#: Lambda sets it in each function's environment. (docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html)
FUNCTION_NAME = "AWS_LAMBDA_FUNCTION_NAME"


def prepare() -> None:
    """Imports what the first call will need, if this process is a Lambda function; else nothing."""
    if FUNCTION_NAME not in os.environ:
        return
    # What is wrong is told by the first call, which does the same.
    with contextlib.suppress(Exception):
        import aiobotocore.config
        import aiobotocore.session  # noqa: F401 - both for connect() to find

        import queues.observe.lambda_logs

        if os.environ.get("JOBYARD_METRICS", "off") != "off":
            import queues.observe.emf  # noqa: F401 - as above
        from queues.catalog import load
        from queues.settings import read_settings

        load(read_settings().jobs)
