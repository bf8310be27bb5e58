"""Rules on the queues of job types. What a queue should be is what queues/resources.py makes of its type."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from infra.deploy.alarms import patience
from infra.doctor.cure import aws, create, queue_attribute
from infra.doctor.finding import Fault, Rule, Severity, Subject
from infra.doctor.snapshot import AnyType, FunctionState, MappingState, QueueState, Snapshot
from queues.resources import mapped_visibility, queue_attributes, visibility_timeout, worker_visibility


def missing(snapshot: Snapshot) -> Iterator[Fault]:
    for job_type in snapshot.types:
        for name in snapshot.names_of(job_type):
            if name in snapshot.queues and snapshot.queues[name] is None:
                yield Fault(name, f"job type {job_type.name!r} has no queue {name!r}", create(snapshot))


def orphans(snapshot: Snapshot) -> Iterator[Fault]:
    settings = snapshot.settings
    known = {name for one in snapshot.types for name in snapshot.names_of(one)}
    known |= {settings.dead_letter_queue(one.name) for one in snapshot.types}
    for name, url in snapshot.listed.items():
        if name not in known:
            queue = snapshot.queues.get(name)
            held = "" if queue is None else f", with {_messages(queue.depth)}"
            yield Fault(
                name,
                f"no job type of {', '.join(settings.jobs)} has the queue {name!r}{held}",
                "name its type's module in JOBYARD_JOBS, if there is one; else "
                + aws(snapshot, "sqs", "delete-queue", "--queue-url", url),
            )


def _functions(snapshot: Snapshot) -> Iterator[tuple[AnyType, QueueState, MappingState, FunctionState]]:
    """Each queue with each function that works on it."""
    for job_type, mapping in snapshot.mapped():
        queue, function = snapshot.queues.get(mapping.queue), snapshot.functions.get(mapping.function)
        if queue is not None and function is not None:
            yield job_type, queue, mapping, function


def shorter_than_the_function(snapshot: Snapshot) -> Iterator[Fault]:
    for _, queue, mapping, function in _functions(snapshot):
        if queue.visibility < function.timeout:
            needed = mapped_visibility(function.timeout, mapping.window)
            yield Fault(
                queue.name,
                f"VisibilityTimeout is {queue.visibility} s; {function.name} may run {function.timeout} s",
                queue_attribute(snapshot, queue.url, "VisibilityTimeout", needed),
            )


def shorter_than_aws_asks(snapshot: Snapshot) -> Iterator[Fault]:
    for _, queue, mapping, function in _functions(snapshot):
        needed = mapped_visibility(function.timeout, mapping.window)
        if function.timeout <= queue.visibility < needed:
            yield Fault(
                queue.name,
                f"VisibilityTimeout is {queue.visibility} s; AWS asks for {needed} s with {function.name}'s timeout of "
                f"{function.timeout} s and a batching window of {mapping.window} s",
                queue_attribute(snapshot, queue.url, "VisibilityTimeout", needed),
            )


def too_short_for_a_function(snapshot: Snapshot) -> Iterator[Fault]:
    unmapped = {name for _, name in snapshot.unmapped()}
    for job_type, queue in snapshot.with_queues():
        needed = visibility_timeout(job_type)
        if queue.name in unmapped and queue.visibility < needed:
            own = worker_visibility(job_type, snapshot.settings.lease)
            yield Fault(
                queue.name,
                f"VisibilityTimeout is {queue.visibility} s; a function of the type would need {needed} s. "
                f"`jobyard work` does not use it: it hides messages for {own} s at a time, by JOBYARD_LEASE",
                queue_attribute(snapshot, queue.url, "VisibilityTimeout", needed),
            )


def below(attribute: str, has: Callable[[QueueState], int]) -> Callable[[Snapshot], Iterator[Fault]]:
    """Finds queues that have less of an attribute, in seconds, than Jobyard gives them."""

    def find(snapshot: Snapshot) -> Iterator[Fault]:
        for job_type, queue in snapshot.with_queues():
            wanted = int(queue_attributes(job_type, "")[attribute])
            if has(queue) < wanted:
                cure = queue_attribute(snapshot, queue.url, attribute, wanted)
                yield Fault(queue.name, f"{attribute} is {has(queue)} s, not {wanted} s", cure)

    return find


def old_messages(snapshot: Snapshot) -> Iterator[Fault]:
    for job_type, queue in snapshot.with_queues():
        most = patience(job_type, job_type.options.most_attempts)
        if queue.oldest is not None and queue.oldest > most:
            yield Fault(
                queue.name,
                f"the oldest message is {queue.oldest:.0f} s old; all attempts of a job and their waits may take "
                f"{most} s. It has {_messages(queue.depth)}",
                f"see that a worker or function of {job_type.name!r} runs; if one does, raise the type's `concurrency`",
            )


def _messages(count: int) -> str:
    return "1 message" if count == 1 else f"{count} messages"


RULES = (
    Rule(
        "queue-missing",
        Severity.ERROR,
        Subject.QUEUES,
        "Its jobs are accepted by nobody: to enqueue one is an error.",
        missing,
    ),
    Rule(
        "queue-orphan",
        Severity.WARNING,
        Subject.QUEUES,
        "Nobody works on its messages, and Lambda's polling of it costs money.",
        orphans,
    ),
    Rule(
        "visibility-short",
        Severity.ERROR,
        Subject.QUEUES,
        "A message comes back while its function still runs, and is handed to another invocation; AWS refuses to make "
        "such a mapping.",
        shorter_than_the_function,
    ),
    Rule(
        "visibility-low",
        Severity.WARNING,
        Subject.QUEUES,
        "While a function is throttled, Lambda tries a batch again for as long as this. Then its messages come back, "
        "and each return counts towards maxReceiveCount.",
        shorter_than_aws_asks,
    ),
    Rule(
        "visibility-unfit",
        Severity.NOTE,
        Subject.QUEUES,
        "Once a function is mapped to the queue, its messages may come back while it runs.",
        too_short_for_a_function,
    ),
    Rule(
        "retention-low",
        Severity.WARNING,
        Subject.QUEUES,
        "Messages of jobs that wait longer than that, in a paused queue perhaps, are deleted; only the reaper brings "
        "their jobs back.",
        below("MessageRetentionPeriod", lambda queue: queue.retention),
    ),
    Rule(
        "short-polls",
        Severity.NOTE,
        Subject.QUEUES,
        "Each receive of an empty queue answers sooner, so there are more of them, and each is paid for.",
        below("ReceiveMessageWaitTimeSeconds", lambda queue: queue.wait),
    ),
    Rule(
        "messages-old",
        Severity.NOTE,
        Subject.QUEUES,
        "Jobs wait longer than they should.",
        old_messages,
    ),
)
