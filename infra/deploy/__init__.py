"""Deploying to AWS: a catalog of job types becomes files that serverless.yml includes, and zips that Lambda runs.

rendering.py      which files there are, and what is in each: pure
  functions.py    functions, and the mappings that bring them their messages
  queues.py, table.py, roles.py, schedules.py, alarms.py, dashboard.py, outputs.py
                  a kind of resource each, as plain data
  workers.py      what workers may do that run the types which have no function
  statements.py   what policies say     metrics.py  what alarms and graphs look at
  names.py, handlers.py, stack_limits.py, yaml_text.py
rendered/         the files for this repository's own job types
packaging/        the zips
planning/         what a deployment will do, before it does it      cost/  what it costs
preparing.py      IO: all that comes before the first write; account.py is AWS's side of it, service.py and framework.py
                  osls's; stack_status.py says what a stack's status means
"""
