"""One file a subject. Their order is that of matching: fixed words before parameters."""

from api.routes import (
    dead_letters,
    health,
    intake,
    job,
    jobs,
    operations,
    prometheus,
    queues,
    schedules,
    stats,
    types,
    workers,
)

_SUBJECTS = (intake, jobs, schedules, stats, queues, dead_letters, operations, types, workers, health, prometheus, job)
ROUTERS = tuple(module.router for module in _SUBJECTS)
