"""Where the embedded SQS is not like AWS, of all actions and of single ones: told in docs/aws-actions.md."""

DEVIATIONS: dict[str, tuple[str, ...]] = {
    "*": (
        "A change of a queue's attributes holds at once; on AWS it takes up to 60 seconds, of the retention 15 "
        "minutes.",
        "Access policies are checked, kept and shown; they are not evaluated, since every caller is the owner.",
        "The settings of encryption are checked, kept and shown; nothing is encrypted.",
        "Calls per second are not limited, whatever `FifoThroughputLimit` says.",
        "Expired messages are deleted when something meets them, or by a sweep about once a minute while there is "
        "traffic.",
        "In a fair queue a tenant is noisy by its share of the messages in flight; AWS also looks at the time that "
        "consumers spent on them, over a window that it does not publish.",
    ),
    "CreateQueue": (
        "The name of a deleted queue is free at once. On AWS it is not for 60 seconds (`QueueDeletedRecently`).",
    ),
    "GetQueueAttributes": (
        "Counts are exact, but for a queue with many delayed messages, where they may be a second old.",
    ),
    "ReceiveMessage": (
        "A short poll looks at all messages, not at those of some servers.",
        "Standard queues deliver what has been visible for the longest time first.",
        "A free group of a FIFO queue is found behind any number of blocked messages; AWS looks through the first "
        "120,000.",
    ),
    "ListQueues": ("In the order of names.",),
    "PurgeQueue": ("The queue is empty at once; on AWS it takes up to 60 seconds.",),
    "CancelMessageMoveTask": ("A task is `CANCELLED` at once, never `CANCELLING`.",),
    "ListMessageMoveTasks": ("`ApproximateNumberOfMessagesMoved` is exact.",),
}
