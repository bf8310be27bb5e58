"""What a supervisor asks a long-running worker, over HTTP, on a port of its own: does it live, is it ready, how much
work waits.

address.py     where: the argument of `jobyard work --health`
condition.py   whether it lives and is ready, and why not
endpoint.py    whether the AWS endpoint answers
site.py        the three routes; its numbers are those of api/prometheus.py
"""
