"""IO: the event source mappings of a queue, enabled or disabled; the only file that calls Lambda.

A worker may have no Lambda beside it: an emulator without it, or a deployment whose jobs all run in workers. Then there
are no mappings to switch, and the queue's row alone says that it is paused.
"""

from __future__ import annotations

import logging
from typing import Any

from botocore.exceptions import ClientError

from queues.clients import code_of

log = logging.getLogger("jobyard.switch")

#: States in which a mapping polls, or is about to.
_POLLING = frozenset({"Creating", "Enabling", "Enabled", "Updating"})
#: States in which it is gone, or soon will be.
_GOING = frozenset({"Deleting"})
#: What a mapping that is still changing answers.
_BUSY = frozenset({"ResourceInUseException", "ResourceConflictException"})


class Switch:
    """Lambda's mappings, as far as pausing goes. Without a client there are none."""

    def __init__(self, lambda_: Any | None):
        self._lambda = lambda_

    async def set(self, queue_arn: str, *, enabled: bool) -> bool:
        """Whether all mappings of the queue are as wanted; False if one still changes, and must be asked again."""
        if self._lambda is None:
            return True
        try:
            mappings = await _mappings(self._lambda, queue_arn)
        except ClientError as error:
            if not _has_no_lambda(error):
                raise
            return True
        done = True
        for mapping in mappings:
            if mapping["State"] not in _GOING and (mapping["State"] in _POLLING) is not enabled:
                done = await _update(self._lambda, mapping["UUID"], enabled) and done
        return done


async def _mappings(lambda_: Any, queue_arn: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    marker: dict[str, Any] = {}
    while True:
        reply = await lambda_.list_event_source_mappings(EventSourceArn=queue_arn, **marker)
        found += reply["EventSourceMappings"]
        if not reply.get("NextMarker"):
            return found
        marker = {"Marker": reply["NextMarker"]}


async def _update(lambda_: Any, uuid: str, enabled: bool) -> bool:
    try:
        await lambda_.update_event_source_mapping(UUID=uuid, Enabled=enabled)
    except ClientError as error:
        if code_of(error) not in _BUSY:
            raise
        return False
    return True


def _has_no_lambda(error: ClientError) -> bool:
    """Whether an emulator says that it has none."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status in (404, 501) or code_of(error) in ("UnknownOperationException", "NotImplemented", "InvalidAction"):
        log.info("this endpoint has no Lambda (%s): there are no mappings to switch", code_of(error))
        return True
    return False
