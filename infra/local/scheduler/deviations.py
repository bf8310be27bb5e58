"""Where the embedded Scheduler is not like AWS, of all actions and of single ones: told in docs/aws-actions.md."""

DEVIATIONS: dict[str, tuple[str, ...]] = {
    "*": (
        "A schedule fires within milliseconds; AWS takes up to 60 seconds, and so does "
        "`JOBYARD_SCHEDULER_PRECISION=minute`.",
        "Targets are SQS queues, Lambda functions and `arn:aws:scheduler:::aws-sdk:sqs:sendMessage`; others are "
        "refused when the schedule is made, and with them the parameters that belong to them.",
        "Execution roles are stored and shown, not assumed; any role that looks like one is taken. `KmsKeyArn` is "
        "stored and shown; nothing is encrypted with it.",
        "Quotas on the numbers of schedules and groups, and on calls per second, are not enforced.",
        "Changes take effect at once.",
        "A range such as `FRI-MON`, which runs backwards, is refused; whether AWS takes it is not documented.",
        "A time that passed while the server was stopped fires when it runs again; of several that a recurring "
        "schedule has missed, only the last one.",
        "AWS promises exponential back-off without numbers; here it is 1, 2, 4 ... 256 seconds, then every 8 minutes.",
    ),
    "DeleteScheduleGroup": (
        "A group with up to a thousand schedules goes at once; a larger one is `DELETING` until its schedules are "
        "gone.",
    ),
    "ListSchedules": ("In the order of names.",),
    "UpdateSchedule": (
        "A change that leaves expression, time zone, dates and window alone leaves the next time alone. Any other "
        "begins anew: a rate counts from the change.",
    ),
}
