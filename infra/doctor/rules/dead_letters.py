"""Rules on dead-letter queues, and on the redrive policies that lead to them."""

from __future__ import annotations

import json
from collections.abc import Iterator

from infra.doctor.cure import aws, create, queue_attribute
from infra.doctor.finding import Fault, Rule, Severity, Subject
from infra.doctor.snapshot import QueueState, Snapshot
from queues.resources import MAX_RECEIVES, dead_letter_attributes


def missing(snapshot: Snapshot) -> Iterator[Fault]:
    for job_type in snapshot.types:
        name = snapshot.settings.dead_letter_queue(job_type.name)
        if name in snapshot.queues and snapshot.queues[name] is None:
            yield Fault(name, f"job type {job_type.name!r} has no dead-letter queue {name!r}", create(snapshot))


def no_redrive(snapshot: Snapshot) -> Iterator[Fault]:
    for job_type, queue in snapshot.with_queues():
        if queue.redrive is None:
            own = snapshot.settings.dead_letter_queue(job_type.name)
            yield Fault(queue.name, f"it has no RedrivePolicy to {own}", _policy(snapshot, queue, own))


def redrive_elsewhere(snapshot: Snapshot) -> Iterator[Fault]:
    for job_type, queue in snapshot.with_queues():
        own = snapshot.settings.dead_letter_queue(job_type.name)
        if queue.redrive is not None and queue.redrive.target_arn != _beside(queue, own):
            found = f"its RedrivePolicy leads to {queue.redrive.target_arn}, not to its own {own}"
            yield Fault(queue.name, found, _policy(snapshot, queue, own))


def fewer_receives_than_attempts(snapshot: Snapshot) -> Iterator[Fault]:
    for job_type, queue in snapshot.with_queues():
        attempts = job_type.options.most_attempts
        if queue.redrive is not None and queue.redrive.receives < attempts:
            found = f"maxReceiveCount is {queue.redrive.receives}; a job of the type has {attempts} attempts"
            own = snapshot.settings.dead_letter_queue(job_type.name)
            yield Fault(queue.name, found, _policy(snapshot, queue, own))


def few_receives(snapshot: Snapshot) -> Iterator[Fault]:
    for job_type, queue in snapshot.with_queues():
        if queue.redrive is not None and job_type.options.most_attempts <= queue.redrive.receives < MAX_RECEIVES:
            found = f"maxReceiveCount is {queue.redrive.receives}, not {MAX_RECEIVES}"
            own = snapshot.settings.dead_letter_queue(job_type.name)
            yield Fault(queue.name, found, _policy(snapshot, queue, own))


def short_retention(snapshot: Snapshot) -> Iterator[Fault]:
    wanted = dead_letter_attributes()["MessageRetentionPeriod"]
    told = set()
    for job_type, queue in snapshot.with_queues():
        letters = snapshot.letters(job_type)
        if letters is not None and letters.retention <= queue.retention and letters.name not in told:
            told.add(letters.name)
            yield Fault(
                letters.name,
                f"it keeps messages for {letters.retention} s; {queue.name}, where they come from, for "
                f"{queue.retention} s",
                queue_attribute(snapshot, letters.url, "MessageRetentionPeriod", wanted),
            )


def waiting(snapshot: Snapshot) -> Iterator[Fault]:
    for job_type in snapshot.types:
        letters = snapshot.letters(job_type)
        if letters is not None and letters.depth:
            count = "1 dead letter" if letters.depth == 1 else f"{letters.depth} dead letters"
            cure = f"`jobyard dead-letters list {job_type.name}` tells why, `jobyard jobs retry ID` runs one again"
            yield Fault(letters.name, f"it holds {count}", cure)


def _beside(queue: QueueState, name: str) -> str:
    """The ARN of a queue of that name in the same account and region."""
    return f"{queue.arn.rpartition(':')[0]}:{name}"


def _policy(snapshot: Snapshot, queue: QueueState, own: str) -> str:
    policy = json.dumps({"deadLetterTargetArn": _beside(queue, own), "maxReceiveCount": MAX_RECEIVES})
    # The aws CLI's shorthand has no way to write a comma.
    attributes = json.dumps({"RedrivePolicy": policy})
    return aws(snapshot, "sqs", "set-queue-attributes", "--queue-url", queue.url, "--attributes", attributes)


RULES = (
    Rule(
        "dead-letters-missing",
        Severity.ERROR,
        Subject.DEAD_LETTERS,
        "A job that fails for good cannot be buried, and is looked at again and again.",
        missing,
    ),
    Rule(
        "redrive-missing",
        Severity.ERROR,
        Subject.DEAD_LETTERS,
        "A message that kills every process that receives it goes round until its retention is over.",
        no_redrive,
    ),
    Rule(
        "redrive-elsewhere",
        Severity.ERROR,
        Subject.DEAD_LETTERS,
        "Nobody looks for this type's dead letters there: jobs whose messages SQS moves do not end.",
        redrive_elsewhere,
    ),
    Rule(
        "receives-too-few",
        Severity.ERROR,
        Subject.DEAD_LETTERS,
        "SQS moves the message away before the job has had all its attempts.",
        fewer_receives_than_attempts,
    ),
    Rule(
        "receives-few",
        Severity.WARNING,
        Subject.DEAD_LETTERS,
        "Throttled batches, pauses and crashes count as receives too, though they are no attempts: such messages are "
        "moved away without having run.",
        few_receives,
    ),
    Rule(
        "dead-letters-retention",
        Severity.WARNING,
        Subject.DEAD_LETTERS,
        "A message keeps the age that it had when SQS moved it, so dead letters are deleted before anybody looks.",
        short_retention,
    ),
    Rule(
        "dead-letters-waiting",
        Severity.NOTE,
        Subject.DEAD_LETTERS,
        "Jobs have failed for good, and nobody has looked at them yet.",
        waiting,
    ),
)
