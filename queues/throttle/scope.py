"""Under which limits a job falls, and in which row each is counted. Pure.

    item        pk                                         sk      version       counts     expires_at
    a limit     limit#TYPE#IDENT[#TENANT[#KEY]]            limit   of a write    JSON       epoch s, for TTL

KEY is a hash of the key's value: data is nowhere in clear but in its job's row.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import orjson

from queues.errors import Unreadable
from queues.fields import NoSuchField, field_of
from queues.job import Job
from queues.jobtype import JobType
from queues.throttle.rule import Key, Limit

#: Characters of a key's value that an answer repeats.
MAX_LABEL_CHARS = 80


class KeyFault(Exception):
    """The key of a limit cannot be told from a job's data; the sentence says why."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A limit as it holds for one job."""

    limit: Limit
    #: The partition key of its row.
    pk: str
    #: The key's value in words; None for a limit per type or tenant.
    label: str | None = None


def scopes_of(job_type: JobType[Any, Any], job: Job) -> tuple[Scope, ...]:
    """The type's limits for this job, in their order. KeyFault; Unreadable if its data cannot be read at all."""
    return tuple(_scope(limit, job_type, job) for limit in job_type.options.limits)


def _scope(limit: Limit, job_type: JobType[Any, Any], job: Job) -> Scope:
    pk = f"limit#{job.type}#{limit.ident}"
    if limit.per == "type":
        return Scope(limit, pk)
    pk = f"{pk}#{job.tenant}"
    if limit.key is None:
        return Scope(limit, pk)
    value = _value(limit.key, job_type.parse(job.data_json, job.data_version))
    try:
        text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError as error:
        raise KeyFault(f"the key of a limit must be a JSON value: {error}") from None
    label = value if isinstance(value, str) else text.decode()
    return Scope(limit, f"{pk}#{sha256(text).hexdigest()[:32]}", label[:MAX_LABEL_CHARS])


def _value(key: Key, data: Any) -> Any:
    if isinstance(key, str):
        try:
            return field_of(data, key)
        except NoSuchField:
            # Jobs without the field are limited together.
            return None
    try:
        return key(data)
    except Unreadable:
        raise
    except Exception as error:
        raise KeyFault(f"the key function of a limit raised {type(error).__name__}: {error}") from error
