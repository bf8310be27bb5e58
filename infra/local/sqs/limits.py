"""Every SQS number that the engine holds to, with its unit and source.

Source unless said otherwise: "Amazon SQS message quotas" and the API reference of the action that uses it.
"""

#: Bytes of a message, body and attributes together, and of a whole batch (1 MiB since August 2025).
MAX_MESSAGE_BYTES = 1_048_576
#: Bytes: the smallest value of the queue attribute MaximumMessageSize.
MIN_MESSAGE_SIZE_SETTING = 1_024
#: Entries in a batch request.
MAX_BATCH_ENTRIES = 10
#: Characters of a batch entry's Id.
MAX_ENTRY_ID_LENGTH = 80
#: Characters of a queue name.
MAX_QUEUE_NAME_LENGTH = 80
#: User attributes of a message.
MAX_MESSAGE_ATTRIBUTES = 10
#: Characters of a message attribute's name, and of its data type.
MAX_ATTRIBUTE_NAME_LENGTH = 256
#: Seconds a message can be delayed.
MAX_DELAY = 900
#: Seconds a message can stay hidden, counted from its receive.
MAX_VISIBILITY = 43_200
#: Seconds a receive can wait for a message.
MAX_WAIT = 20
#: Messages in one receive.
MAX_RECEIVE = 10
#: Seconds a queue can keep a message.
MIN_RETENTION, MAX_RETENTION = 60, 1_209_600
#: Messages of a queue in flight ("Amazon SQS standard queue quotas", "Amazon SQS FIFO queue quotas").
MAX_IN_FLIGHT = 120_000
#: Receives allowed by a redrive policy.
MAX_RECEIVE_COUNT = 1_000
#: Queues that a RedriveAllowPolicy can name.
MAX_ALLOWED_SOURCES = 10
#: Statements of an access policy, and actions in one of them that AddPermission makes.
MAX_STATEMENTS, MAX_ACTIONS = 20, 7
#: Characters of the label of a permission.
MAX_LABEL_LENGTH = 80
#: Seconds for which a KMS data key is used again, least and most ("Amazon SQS key management").
MIN_KEY_REUSE, MAX_KEY_REUSE = 60, 86_400
#: Messages that a move task moves in a second, least and most (StartMessageMoveTask).
MIN_MOVE_RATE, MAX_MOVE_RATE = 1, 500
#: Tasks in one answer of ListMessageMoveTasks.
MAX_LISTED_TASKS = 10
#: Move tasks of an account that run at one time ("Configure a dead-letter queue redrive" in the developer guide).
MAX_RUNNING_TASKS = 100
#: Seconds between two purges of a queue.
PURGE_INTERVAL = 60
#: Queues in one page of a listing.
MAX_LIST = 1_000
#: Tags of a queue, and the characters of a tag's key and value.
MAX_TAGS, MAX_TAG_KEY, MAX_TAG_VALUE = 50, 128, 256
#: Characters of a MessageGroupId, a MessageDeduplicationId, and a ReceiveRequestAttemptId.
MAX_GROUP_ID_LENGTH = 128
#: Seconds for which a FIFO queue remembers a deduplication id, and the id of a receive attempt.
DEDUPLICATION_INTERVAL = 300
#: A tenant of a fair queue is noisy with more than this share of all messages in flight, and at least so many
#: ("How Amazon SQS fair queues work").
NOISY_SHARE, NOISY_LEAST = 0.1, 30

#: Defaults of a new queue, in seconds and bytes.
DEFAULT_DELAY = 0
DEFAULT_VISIBILITY = 30
DEFAULT_WAIT = 0
DEFAULT_RETENTION = 345_600
DEFAULT_KEY_REUSE = 300
