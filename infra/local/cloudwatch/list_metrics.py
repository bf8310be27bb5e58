"""ListMetrics: which metrics had data in the past two weeks."""

from typing import Any

import orjson

from infra.local.cloudwatch import limits
from infra.local.cloudwatch.checks import check_dimensions, check_member, check_name, check_namespace
from infra.local.cloudwatch.errors import unsupported
from infra.local.cloudwatch.metric import shown
from infra.local.cloudwatch.tokens import number_after, token_for
from infra.local.request import Request

#: Those of a region after a number, with data since a time; the namespace and the name only where given.
LIST = """
SELECT id, namespace, name, dimensions FROM cw_metrics
WHERE region = ? AND id > ? AND seen_at >= ? AND (? IS NULL OR namespace = ?) AND (? IS NULL OR name = ?)
ORDER BY id
"""


def list_metrics(request: Request, params: dict[str, Any]) -> dict[str, Any]:
    """A page of 500 metrics; dimensions given must all be there, with their values where those are given."""
    namespace, name = params.get("Namespace"), params.get("MetricName")
    if namespace is not None:
        check_namespace(namespace)
    if name is not None:
        check_name(name, "MetricName")
    filters = params.get("Dimensions", [])
    check_dimensions(filters, "Dimensions", 10)
    if params.get("IncludeLinkedAccounts") or params.get("OwningAccount", request.account) != request.account:
        raise unsupported("metrics of other accounts (IncludeLinkedAccounts, OwningAccount)")
    age = limits.LISTED
    if "RecentlyActive" in params:
        check_member(params["RecentlyActive"], "RecentlyActive", ("PT3H",))
        age = limits.RECENTLY_ACTIVE
    after = number_after(params.get("NextToken"))
    since = request.now // 1000 - age
    found: list[dict[str, Any]] = []
    rows = request.db.execute(LIST, (request.region, after, since, namespace, namespace, name, name))
    for number, its_namespace, its_name, packed in rows:
        dimensions = orjson.loads(packed)
        if not _matches(dict(dimensions), filters):
            continue
        if len(found) == limits.MAX_LIST:
            return {"Metrics": found, "NextToken": token_for(after)}
        found.append({"Namespace": its_namespace, "MetricName": its_name, "Dimensions": shown(dimensions)})
        after = number
    return {"Metrics": found}


def _matches(dimensions: dict[str, str], filters: list[dict[str, Any]]) -> bool:
    return all(
        wanted["Name"] in dimensions and wanted.get("Value", dimensions[wanted["Name"]]) == dimensions[wanted["Name"]]
        for wanted in filters
    )
