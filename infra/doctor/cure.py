"""Cures as text: an `aws` command for the endpoint that was looked at, or Jobyard's own command where it mends that."""

from __future__ import annotations

import shlex

from infra.doctor.snapshot import Kind, Snapshot


def aws(snapshot: Snapshot, *words: object) -> str:
    """A command of the aws CLI, ready to be pasted."""
    target = snapshot.target
    where = [] if target.endpoint is None else ["--endpoint-url", target.endpoint]
    return shlex.join(["aws", *where, "--region", target.region, *map(str, words)])


def create(snapshot: Snapshot) -> str:
    """What makes table and queues, and sets the queues' attributes right."""
    if not any(snapshot.queues.values()) and not any(snapshot.tables.values()):
        prefix, region = snapshot.settings.prefix, snapshot.target.region
        make = "deploy" if snapshot.target.kind is Kind.AWS else "`jobyard work --create`"
        return f"nothing of {prefix!r} is in {region}: set --prefix and AWS_REGION to where it is, or make it: {make}"
    match snapshot.target.kind:
        case Kind.EMBEDDED:
            return "restart `jobyard up`, which makes what is missing and sets queues right"
        case Kind.EMULATOR:
            return "`jobyard work --create` makes what is missing and sets queues right; or deploy again"
        case Kind.AWS:
            return "deploy again; if the stack says that nothing has changed, `jobyard work --create` mends it"


def queue_attribute(snapshot: Snapshot, url: str, name: str, value: object) -> str:
    """Sets one attribute of a queue."""
    return aws(snapshot, "sqs", "set-queue-attributes", "--queue-url", url, "--attributes", f"{name}={value}")


def mapping(snapshot: Snapshot, uuid: str, *words: object) -> str:
    """Changes an event source mapping."""
    return aws(snapshot, "lambda", "update-event-source-mapping", "--uuid", uuid, *words)
