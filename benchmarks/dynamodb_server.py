"""Our DynamoDB beside other local ones: `make bench-dynamodb`, or this file with `--help`.

The same boto3 script for all, in 1, 4 and 16 client processes on one table, items of 1 KB: PutItem, UpdateItem on a
condition, Query of ten items, BatchWriteItem of 25, TransactWriteItems of three. Told are calls/s, counted where the
table holds in the end what they should have left, and the CPU of the server and of the clients for a call: on a machine
where clients and server share the cores, the server's is the fairer figure. Ours runs as a user runs it, `jobyard up`
on a fresh data folder; the others keep items in memory. What is missing is installed into `.bench/`; what cannot be
says why.
"""

from __future__ import annotations

import sys
from functools import partial

from frame.contest import Contest
from frame.contest_program import run
from frame.emulators import DYNAMODB_LOCAL, MINISTACK, MOTO, OURS, OURS_FSYNC
from loads.dynamodb import WORKS, DynamodbLoad

CONTEST = Contest(
    title="DynamoDB, 1 KB items",
    unit="calls",
    emulators=(OURS, OURS_FSYNC, MINISTACK, MOTO, DYNAMODB_LOCAL),
    loads={work: partial(DynamodbLoad, work=work) for work in WORKS},
)

if __name__ == "__main__":
    sys.exit(run(CONTEST, __doc__))
