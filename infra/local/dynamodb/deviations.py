"""Where the embedded DynamoDB is not like AWS, of all actions and of single ones: told in docs/aws-actions.md."""

DEVIATIONS: dict[str, tuple[str, ...]] = {
    "*": (
        "Every read is consistent, of indexes too: an index is written in the same transaction as its table.",
        "Nothing is throttled; throughput is checked, kept, shown and counted as `ConsumedCapacity`.",
        "There are no streams, no replicas and no backups to restore from.",
        "An item collection may be larger than 10 GB.",
        "Expired items are deleted by a sweep about once a minute while there is traffic; on AWS within days. "
        "Until then reads show them, as on AWS.",
    ),
    "CreateTable": (
        "A table is `ACTIVE` as soon as it is made, though the reply says `CREATING` as on AWS.",
        "Encryption settings other than a key of one's own are kept and shown; nothing is encrypted.",
    ),
    "UpdateTable": ("A new index of a small table is `ACTIVE` at once; a large one is filled between other calls.",),
    "DeleteTable": ("A table is gone at once, though the reply says `DELETING` as on AWS.",),
    "DescribeTable": (
        "`ItemCount` is exact up to 10,000 items, and at most six hours old beyond; `TableSizeBytes` is an estimate.",
    ),
    "Scan": ("In the order of keys; on AWS in that of a hash of the partition key.",),
    "UpdateContinuousBackups": ("The switch is kept and shown; nothing is recorded.",),
    "PutResourcePolicy": ("A policy is kept and given back; nothing is refused because of it.",),
    "UpdateContributorInsights": ("The switch is kept and shown; no rules are made.",),
    "BatchGetItem": ("`UnprocessedKeys` come with a reply of 16 MB only.",),
    "BatchWriteItem": ("`UnprocessedItems` is always empty.",),
}
