"""The OpenAPI document: bodies that routes read themselves, the problems that every route may answer, who may call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.answers import ProblemView
from api.control_bodies import LettersBody, PurgeBody, ReplayBody, RetryManyBody
from api.flow_bodies import FlowBody
from api.guard import OPEN
from api.models import NewJobBody, ScheduledJobBody
from api.problems import MEDIA_TYPE
from api.schedule_bodies import NewScheduleBody, ScheduleBody
from api.webhook_shapes import NewWebhookBody
from queues.limits import MAX_HTTP_BATCH

_REF = "#/components/schemas/{model}"

DESCRIPTION = """\
Background jobs. Send `Authorization: Bearer TOKEN`; durations are milliseconds, times ISO-8601 in UTC.
Errors are problem documents (RFC 9457) that name the field, the value and the cure.
"""


def takes(model: type[BaseModel], *, many: bool = False) -> dict[str, Any]:
    """`openapi_extra` of a route that reads its own body."""
    schema: dict[str, Any] = {"$ref": _REF.format(model=model.model_config["title"])}
    if many:
        schema = {"type": "array", "items": schema, "minItems": 1, "maxItems": MAX_HTTP_BATCH}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def answers(status: int, model: Any, text: str, *problems: int) -> dict[int | str, dict[str, Any]]:
    """`responses` of a route: its success, and the problems that are its own."""
    found: dict[int | str, dict[str, Any]] = {status: {"model": model, "description": text}}
    return found | dict.fromkeys(problems, _PROBLEM)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """`responses` that are problems, of a route whose success is no JSON."""
    return dict.fromkeys(statuses, _PROBLEM)


_PROBLEM: dict[str, Any] = {
    "description": "A problem document.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}},
}


def describe(app: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(title=app.title, version=app.version, description=DESCRIPTION, routes=app.routes)
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas |= _schemas(BODIES)
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}
    for path, methods in document["paths"].items():
        for operation in methods.values():
            operation["security"] = [{"token": []}, {}] if path in OPEN else [{"token": []}]
            # FastAPI's own 422 is of a shape that is never sent.
            operation["responses"].pop("422", None)
            operation["responses"] = _own_problems(operation, path in OPEN) | operation["responses"]
    app.openapi_schema = document
    return document


def _has_input(operation: dict[str, Any]) -> bool:
    return bool(operation.get("parameters")) or "requestBody" in operation


def _own_problems(operation: dict[str, Any], is_open: bool) -> dict[str, Any]:
    codes: list[str] = ["401", "500", "503"] if is_open else ["401", "403", "500", "503"]
    if "requestBody" in operation:
        codes += ["400", "413", "415", "507"]
    if _has_input(operation):
        codes.append("422")
    return dict.fromkeys(codes, _PROBLEM)


def _schemas(models: Sequence[type[BaseModel]]) -> dict[str, Any]:
    _, definitions = models_json_schema([(model, "validation") for model in models], ref_template=_REF)
    by_name: dict[str, Any] = definitions["$defs"]
    return {schema.get("title", name) if name in _TITLED else name: schema for name, schema in by_name.items()}


#: What routes read and answer by themselves.
BODIES = (
    *(NewJobBody, ScheduledJobBody, NewScheduleBody, ScheduleBody, FlowBody, NewWebhookBody),
    *(LettersBody, RetryManyBody, PurgeBody, ReplayBody, ProblemView),
)
_TITLED = frozenset(model.__name__ for model in BODIES)
