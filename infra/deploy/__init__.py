"""Deploying to AWS: a catalog of job types becomes files that serverless.yml includes, and zips that Lambda runs.

rendering.py      which files there are, and what is in each: pure
  functions.py    functions, and the mappings that bring them their messages
  queues.py, table.py, roles.py, schedules.py, alarms.py, dashboard.py, outputs.py
                  a kind of resource each, as plain data
  statements.py   what policies say     metrics.py  what alarms and graphs look at
  names.py, handlers.py, stack_limits.py, yaml_text.py
rendered/         the files for this repository's own job types
packaging/        the zips
"""
