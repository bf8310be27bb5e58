"""Moves the messages of running move tasks, a bounded number at each tick, at the pace that each task was given.

A message is moved as AWS moves it: received from the source, sent to its destination, deleted. So it arrives with a
new id and a new time of sending, in FIFO order, and whatever receiving and sending does to a queue happens here too.
All of it is one transaction with the task's own row: a message is never in both queues, or in none.
"""

from typing import Any

from infra.local.errors import AwsError
from infra.local.request import Request, Wait
from infra.local.sqs.deduplication import content_id, forget, key_of
from infra.local.sqs.delete import delete_message
from infra.local.sqs.limits import MAX_RECEIVE
from infra.local.sqs.message import TRACE_HEADER
from infra.local.sqs.move_task import COMPLETED, FAILED, RUNNING, MoveTask, running_tasks, save_task
from infra.local.sqs.queue import Queue, find_by_name
from infra.local.sqs.receive import receive_message
from infra.local.sqs.send import send_message
from infra.local.sqs.visibility import change_message_visibility

#: Messages moved in one tick at most, so that it holds up other calls for some milliseconds only.
MOVES_PER_TICK = 100
#: Milliseconds between two ticks of a task with a high rate; it moves several messages in each.
BEAT = 100
#: Milliseconds until the next try when the source has as many messages in flight as it can have.
AFTER_OVER_LIMIT = 1_000

#: FailureReason of a task without destination that meets a message which did not come from another queue.
NO_ORIGIN = "CouldNotDetermineMessageSource"

#: System attributes of a message that go with it -> the parameters of SendMessage.
CARRIED = {"MessageGroupId": "MessageGroupId", "MessageDeduplicationId": "MessageDeduplicationId"}


class CannotMove(Exception):
    """A message has nowhere to go; the words are the task's FailureReason."""


def tick(request: Request) -> int | None:
    """Move what may move now; answers when there is more to move, None when no task runs."""
    region = request.region
    budget = MOVES_PER_TICK
    later: list[int] = []
    for task in running_tasks(request):
        if budget and task.next_at <= request.now * 1000:
            request.region = task.region
            budget -= work(request, task, budget)
        if task.status == RUNNING:
            due = -(-task.next_at // 1000)
            later.append(due if due <= request.now else max(due, request.now + BEAT))
    request.region = region
    return min(later, default=None)


def work(request: Request, task: MoveTask, budget: int) -> int:
    """Move up to `budget` messages of a task, as its rate allows, and note it; answers how many it was."""
    before = task.moved
    try:
        source = find_by_name(request, task.source)
        while wanted := min(task.allowance(request.now, budget - (task.moved - before)), MAX_RECEIVE):
            messages = take(request, source, wanted)
            moved = move_all(request, task, source, messages)
            task.advance(request.now, moved)
            if len(messages) < wanted:
                task.status = COMPLETED
                break
        if task.moved >= task.to_move:
            task.status = COMPLETED
    except CannotMove as error:
        task.status, task.failure = FAILED, str(error)
    except AwsError as error:
        if error.code == "OverLimit":
            task.next_at = (request.now + AFTER_OVER_LIMIT) * 1000
        else:
            task.status, task.failure = FAILED, reason_of(error)
    save_task(request, task)
    return task.moved - before


def take(request: Request, source: Queue, wanted: int) -> list[dict[str, Any]]:
    """Receive messages with all that they carry."""
    reply = receive_message(
        request,
        {
            "QueueUrl": source.name,
            "MaxNumberOfMessages": wanted,
            "VisibilityTimeout": 1,
            "WaitTimeSeconds": 0,
            "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        },
    )
    messages: list[dict[str, Any]] = [] if isinstance(reply, Wait) else reply.get("Messages", [])
    return messages


def move_all(request: Request, task: MoveTask, source: Queue, messages: list[dict[str, Any]]) -> int:
    """Move messages that were received; those that cannot be are shown again, and then `CannotMove` is raised."""
    for number, message in enumerate(messages):
        try:
            move(request, task, message)
        except (AwsError, CannotMove) as error:
            task.advance(request.now, number)
            for left in messages[number:]:
                change_message_visibility(request, receipt(source, left) | {"VisibilityTimeout": 0})
            raise CannotMove(reason_of(error) if isinstance(error, AwsError) else str(error)) from None
        delete_message(request, receipt(source, message))
    return len(messages)


def reason_of(error: AwsError) -> str:
    """A FailureReason: AWS gives the code of the query protocol."""
    return error.query_code or error.code


def receipt(source: Queue, message: dict[str, Any]) -> dict[str, Any]:
    return {"QueueUrl": source.name, "ReceiptHandle": message["ReceiptHandle"]}


def move(request: Request, task: MoveTask, message: dict[str, Any]) -> None:
    """Send the message to the task's destination, or to the queue that it came from."""
    system = message.get("Attributes", {})
    name = task.destination or system.get("DeadLetterQueueSourceArn", "").rpartition(":")[2]
    if not name:
        raise CannotMove(NO_ORIGIN)
    queue = find_by_name(request, name)
    params: dict[str, Any] = {"QueueUrl": name, "MessageBody": message["Body"]}
    params |= {parameter: system[attribute] for attribute, parameter in CARRIED.items() if attribute in system}
    if "MessageAttributes" in message:
        params["MessageAttributes"] = message["MessageAttributes"]
    if TRACE_HEADER in system:
        header = {"DataType": "String", "StringValue": system[TRACE_HEADER]}
        params["MessageSystemAttributes"] = {TRACE_HEADER: header}
    if queue.settings.fifo:
        # Else a message that comes back within five minutes of its first send would count as sent twice.
        duplicate = params.get("MessageDeduplicationId") or content_id(message["Body"])
        forget(request, queue, key_of(queue, params["MessageGroupId"], duplicate))
    send_message(request, params)
