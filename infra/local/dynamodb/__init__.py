"""The embedded DynamoDB: its tables are SQLite tables, its operations are plain functions.

An operation checks all that it was given, then writes, then answers as boto does. `expressions` is the one
grammar behind conditions, updates, filters, projections and key conditions; `statements` explains the storage.
"""

from infra.local.dynamodb.account import describe_endpoints, describe_limits
from infra.local.dynamodb.backups import describe_continuous_backups, update_continuous_backups
from infra.local.dynamodb.batch_get import batch_get_item
from infra.local.dynamodb.batch_write import batch_write_item
from infra.local.dynamodb.chores import tick
from infra.local.dynamodb.contributor_insights import (
    describe_contributor_insights,
    list_contributor_insights,
    update_contributor_insights,
)
from infra.local.dynamodb.create_table import create_table
from infra.local.dynamodb.delete_item import delete_item
from infra.local.dynamodb.describe_table import delete_table, describe_table, list_tables
from infra.local.dynamodb.get_item import get_item
from infra.local.dynamodb.partiql import batch_execute_statement, execute_statement, execute_transaction
from infra.local.dynamodb.put_item import put_item
from infra.local.dynamodb.query import query
from infra.local.dynamodb.resource_policies import delete_resource_policy, get_resource_policy, put_resource_policy
from infra.local.dynamodb.scan import scan
from infra.local.dynamodb.statements import SCHEMA
from infra.local.dynamodb.sweep import sweep
from infra.local.dynamodb.tags import list_tags_of_resource, tag_resource, untag_resource
from infra.local.dynamodb.time_to_live import describe_time_to_live, update_time_to_live
from infra.local.dynamodb.transact_get import transact_get_items
from infra.local.dynamodb.transact_write import transact_write_items
from infra.local.dynamodb.update_item import update_item
from infra.local.dynamodb.update_table import update_table
from infra.local.request import Operation

OPERATIONS: dict[str, Operation] = {
    "BatchExecuteStatement": batch_execute_statement,
    "BatchGetItem": batch_get_item,
    "BatchWriteItem": batch_write_item,
    "CreateTable": create_table,
    "DeleteItem": delete_item,
    "DeleteResourcePolicy": delete_resource_policy,
    "DeleteTable": delete_table,
    "DescribeContinuousBackups": describe_continuous_backups,
    "DescribeContributorInsights": describe_contributor_insights,
    "DescribeEndpoints": describe_endpoints,
    "DescribeLimits": describe_limits,
    "DescribeTable": describe_table,
    "DescribeTimeToLive": describe_time_to_live,
    "ExecuteStatement": execute_statement,
    "ExecuteTransaction": execute_transaction,
    "GetItem": get_item,
    "GetResourcePolicy": get_resource_policy,
    "ListContributorInsights": list_contributor_insights,
    "ListTables": list_tables,
    "ListTagsOfResource": list_tags_of_resource,
    "PutItem": put_item,
    "PutResourcePolicy": put_resource_policy,
    "Query": query,
    "Scan": scan,
    "TagResource": tag_resource,
    "TransactGetItems": transact_get_items,
    "TransactWriteItems": transact_write_items,
    "UntagResource": untag_resource,
    "UpdateContinuousBackups": update_continuous_backups,
    "UpdateContributorInsights": update_contributor_insights,
    "UpdateItem": update_item,
    "UpdateTable": update_table,
    "UpdateTimeToLive": update_time_to_live,
}

__all__ = ["OPERATIONS", "SCHEMA", "sweep", "tick"]
