"""The actions on event source mappings. Disabling one is how a queue is paused: its messages stay where they are."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from infra.local.constraints import check_constraints
from infra.local.lambda_.errors import conflict, in_use, no_such_function, not_found
from infra.local.lambda_.limits import LIST_MAPPINGS
from infra.local.lambda_.mapping_config import check_queue, config_from, function_named, queue_named
from infra.local.lambda_.mapping_row import (
    MappingRow,
    find_row,
    list_rows,
    mapping_arn,
    settles_at,
    shape_of,
    write_row,
)
from infra.local.lambda_.names import arn_of, look_up, split_name
from infra.local.lambda_.pages import page
from infra.local.lambda_.tags import check_count, forget_tags, put_tags
from infra.local.request import Request


def create_event_source_mapping(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("lambda", "CreateEventSourceMapping", params)
    source = queue_named(params)
    function = function_named(request, params["FunctionName"])
    config = config_from(params, {}, source)
    check_queue(request, source, function)
    tags = params.get("Tags", {})
    check_count(tags)
    _check_unique(request, function.name, source)
    row = MappingRow(
        uuid=request.new_id(),
        region=request.region,
        function=function.name,
        source_arn=source,
        enabled=params.get("Enabled", True),
        config=config,
        deployed=None,
        transition="Creating",
        settles_at=settles_at(request),
        modified_at=request.now,
    )
    write_row(request, row)
    put_tags(request, mapping_arn(request, row.uuid), tags)
    return shape_of(request, row)


def get_event_source_mapping(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("lambda", "GetEventSourceMapping", params)
    return shape_of(request, _find(request, params["UUID"]))


def list_event_source_mappings(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """All mappings, or those of a queue, of a function, or of both."""
    check_constraints("lambda", "ListEventSourceMappings", params)
    rows = list_rows(request)
    if params.get("EventSourceArn"):
        rows = [row for row in rows if row.source_arn == params["EventSourceArn"]]
    if "FunctionName" in params:
        name, _ = split_name(request, params["FunctionName"])
        rows = [row for row in rows if row.function == name]
        if not rows and look_up(request, name) is None:
            raise no_such_function(arn_of(request, name))
    shown, more = page(rows, params, LIST_MAPPINGS, lambda row: row.uuid)
    return {"EventSourceMappings": [shape_of(request, row) for row in shown], **more}


def update_event_source_mapping(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Change what is given; a mapping that still changes is `ResourceInUseException`."""
    check_constraints("lambda", "UpdateEventSourceMapping", params)
    row = _find(request, params["UUID"])
    if row.in_transition(request.now):
        raise in_use("Cannot update the event source mapping because it is in use.")
    name = row.function
    if "FunctionName" in params:
        function = function_named(request, params["FunctionName"])
        name = function.name
        check_queue(request, row.source_arn, function)
        if name != row.function:
            _check_unique(request, name, row.source_arn)
    config = config_from(params, row.config, row.source_arn)
    enabled = params.get("Enabled", row.enabled)
    transition = "Updating"
    if enabled != row.enabled:
        transition = "Enabling" if enabled else "Disabling"
    changed = replace(
        row,
        function=name,
        enabled=enabled,
        config=config,
        transition=transition,
        settles_at=settles_at(request),
        modified_at=request.now,
    )
    write_row(request, changed)
    return shape_of(request, changed)


def delete_event_source_mapping(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("lambda", "DeleteEventSourceMapping", params)
    row = _find(request, params["UUID"])
    if row.in_transition(request.now):
        raise in_use("Cannot delete the event source mapping because it is in use.")
    gone = replace(row, transition="Deleting", settles_at=settles_at(request), modified_at=request.now)
    write_row(request, gone)
    forget_tags(request, mapping_arn(request, row.uuid))
    return shape_of(request, gone)


def _find(request: Request, uuid: str) -> MappingRow:
    row = find_row(request, uuid)
    if row is None:
        raise not_found("The resource you requested does not exist.")
    return row


def _check_unique(request: Request, function: str, source_arn: str) -> None:
    for row in list_rows(request):
        if row.function == function and row.source_arn == source_arn:
            raise conflict(
                f'An event source mapping with SQS arn (" {source_arn} ") and function (" {function} ") already '
                f"exists. Please update or delete the existing mapping with UUID {row.uuid}"
            )
