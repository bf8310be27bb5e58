"""Mappings that come with a deployment: made at its start, changed when it changes, and else left as they were set.

As with a stack on AWS, a change by the API holds until the deployment itself says something new; whether a mapping is
enabled is nobody's but the API's, so a queue that was paused stays paused over restarts and upgrades.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import orjson

from infra.local.lambda_.mapping_config import DEFAULTS
from infra.local.lambda_.mapping_row import MappingRow, find_row, list_rows, write_row
from infra.local.request import Operation, Request


@dataclass(frozen=True, slots=True)
class Deployed:
    """A mapping as a deployment wants it. `config` has members of CreateEventSourceMapping."""

    function: str
    source_arn: str
    config: dict[str, Any]

    @property
    def uuid(self) -> str:
        """The same for the same function and queue, whenever it is deployed."""
        return str(uuid5(NAMESPACE_URL, f"{self.source_arn} {self.function}"))


def deploy(mappings: list[Deployed]) -> Operation:
    """An operation that makes the mappings what the deployment says, where they are not yet."""

    def run(request: Request, params: dict[str, Any]) -> dict[str, Any]:
        for mapping in mappings:
            region = mapping.source_arn.split(":")[3]
            _deploy(replace(request, region=region), mapping)
        return {}

    return run


def _deploy(request: Request, mapping: Deployed) -> None:
    config = {**DEFAULTS, **mapping.config}
    deployed = orjson.dumps(config, option=orjson.OPT_SORT_KEYS).decode()
    row = find_row(request, mapping.uuid)
    if row is not None and row.deployed == deployed and row.transition != "Deleting":
        return
    if row is None and any(
        other.function == mapping.function and other.source_arn == mapping.source_arn for other in list_rows(request)
    ):
        # Somebody took the deployed one away and made their own: two would share the queue.
        return
    made = MappingRow(
        uuid=mapping.uuid,
        region=request.region,
        function=mapping.function,
        source_arn=mapping.source_arn,
        enabled=True if row is None else row.enabled,
        config=config,
        deployed=deployed,
        transition=None,
        settles_at=request.now,
        modified_at=request.now,
    )
    write_row(request, made)
