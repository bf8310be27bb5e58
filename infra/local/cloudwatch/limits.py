"""Every CloudWatch number that the engine holds to, with its unit and source.

Source unless said otherwise: the API reference of the action that uses it, and "CloudWatch service quotas".
"""

#: Data points' owners (MetricDatum) in one PutMetricData.
MAX_DATA = 1_000
#: Bytes of one PutMetricData, uncompressed.
MAX_DATA_BYTES = 1_048_576
#: Values in one MetricDatum's array.
MAX_VALUES = 150
#: Dimensions of one metric.
MAX_DIMENSIONS = 30
#: Characters of a metric's or a dimension's name, of a dimension's value, of a namespace.
MAX_NAME, MAX_DIMENSION_VALUE, MAX_NAMESPACE = 255, 1_024, 255
#: A value lies between -2^360 and 2^360 (MetricDatum).
MAX_VALUE = 2.0**360
#: Seconds that a data point may lie in the past and in the future.
MAX_AGE, MAX_AHEAD = 14 * 86_400, 2 * 3_600

#: How long data points of each resolution (seconds) are kept, in seconds ("Metrics retention").
RETENTION = {1: 3 * 3_600, 60: 15 * 86_400, 300: 63 * 86_400, 3_600: 455 * 86_400}

#: Seconds for which a metric without new data is still listed, and listed as recently active (ListMetrics).
LISTED, RECENTLY_ACTIVE = 14 * 86_400, 3 * 3_600
#: Metrics in one page of ListMetrics.
MAX_LIST = 500

#: Data points in one GetMetricStatistics.
MAX_STATISTICS_DATAPOINTS = 1_440
#: Data points in one page of GetMetricData, at most and unless told.
MAX_DATAPOINTS = 100_800
#: Queries in one GetMetricData, and in one alarm.
MAX_QUERIES, MAX_ALARM_QUERIES = 500, 20

#: Seconds: periods below a minute.
SHORT_PERIODS = (1, 5, 10, 20, 30)
#: Seconds: periods below a minute that an alarm may have.
SHORT_ALARM_PERIODS = (10, 20, 30)
#: Seconds that an alarm may look back: with a period below an hour, and from an hour on ("Alarm evaluation").
MAX_ALARM_RANGE, MAX_LONG_ALARM_RANGE = 86_400, 7 * 86_400

#: Alarms in one page (DescribeAlarms, DescribeAlarmHistory) unless told, and at most.
DEFAULT_PAGE, MAX_PAGE = 50, 100
#: Seconds for which an alarm's history is kept ("Alarm history": 30 days).
HISTORY_KEPT = 30 * 86_400
#: Tags of an alarm or a dashboard (TagResource).
MAX_TAGS = 50

#: Characters of a dashboard's name, and how many of them one DeleteDashboards and one ListDashboards take.
MAX_DASHBOARD_NAME, MAX_DELETED_DASHBOARDS, MAX_LISTED_DASHBOARDS = 255, 100, 1_000

#: Seconds after its last activity for which SQS publishes metrics of a queue ("Available CloudWatch metrics for
#: Amazon SQS": six hours).
QUEUE_ACTIVE = 6 * 3_600
