"""Operations on many jobs as the API shows them."""

from __future__ import annotations

from typing import Any

from api.views import moment
from queues.control.bulk import Bulk
from queues.control.control import Count


def operation_view(bulk: Bulk) -> dict[str, Any]:
    """An operation, and how far it is."""
    chosen = bulk.filter
    return {
        "id": bulk.id,
        "action": bulk.verb.value,
        "status": bulk.stage.value,
        "tenants": "all" if bulk.target is None else "own",
        "filter": {
            "type": chosen.type,
            "error": chosen.error,
            "failedAfter": moment(chosen.failed_after),
            "failedBefore": moment(chosen.failed_before),
            "tags": chosen.tags,
        },
        "rate": bulk.rate,
        "examined": bulk.examined,
        "done": bulk.done,
        "createdAt": moment(bulk.created_at),
        "createdBy": bulk.created_by,
        "endedAt": moment(bulk.ended_at),
    }


def dry_run_view(count: Count) -> dict[str, Any]:
    """What an operation would be for."""
    return {"dryRun": True, "matched": count.matched, "exact": count.exact}
