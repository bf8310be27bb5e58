"""Operations on many jobs, and the dead letters of another tenant, as the API shows them."""

from __future__ import annotations

from typing import Any

from api.views import listed_view, moment
from queues.control.bulk import Bulk
from queues.control.bulk_store import BulkPage
from queues.control.control import Count
from queues.job import Job
from queues.listing import Page


def operation_view(bulk: Bulk) -> dict[str, Any]:
    """An operation, and how far it is."""
    chosen = bulk.filter
    return {
        "id": bulk.id,
        "action": bulk.verb.value,
        "status": bulk.stage.value,
        "owner": bulk.owner,
        "tenants": "all" if bulk.target is None else "own" if bulk.target == bulk.owner else "other",
        "tenant": bulk.target,
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


def operations_view(page: BulkPage) -> dict[str, Any]:
    """One page of operations."""
    return {"operations": [operation_view(bulk) for bulk in page.operations], "cursor": page.cursor}


def dry_run_view(count: Count, *, everyone: bool = False) -> dict[str, Any]:
    """What an operation would be for, and, of everyone's, whose they are."""
    view = {"dryRun": True, "matched": count.matched, "exact": count.exact}
    return view | {"tenants": dict(sorted(count.tenants.items()))} if everyone else view


def foreign_letters_view(page: Page) -> dict[str, Any]:
    """One page of another tenant's dead letters: what has failed, how and when, without what the jobs hold or say."""
    return {"jobs": [_foreign_letter(job) for job in page.jobs], "cursor": page.cursor}


def _foreign_letter(job: Job) -> dict[str, Any]:
    held = {"data": job.data_json, "result": job.result_json}
    return listed_view(job) | {
        "note": None,
        "data": None,
        "result": None,
        "omitted": [name for name, text in held.items() if text is not None],
    }
