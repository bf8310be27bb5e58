"""What AWS asks for a unit, in US dollars: us-east-1, on demand, first tier, without free allowances.

Each is from the service's page below aws.amazon.com/SERVICE/pricing, as of DATE. Other regions ask up to half as much
again.
"""

from __future__ import annotations

DATE = "November 2026"
REGION = "us-east-1"
MILLION = 1_000_000
#: Hours of a month, as AWS counts them, and minutes.
MONTH_HOURS = 730
MONTH_MINUTES = 60 * MONTH_HOURS
#: Bytes of a gigabyte, as AWS bills memory and storage.
GB = 2**30

#: lambda: an invocation, and a gigabyte of memory for a second on either processor.
LAMBDA_REQUEST = 0.20 / MILLION
LAMBDA_GB_SECOND = {"arm64": 0.0000133334, "x86_64": 0.0000166667}
#: fargate: a virtual processor and a gigabyte of memory of a task on Linux for an hour.
FARGATE_CPU_HOUR = {"arm64": 0.03238, "x86_64": 0.04048}
FARGATE_GB_HOUR = {"arm64": 0.00356, "x86_64": 0.004445}
#: sqs: a request to a standard queue, of up to 64 KB.
SQS_REQUEST = 0.40 / MILLION
#: dynamodb: a write unit (1 KB) and a read unit (4 KB), on demand; a gigabyte for a month, and for its point-in-time
#: recovery.
DYNAMODB_WRITE = 0.625 / MILLION
DYNAMODB_READ = 0.125 / MILLION
DYNAMODB_STORAGE = 0.25
DYNAMODB_RECOVERY = 0.20
#: api-gateway: a request to an HTTP API, of up to 512 KB.
HTTP_API_REQUEST = 1.00 / MILLION
#: eventbridge: an invocation by a schedule.
SCHEDULER_INVOCATION = 1.00 / MILLION
#: cloudwatch: an alarm on one metric for a month; a gigabyte of logs taken in; a dashboard for a month, of which an
#: account's first three are free.
ALARM = 0.10
LOGS_GB = 0.50
DASHBOARD = 3.00
FREE_DASHBOARDS = 3
#: secrets-manager: a secret for a month.
SECRET = 0.40
#: xray: a trace recorded.
TRACE = 5.00 / MILLION
