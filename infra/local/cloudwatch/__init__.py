"""Amazon CloudWatch metrics and alarms, embedded. One function per action, named as in boto3.

Inside the process data comes in through `record(request, region, data)`, what functions print through
`emf_metrics(line)`; see docs/metrics.md for what is kept, what metric math knows, and what alarms do.
"""

from infra.local.cloudwatch.alarms.describe_alarms import describe_alarms, describe_alarms_for_metric
from infra.local.cloudwatch.alarms.history import describe_alarm_history
from infra.local.cloudwatch.alarms.manage import delete_alarms, disable_alarm_actions, enable_alarm_actions
from infra.local.cloudwatch.alarms.put_metric_alarm import put_metric_alarm
from infra.local.cloudwatch.alarms.state import set_alarm_state
from infra.local.cloudwatch.dashboards import delete_dashboards, get_dashboard, list_dashboards, put_dashboard
from infra.local.cloudwatch.emf import emf_metrics
from infra.local.cloudwatch.get_metric_data import get_metric_data
from infra.local.cloudwatch.get_metric_statistics import get_metric_statistics
from infra.local.cloudwatch.list_metrics import list_metrics
from infra.local.cloudwatch.put_metric_data import put_metric_data, record
from infra.local.cloudwatch.schema import SCHEMA
from infra.local.cloudwatch.set_back import set_back
from infra.local.cloudwatch.tags import list_tags_for_resource, tag_resource, untag_resource
from infra.local.cloudwatch.ticking import sweep, tick
from infra.local.request import Operation

OPERATIONS: dict[str, Operation] = {
    "DeleteAlarms": delete_alarms,
    "DeleteDashboards": delete_dashboards,
    "DescribeAlarmHistory": describe_alarm_history,
    "DescribeAlarms": describe_alarms,
    "DescribeAlarmsForMetric": describe_alarms_for_metric,
    "DisableAlarmActions": disable_alarm_actions,
    "EnableAlarmActions": enable_alarm_actions,
    "GetDashboard": get_dashboard,
    "GetMetricData": get_metric_data,
    "GetMetricStatistics": get_metric_statistics,
    "ListDashboards": list_dashboards,
    "ListMetrics": list_metrics,
    "ListTagsForResource": list_tags_for_resource,
    "PutDashboard": put_dashboard,
    "PutMetricAlarm": put_metric_alarm,
    "PutMetricData": put_metric_data,
    "SetAlarmState": set_alarm_state,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
}

__all__ = ["OPERATIONS", "SCHEMA", "emf_metrics", "record", "set_back", "sweep", "tick"]
