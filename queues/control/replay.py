"""A job run once more as a new one, which names the old: the old one stays as it was. Pure."""

from __future__ import annotations

from queues.job import Job, Status
from queues.job_options import JobOptions


def replayed(old: Job, options: JobOptions, *, job_id: str, data: tuple[str, int] | None, now: int) -> Job:
    """The new job: data, priority, tags, timeout and backoff of the old one, and its type's or level's
    attempts, at once.

    `data` is other JSON text and the version that it is of; without it the old one's goes as it was written.
    """
    text, version = data if data is not None else (old.data_json, old.data_version)
    return Job(
        id=job_id,
        tenant=old.tenant,
        type=old.type,
        status=Status.WAITING,
        priority=old.priority,
        max_attempts=options.attempts_of(old.priority),
        data_json=text,
        data_version=version,
        tags=old.tags,
        timeout=old.timeout,
        backoff=old.backoff,
        created_at=now,
        run_at=now,
        replay_of=old.id,
    )
