"""One file a subject. Their order is that of matching: fixed words before parameters."""

from api.routes import dead_letters, health, intake, job, jobs, queues, stats, types, workers

ROUTERS = tuple(module.router for module in (intake, jobs, stats, queues, dead_letters, types, workers, health, job))
