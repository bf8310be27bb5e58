"""The zips that AWS Lambda runs: what goes into each, and how the same tree comes to give the same bytes.

target.py      for which Python and processor
project.py     what pyproject.toml and requirements.lock ask for
closure.py     which pinned packages a set of requirements comes to: pure
plan.py        which artifacts there are, for which functions, with which packages: pure
contents.py    what of a wheel or of our own code goes in: pure
wheels.py      IO: pip fetches what is not cached
bytecode.py    IO: an interpreter of the target's version compiles
archive.py     IO: a zip whose bytes depend on its contents alone
budget.py      how large an artifact may be
build.py       IO: all of it, one artifact after the other
cold_start.py  IO: how long each function takes to import, against importing aiobotocore alone
"""
