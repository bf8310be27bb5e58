"""PutResourcePolicy, GetResourcePolicy and DeleteResourcePolicy: a table's policy is kept, with a revision, and told.

Nothing is refused because of a policy: who may call is not asked here.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/access-control-resource-based.html
"""

import re
from collections.abc import Mapping
from typing import Any

import orjson

from infra.local.dynamodb.constraints import check
from infra.local.dynamodb.describe_table import existing
from infra.local.dynamodb.errors import invalid, invalid_value
from infra.local.dynamodb.limits import POLICY_BYTES
from infra.local.dynamodb.parameters import check_known
from infra.local.dynamodb.tables import Table, save_definition
from infra.local.errors import AwsError
from infra.local.request import Request

_ARN = re.compile(r"arn:aws[a-z-]*:dynamodb:([a-z0-9-]+):(\d{12}):table/([a-zA-Z0-9_.-]{3,255})(/.*)?")
#: The expected revision of a policy that is not there.
_NONE = "NO_POLICY"
#: Where it is in a table's definition.
_KEPT = "Policy"


def put_resource_policy(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """The same policy again is no new revision."""
    table = _table(request, "PutResourcePolicy", params)
    document: str = params["Policy"]
    asked = _parsed(document)
    kept = _expected(table, params)
    if kept is not None and orjson.loads(kept["Document"]) == asked:
        return {"RevisionId": kept["Revision"]}
    # A moment, as AWS's are, and later than the one before.
    revision = str(max(request.now, 0 if kept is None else int(kept["Revision"]) + 1))
    save_definition(request, table, {**table.definition, _KEPT: {"Document": document, "Revision": revision}})
    return {"RevisionId": revision}


def get_resource_policy(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    table = _table(request, "GetResourcePolicy", params)
    kept = table.definition.get(_KEPT)
    if kept is None:
        raise _not_found(params["ResourceArn"])
    return {"Policy": kept["Document"], "RevisionId": kept["Revision"]}


def delete_resource_policy(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """Deleting what is not there is no error, unless a revision of it is expected."""
    table = _table(request, "DeleteResourcePolicy", params)
    kept = _expected(table, params)
    if kept is None:
        return {}
    save_definition(request, table, {name: value for name, value in table.definition.items() if name != _KEPT})
    return {"RevisionId": kept["Revision"]}


def _table(request: Request, operation: str, params: dict[str, Any]) -> Table:
    """The table that ResourceArn names."""
    check(operation, params)
    check_known(
        operation, params, frozenset({"ResourceArn", "Policy", "ExpectedRevisionId", "ConfirmRemoveSelfResourceAccess"})
    )
    arn: str = params["ResourceArn"]
    if not arn.startswith("arn:"):
        raise invalid_value(f"ARNs must start with 'arn:': {arn}")
    match = _ARN.fullmatch(arn)
    if match is None:
        raise invalid_value(f"Provided Arn is not a DynamoDB resource arn: {arn}")
    region, account, name, rest = match.groups()
    if region != request.region:
        raise invalid_value(f"Invalid resource Arn: {arn}")
    if account != request.account:
        raise invalid("This action is only supported by accounts that match the resource owner\u2019s account.")
    if rest is not None:
        raise invalid_value(
            f"Invalid resource arn provided, only table or stream is accepted. Provided resource arn: {arn}"
        )
    return existing(request, name)


def _parsed(document: str) -> Any:
    if len(document.encode()) > POLICY_BYTES:
        raise invalid_value(f"Maximum policy size of {POLICY_BYTES} bytes exceeded")
    try:
        parsed = orjson.loads(document)
    except orjson.JSONDecodeError:
        parsed = None
    if not isinstance(parsed, dict):
        raise invalid_value("Invalid policy document: This policy contains invalid Json")
    statements = parsed.get("Statement")
    if statements is None or statements == []:
        raise invalid_value("Invalid policy document: Could not parse the policy: Statement is empty!")
    for statement in statements if isinstance(statements, list) else [statements]:
        for field in ("Effect", "Resource"):
            if not isinstance(statement, dict) or field not in statement:
                raise invalid_value(f"Invalid policy document: Missing required field {field}")
    return parsed


def _expected(table: Table, params: Mapping[str, Any]) -> Mapping[str, str] | None:
    """The policy that there is; refused when another one, or none, is expected."""
    kept: Mapping[str, str] | None = table.definition.get(_KEPT)
    expected = params.get("ExpectedRevisionId")
    if kept is None:
        if expected not in (None, _NONE):
            raise _not_found(params["ResourceArn"])
    elif expected == _NONE:
        raise _not_found(
            f"Requested policy update expecting none to be present for table {table.name}, but a policy exists with "
            f"revision id {kept['Revision']}."
        )
    elif expected not in (None, kept["Revision"]):
        raise _not_found(
            f"Requested update for policy with revision id {expected}, but the policy associated to target table "
            f"{table.name} has revision id {kept['Revision']}."
        )
    return kept


def _not_found(what: str) -> AwsError:
    return AwsError("PolicyNotFoundException", f"Resource-based policy not found for the provided ResourceArn: {what}")
