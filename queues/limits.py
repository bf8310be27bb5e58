"""Every AWS number that Jobyard relies on, each with its unit and source, and our own bounds that follow from them."""

#: Bytes of one SQS message, attributes included, and of one batch together. (SQS quotas, messages)
MESSAGE_BYTES = 1_048_576
#: Entries of one batch call (send, delete, change visibility) and messages of one ReceiveMessage. (SQS quotas)
SQS_BATCH = 10
#: Seconds: the longest DelaySeconds of a message. (SQS quotas, message timers)
MAX_DELAY_SECONDS = 900
#: Seconds: the longest visibility timeout, counted from the receive. (SQS quotas)
MAX_VISIBILITY_SECONDS = 43_200
#: Seconds: how long SQS keeps a message at most; ours always do. (SQS quotas, retention)
MAX_RETENTION_SECONDS = 1_209_600
#: Seconds: the longest wait of one ReceiveMessage. (SQS long polling)
MAX_WAIT_SECONDS = 20
#: Receives after which a RedrivePolicy may move a message at the most. (SQS dead-letter queues, maxReceiveCount)
MAX_RECEIVE_COUNT = 1_000
#: Characters of an SQS queue name. (SQS quotas, queues)
QUEUE_NAME_CHARS = 80

#: Bytes of one DynamoDB item, names included. (DynamoDB quotas, items)
ITEM_BYTES = 409_600
#: Puts and deletes of one BatchWriteItem. (DynamoDB API reference)
BATCH_WRITE = 25
#: Statements of one BatchExecuteStatement. (DynamoDB API reference)
BATCH_STATEMENTS = 25
#: Keys of one BatchGetItem. (DynamoDB API reference)
BATCH_GET = 100
#: Items of one TransactWriteItems. (DynamoDB API reference)
TRANSACTION = 100

#: Records of one event-source batch from a standard queue. (Lambda, using SQS: BatchSize)
MAX_BATCH_SIZE = 10_000
#: Records above which a batching window of at least one second is required. (Lambda, using SQS: BatchSize)
BATCH_SIZE_WITHOUT_WINDOW = 10
#: Seconds a mapping may gather a batch. (Lambda, MaximumBatchingWindowInSeconds)
MAX_BATCHING_WINDOW_SECONDS = 300
#: Concurrent batches that a mapping may be held to. (Lambda, MaximumConcurrency: 2 to 1,000; embedded allows 1)
MAX_CONCURRENCY = 1_000
#: Seconds that a function may run. (Lambda quotas)
MAX_FUNCTION_SECONDS = 900
#: Megabytes of memory that a function may have. (Lambda quotas)
MIN_MEMORY_MB = 128
MAX_MEMORY_MB = 10_240
#: Seconds that an attempt may run: a function's, less the time to write down how it ended.
MAX_TIMEOUT_SECONDS = 870

#: Seconds that an attempt may run in a worker: SQS hides a message for MAX_VISIBILITY_SECONDS from its receive on, and
#: the last heartbeat, with a lease of ten minutes at the most, must fit in as well.
MAX_WORKER_TIMEOUT_SECONDS = 42_000

#: Bytes of a job's data as JSON. A row holds data, result, error and history in one item of ITEM_BYTES.
MAX_DATA_BYTES = 204_800
#: Bytes of a job's result as JSON, for the same reason.
MAX_RESULT_BYTES = 102_400
#: Bytes of data or of a result as JSON in the artifact store: they are held in memory, some times over.
MAX_ARTIFACT_BYTES = 104_857_600
#: Characters kept of an error message and of a traceback (its end, where the cause is).
MAX_ERROR_CHARS = 2_000
MAX_TRACEBACK_CHARS = 8_000
#: Ended attempts that a row remembers; older ones are dropped, their number stays in `attempt`.
MAX_HISTORY = 25
#: Characters of one log line, of its logger's name or a field's, of its fields as JSON, and of a traceback (its end):
#: together less than MAX_LOG_BYTES, whatever they are made of.
MAX_LOG_LINE_CHARS = 1_000
MAX_LOG_NAME_CHARS = 100
MAX_LOG_FIELDS_CHARS = 1_000
MAX_LOG_EXCEPTION_CHARS = 3_000
#: Log lines of one attempt, and bytes of all lines that a row keeps, as JSON.
MAX_LOG_LINES = 200
MAX_LOG_BYTES = 32_000
#: Characters of a line of metrics in CloudWatch's Embedded Metric Format: one event of CloudWatch Logs as it long was.
#: (CloudWatch Logs quotas: event size)
MAX_METRICS_LINE_CHARS = 262_144
#: Attempts that a job may be given.
MAX_ATTEMPTS = 100
#: Seconds: the longest delay of a job, one year. Beyond it, use a schedule.
MAX_JOB_DELAY_SECONDS = 365 * 86_400
#: Shards of a tenant: 16,000 jobs a second are more than twice what a table takes unless it is raised, and each is a
#: query more for whoever lists jobs.
MAX_SHARDS = 32
#: Jobs of one HTTP batch, and tags of a job.
MAX_HTTP_BATCH = 1_000
MAX_TAGS = 20
#: Bytes of one HTTP request: the size of an SQS message.
MAX_BODY_BYTES = MESSAGE_BYTES
