"""One file a subject. Their order is that of matching: fixed words before parameters."""

from api.routes import (
    audit,
    cleaner,
    dead_letters,
    events,
    feed,
    flows,
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
    webhooks,
    workers,
)

_SUBJECTS = (
    intake,
    jobs,
    schedules,
    flows,
    stats,
    queues,
    dead_letters,
    operations,
    types,
    workers,
    health,
    cleaner,
    prometheus,
    audit,
    webhooks,
    events,
    feed,
    job,
)
ROUTERS = tuple(module.router for module in _SUBJECTS)
