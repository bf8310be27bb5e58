"""Where the embedded Lambda is not like AWS, of all actions and of single ones: told in docs/aws-actions.md."""

DEVIATIONS: dict[str, tuple[str, ...]] = {
    "*": (
        "Functions are job types of this process, one for each, not made by the API. Their only version is `$LATEST`.",
        "With reserved concurrency a mapping polls no more than there is room for. On AWS its pollers go on and "
        "are throttled, so that messages run up receive counts; here they stay in the queue.",
        "A function's memory is shown, not enforced; all functions share this machine.",
    ),
    "CreateEventSourceMapping": (
        "It reads SQS queues; streams, brokers and databases are refused by name.",
        "The state settles in 200 ms; on AWS within seconds to minutes.",
    ),
    "GetFunction": ("`Code` is empty, and the environment, which is this process's own, is not shown.",),
    "ListFunctions": ("`MasterRegion` is without effect: there are no functions of Lambda@Edge.",),
}
