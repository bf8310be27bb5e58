"""`python -m infra.cli`, where the `jobyard` command is not installed."""

from infra.cli import main

main()
