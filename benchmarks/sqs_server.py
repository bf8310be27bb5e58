"""Our SQS beside other local ones: `make bench-sqs`, or this file with `--help`.

The same boto3 script for all: send a batch of ten messages of 1 KB, receive ten, delete a batch of ten, in 1, 4 and 16
client processes on one queue. Told are messages/s from send to delete, counted where each was received exactly once,
and the CPU of the server and of the clients for a message: on a machine where clients and server share the cores, the
server's is the fairer figure. Ours runs as a user runs it, `jobyard up` on a fresh data folder; the others keep
messages in memory. What is missing is installed into `.bench/`; what cannot be says why.
"""

from __future__ import annotations

import sys

from frame.contest import Contest
from frame.contest_program import run
from frame.emulators import ELASTICMQ, MINISTACK, MOTO, OURS, OURS_FSYNC
from loads.sqs import SqsLoad

CONTEST = Contest(
    title="SQS, 1 KB messages by tens",
    unit="messages",
    emulators=(OURS, OURS_FSYNC, MINISTACK, MOTO, ELASTICMQ),
    loads={"send, receive, delete": SqsLoad},
)

if __name__ == "__main__":
    sys.exit(run(CONTEST, __doc__))
