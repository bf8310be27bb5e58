"""How a function's asynchronous invocations are retried, how long they are kept, and who hears of their end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from infra.local.constraints import check_constraints
from infra.local.errors import AwsError
from infra.local.lambda_ import limits
from infra.local.lambda_.context import VERSION
from infra.local.lambda_.errors import invalid_parameter, not_found
from infra.local.lambda_.functions import Function
from infra.local.lambda_.names import arn_of, look_up, split_name
from infra.local.lambda_.pages import page
from infra.local.request import Request
from infra.local.sqs.queue import look_up as look_up_queue

GET = "SELECT config, modified_at FROM lambda_event_configs WHERE region = ? AND function = ?"
PUT = "INSERT OR REPLACE INTO lambda_event_configs (region, function, config, modified_at) VALUES (?, ?, ?, ?)"
DELETE = "DELETE FROM lambda_event_configs WHERE region = ? AND function = ?"

#: What a configuration consists of.
SETTINGS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")
#: Services that AWS sends records to, and the embedded Lambda does not.
OTHER_DESTINATIONS = ("sns", "lambda", "events", "s3")


@dataclass(frozen=True, slots=True)
class EventConfig:
    """What holds for a function's events."""

    #: After the first try.
    retries: int = limits.EVENT_RETRIES
    #: Seconds.
    max_age: int = limits.EVENT_AGE_SECONDS
    #: ARNs of queues.
    on_success: str | None = None
    on_failure: str | None = None


def config_of(request: Request, function: Function) -> EventConfig:
    """The function's configuration, or the defaults."""
    stored = _stored(request, function.region, function.name)
    if stored is None:
        return EventConfig()
    config, _ = stored
    destinations = config["DestinationConfig"]
    return EventConfig(
        config.get("MaximumRetryAttempts", limits.EVENT_RETRIES),
        config.get("MaximumEventAgeInSeconds", limits.EVENT_AGE_SECONDS),
        destinations["OnSuccess"].get("Destination") or None,
        destinations["OnFailure"].get("Destination") or None,
    )


def put_function_event_invoke_config(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Set the whole configuration; what is not given returns to its default."""
    check_constraints("lambda", "PutFunctionEventInvokeConfig", params)
    return _write(request, _existing(request, params), params, {})


def update_function_event_invoke_config(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Change what is given of a configuration that there is."""
    check_constraints("lambda", "UpdateFunctionEventInvokeConfig", params)
    name = _existing(request, params)
    return _write(request, name, params, _get(request, name, params)[0])


def get_function_event_invoke_config(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("lambda", "GetFunctionEventInvokeConfig", params)
    name, _ = split_name(request, params["FunctionName"], params.get("Qualifier"))
    return _shape(request, name, *_get(request, name, params))


def delete_function_event_invoke_config(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("lambda", "DeleteFunctionEventInvokeConfig", params)
    name, _ = split_name(request, params["FunctionName"], params.get("Qualifier"))
    _get(request, name, params)
    request.db.execute(DELETE, (request.region, name))
    return {}


def list_function_event_invoke_configs(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check_constraints("lambda", "ListFunctionEventInvokeConfigs", params)
    name = _existing(request, params)
    stored = _stored(request, request.region, name)
    shapes = [] if stored is None else [_shape(request, name, *stored)]
    shown, more = page(shapes, params, limits.LIST_EVENT_CONFIGS, lambda shape: shape["FunctionArn"])
    return {"FunctionEventInvokeConfigs": list(shown), **more}


def _write(request: Request, name: str, params: dict[str, Any], old: dict[str, Any]) -> dict[str, Any]:
    given = {setting: params[setting] for setting in SETTINGS if setting in params}
    if not given:
        raise invalid_parameter("You must specify at least one of error handling or destination setting.")
    if "DestinationConfig" in given:
        given["DestinationConfig"] = _checked(request, name, given["DestinationConfig"])
    config = {"DestinationConfig": {"OnFailure": {}, "OnSuccess": {}}, **old, **given}
    request.db.execute(PUT, (request.region, name, orjson.dumps(config).decode(), request.now))
    request.alarm(request.now)
    return _shape(request, name, config, request.now)


def _checked(request: Request, name: str, destinations: dict[str, Any]) -> dict[str, Any]:
    """Both ends with their destinations, each a queue that there is; an empty ARN takes a destination away."""
    checked: dict[str, Any] = {}
    for end in ("OnFailure", "OnSuccess"):
        arn = destinations.get(end, {}).get("Destination", "")
        if arn:
            _check_destination(request, name, arn, destinations)
        checked[end] = {"Destination": arn} if arn else {}
    return checked


def _check_destination(request: Request, name: str, arn: str, destinations: dict[str, Any]) -> None:
    service = arn.split(":")[2]
    if arn == arn_of(request, name):
        raise invalid_parameter("You can't specify the function as a destination for itself.")
    if service in OTHER_DESTINATIONS:
        raise invalid_parameter(f"The embedded Lambda sends invocation records to SQS queues only, not to {arn}.")
    if service != "sqs":
        success, failure = (_printed(destinations, end) for end in ("OnSuccess", "OnFailure"))
        raise invalid_parameter(
            f"The provided destination config DestinationConfig(onSuccess={success}, onFailure={failure}) is invalid."
        )
    _, _, _, region, account, queue = arn.split(":", 5)
    known = region == request.region and account == request.account and look_up_queue(request, region, queue)
    if not known or queue.endswith(".fifo"):
        raise invalid_parameter(f"The destination ARN {arn} is invalid.")


def _printed(destinations: dict[str, Any], end: str) -> str:
    """A member as AWS prints it in its complaint."""
    if end not in destinations:
        return "null"
    return f"{end}(destination={destinations[end].get('Destination', 'null')})"


def _existing(request: Request, params: dict[str, Any]) -> str:
    """The name of a function that there is, in the one version that it has."""
    name, qualifier = split_name(request, params["FunctionName"], params.get("Qualifier"))
    if look_up(request, name) is None or qualifier not in (None, VERSION):
        raise not_found("The function doesn't exist.")
    return name


def _get(request: Request, name: str, params: dict[str, Any]) -> tuple[dict[str, Any], int]:
    _, qualifier = split_name(request, params["FunctionName"], params.get("Qualifier"))
    stored = _stored(request, request.region, name) if qualifier in (None, VERSION) else None
    if stored is None:
        raise _none_set(f"{arn_of(request, name)}:{qualifier or VERSION}")
    return stored


def _none_set(arn: str) -> AwsError:
    return not_found(f"The function {arn} doesn't have an EventInvokeConfig")


def _stored(request: Request, region: str, name: str) -> tuple[dict[str, Any], int] | None:
    row = request.db.execute(GET, (region, name)).fetchone()
    return None if row is None else (orjson.loads(row[0]), row[1])


def _shape(request: Request, name: str, config: dict[str, Any], modified_at: int) -> dict[str, Any]:
    modified = datetime.fromtimestamp(modified_at / 1000, UTC)
    return {"LastModified": modified, "FunctionArn": f"{arn_of(request, name)}:{VERSION}", **config}
