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
#: Messages of a standard queue in flight.
MAX_IN_FLIGHT = 120_000
#: Receives allowed by a redrive policy.
MAX_RECEIVE_COUNT = 1_000
#: Queues that a RedriveAllowPolicy can name.
MAX_ALLOWED_SOURCES = 10
#: Seconds between two purges of a queue.
PURGE_INTERVAL = 60
#: Queues in one page of a listing.
MAX_LIST = 1_000
#: Tags of a queue, and the characters of a tag's key and value.
MAX_TAGS, MAX_TAG_KEY, MAX_TAG_VALUE = 50, 128, 256
#: Characters of a MessageGroupId.
MAX_GROUP_ID_LENGTH = 128

#: Defaults of a new queue, in seconds and bytes.
DEFAULT_DELAY = 0
DEFAULT_VISIBILITY = 30
DEFAULT_WAIT = 0
DEFAULT_RETENTION = 345_600
