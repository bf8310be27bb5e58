"""Where the embedded CloudWatch is not like AWS, of all actions and of single ones: told in docs/aws-actions.md."""

DEVIATIONS: dict[str, tuple[str, ...]] = {
    "*": (
        "Data can be read as soon as it is put, and `ListMetrics` knows a new metric at once.",
        "Percentiles are read from a histogram: within 1 % of a true value, and within a few percent where the "
        "values of one period differ by factors of more than a hundred.",
        "Trimmed statistics (`tm90` and the like, `IQM`, `PR`) are refused.",
    ),
    "PutMetricData": (
        "Namespaces that begin with `AWS/` may be written to.",
        "`Values` and `StatisticValues` in one datum, which AWS takes, are added up.",
        "A request is measured by its names, dimensions and numbers, not by its bytes on the wire.",
    ),
    "GetMetricData": (
        "`LabelOptions` is without effect, since no label shows a time. `Period` beside an expression likewise.",
        "`SEARCH`, `ANOMALY_DETECTION_BAND`, Metrics Insights queries and some other functions are refused by name.",
    ),
    "PutMetricAlarm": (
        "There is no SNS: actions are `log`, a webhook's URL or a Lambda function; any other ARN is kept and "
        "shown, and nothing comes of it.",
    ),
    "DescribeAlarms": ("There are no composite alarms.",),
    "SetAlarmState": ("An error that AWS sends without a message has one.",),
    "PutDashboard": ("The body must be a JSON object; its widgets are not checked, and nothing is drawn.",),
}
