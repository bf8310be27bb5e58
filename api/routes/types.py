"""The job types that there are: what they take, what they answer, and how they are run unless a job says otherwise."""

from __future__ import annotations

import inspect
from typing import Any
from weakref import WeakKeyDictionary

from fastapi import APIRouter
from pydantic import TypeAdapter
from pydantic.errors import PydanticInvalidForJsonSchema
from starlette.requests import Request
from starlette.responses import Response

from api.answers import JobTypes
from api.auth import READ
from api.openapi import answers
from api.site import allow, site_of
from api.type_views import recurring_view, rules_view
from api.views import json_response
from api.waiting_views import limit_view
from queues.catalog import Catalog
from queues.job_options import JobOptions
from queues.jobtype import JobType
from queues.priorities.levels import Level

router = APIRouter(prefix="/api/v1/jobs", tags=["types"])

_VIEWS: WeakKeyDictionary[Catalog, list[dict[str, Any]]] = WeakKeyDictionary()


@router.get("/types", responses=answers(200, JobTypes, "Every job type."))
async def list_types(request: Request) -> Response:
    """Lists the job types with the JSON Schemas of their input and output."""
    allow(request, READ)
    catalog = (await site_of(request).runtime()).catalog
    views = _VIEWS.get(catalog)
    if views is None:
        views = _VIEWS[catalog] = [_view(job_type) for job_type in catalog]
    return json_response({"types": views})


def _view(job_type: JobType[Any, Any]) -> dict[str, Any]:
    return {
        "name": job_type.name,
        "description": inspect.getdoc(job_type.function),
        "version": job_type.version,
        "upcastsFrom": min(job_type.upcasts, default=job_type.version),
        "options": _options(job_type.options) | rules_view(job_type.options),
        "schedules": [recurring_view(job_type, one) for one in job_type.schedules],
        "input": {} if job_type.model is None else _schema(TypeAdapter(job_type.model), "validation"),
        "output": _schema(job_type.output, "serialization"),
    }


def _schema(adapter: TypeAdapter[Any], mode: Any) -> dict[str, Any]:
    try:
        return adapter.json_schema(mode=mode)
    except PydanticInvalidForJsonSchema:
        # A type that pydantic can check but JSON Schema cannot describe: anything may stand there.
        return {}


def _options(options: JobOptions) -> dict[str, Any]:
    return {
        "attempts": options.attempts,
        "backoff": options.backoff.to_json(),
        "timeout": round(options.timeout * 1000),
        "batchSize": options.batch_size,
        "batchingWindow": round(options.batching_window * 1000),
        "concurrency": options.concurrency,
        "keepCompleted": round(options.keep_completed * 1000),
        "keepFailed": round(options.keep_failed * 1000),
        "maxCompleted": options.max_completed,
        "maxFailed": options.max_failed,
        "limits": [limit_view(limit) for limit in options.limits],
        "priorities": None if options.priorities is None else [_level(options, one) for one in options.priorities],
        "sensitive": options.sensitive,
    }


def _level(options: JobOptions, level: Level) -> dict[str, Any]:
    return {
        "name": level.name,
        "first": level.first,
        "last": level.last,
        "weight": level.weight,
        "attempts": options.attempts_of(level.first),
        "concurrency": options.level_concurrency(level),
    }
