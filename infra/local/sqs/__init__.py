"""Amazon SQS, embedded: all of its actions, on standard, fair and FIFO queues. One function per action."""

from infra.local.request import Operation
from infra.local.sqs.attributes import get_queue_attributes, set_queue_attributes
from infra.local.sqs.delete import delete_message, delete_message_batch
from infra.local.sqs.move_task import SCHEMA as MOVE_TASK_SCHEMA
from infra.local.sqs.move_tasks import (
    cancel_message_move_task,
    list_message_move_tasks,
    start_message_move_task,
)
from infra.local.sqs.moving import tick
from infra.local.sqs.permissions import add_permission, remove_permission
from infra.local.sqs.queues import create_queue, delete_queue, get_queue_url, list_queues, purge_queue
from infra.local.sqs.receive import receive_message
from infra.local.sqs.redrive import list_dead_letter_source_queues
from infra.local.sqs.retention import sweep
from infra.local.sqs.schema import SCHEMA as MESSAGE_SCHEMA
from infra.local.sqs.send import send_message, send_message_batch
from infra.local.sqs.set_back import set_back
from infra.local.sqs.tags import list_queue_tags, tag_queue, untag_queue
from infra.local.sqs.visibility import change_message_visibility, change_message_visibility_batch

SCHEMA = MESSAGE_SCHEMA + MOVE_TASK_SCHEMA

OPERATIONS: dict[str, Operation] = {
    "AddPermission": add_permission,
    "CancelMessageMoveTask": cancel_message_move_task,
    "ChangeMessageVisibility": change_message_visibility,
    "ChangeMessageVisibilityBatch": change_message_visibility_batch,
    "CreateQueue": create_queue,
    "DeleteMessage": delete_message,
    "DeleteMessageBatch": delete_message_batch,
    "DeleteQueue": delete_queue,
    "GetQueueAttributes": get_queue_attributes,
    "GetQueueUrl": get_queue_url,
    "ListDeadLetterSourceQueues": list_dead_letter_source_queues,
    "ListMessageMoveTasks": list_message_move_tasks,
    "ListQueueTags": list_queue_tags,
    "ListQueues": list_queues,
    "PurgeQueue": purge_queue,
    "ReceiveMessage": receive_message,
    "RemovePermission": remove_permission,
    "SendMessage": send_message,
    "SendMessageBatch": send_message_batch,
    "SetQueueAttributes": set_queue_attributes,
    "StartMessageMoveTask": start_message_move_task,
    "TagQueue": tag_queue,
    "UntagQueue": untag_queue,
}

__all__ = ["OPERATIONS", "SCHEMA", "set_back", "sweep", "tick"]
