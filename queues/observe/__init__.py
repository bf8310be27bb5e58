"""What the system tells of itself: counts, workers, rules, log records and traces.

distribution.py  how long things took, exact in its count and sum
meter.py         what this process has done, counted in memory
observer.py      meter and tracing together: what the way in and the way out tell of each job
cloudwatch.py    counts as CloudWatch takes them
emf.py           IO: printed by a Lambda function, by Powertools
publisher.py     IO: sent by a process that stays, once a minute
workers.py       IO: the registry of long-running workers
roster.py        IO: the same as one tenant may see it
rules.py         what counts as trouble: pure
alerts.py        IO: each change of a trouble's state is told once
about.py         which job a piece of code works on
json_logs.py     log records as JSON, with the job that they are about
lambda_logs.py   the same on Lambda
trace_context.py the W3C context that a job carries
tracing.py       OpenTelemetry, if it is configured
otlp.py          IO: its spans, sent by OTLP over HTTP; a collector that is down holds nothing up
aside.py         a thread beside the program, for which nobody waits too long
seldom.py        a log filter for what would be said too often
"""
