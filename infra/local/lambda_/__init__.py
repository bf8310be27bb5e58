"""AWS Lambda, embedded: functions that this process has, invoked by the API, by events, and by messages of queues."""

from infra.local.lambda_.code import CODE
from infra.local.lambda_.concurrency import (
    delete_function_concurrency,
    get_function_concurrency,
    put_function_concurrency,
)
from infra.local.lambda_.describe import get_function, get_function_configuration, list_functions
from infra.local.lambda_.event_config import (
    delete_function_event_invoke_config,
    get_function_event_invoke_config,
    list_function_event_invoke_configs,
    put_function_event_invoke_config,
    update_function_event_invoke_config,
)
from infra.local.lambda_.events import tick
from infra.local.lambda_.invoke import invoke, invoke_async
from infra.local.lambda_.mapping_api import (
    create_event_source_mapping,
    delete_event_source_mapping,
    get_event_source_mapping,
    list_event_source_mappings,
    update_event_source_mapping,
)
from infra.local.lambda_.schema import SCHEMA
from infra.local.lambda_.set_back import set_back
from infra.local.lambda_.tags import list_tags, tag_resource, untag_resource
from infra.local.request import Operation

OPERATIONS: dict[str, Operation] = {
    "CreateEventSourceMapping": create_event_source_mapping,
    "DeleteEventSourceMapping": delete_event_source_mapping,
    "DeleteFunctionConcurrency": delete_function_concurrency,
    "DeleteFunctionEventInvokeConfig": delete_function_event_invoke_config,
    "GetEventSourceMapping": get_event_source_mapping,
    "GetFunction": get_function,
    "GetFunctionConcurrency": get_function_concurrency,
    "GetFunctionConfiguration": get_function_configuration,
    "GetFunctionEventInvokeConfig": get_function_event_invoke_config,
    "Invoke": invoke,
    "InvokeAsync": invoke_async,
    "ListEventSourceMappings": list_event_source_mappings,
    "ListFunctionEventInvokeConfigs": list_function_event_invoke_configs,
    "ListFunctions": list_functions,
    "ListTags": list_tags,
    "PutFunctionConcurrency": put_function_concurrency,
    "PutFunctionEventInvokeConfig": put_function_event_invoke_config,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateEventSourceMapping": update_event_source_mapping,
    "UpdateFunctionEventInvokeConfig": update_function_event_invoke_config,
    **CODE,
}

__all__ = ["OPERATIONS", "SCHEMA", "set_back", "tick"]
