"""DescribeContinuousBackups and UpdateContinuousBackups: the switch of point-in-time recovery.

The switch is kept and told; nothing is recorded to recover from, and the operations that restore are refused.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from infra.local.dynamodb.constraints import check
from infra.local.dynamodb.describe_table import existing
from infra.local.dynamodb.limits import RECOVERY_DAYS
from infra.local.dynamodb.parameters import check_known
from infra.local.dynamodb.tables import Table, save_definition
from infra.local.errors import AwsError
from infra.local.request import Request

_DESCRIBE = frozenset({"TableName"})
_UPDATE = frozenset({"TableName", "PointInTimeRecoverySpecification"})
#: AWS can restore to any moment up to five minutes ago.
_RECOVERY_LAG = timedelta(minutes=5)


def describe_continuous_backups(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check("DescribeContinuousBackups", params)
    check_known("DescribeContinuousBackups", params, _DESCRIBE)
    return {"ContinuousBackupsDescription": _description(request, _table(request, params))}


def update_continuous_backups(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    check("UpdateContinuousBackups", params)
    check_known("UpdateContinuousBackups", params, _UPDATE)
    table = _table(request, params)
    asked = params["PointInTimeRecoverySpecification"]
    definition = {name: value for name, value in table.definition.items() if name != "Recovery"}
    if asked["PointInTimeRecoveryEnabled"]:
        since = table.definition.get("Recovery", {}).get("Since", request.now / 1000)
        definition["Recovery"] = {"Since": since, "Days": asked.get("RecoveryPeriodInDays", RECOVERY_DAYS)}
    return {"ContinuousBackupsDescription": _description(request, save_definition(request, table, definition))}


def _table(request: Request, params: dict[str, Any]) -> Table:
    try:
        return existing(request, params["TableName"])
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise
        raise AwsError("TableNotFoundException", f"Table not found: {params['TableName']}") from None


def _description(request: Request, table: Table) -> dict[str, Any]:
    recovery = table.definition.get("Recovery")
    told: dict[str, Any] = {"PointInTimeRecoveryStatus": "DISABLED"}
    if recovery is not None:
        now = datetime.fromtimestamp(request.now / 1000, UTC)
        told = {
            "PointInTimeRecoveryStatus": "ENABLED",
            "RecoveryPeriodInDays": recovery["Days"],
            "EarliestRestorableDateTime": datetime.fromtimestamp(recovery["Since"], UTC),
            "LatestRestorableDateTime": max(now - _RECOVERY_LAG, datetime.fromtimestamp(recovery["Since"], UTC)),
        }
    return {"ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": told}
