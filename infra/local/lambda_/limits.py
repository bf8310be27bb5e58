"""The numbers of AWS Lambda, each with its unit and source. Those of SQS mappings' batches are in queues/limits.py."""

#: Bytes of a synchronous invocation's request, and of its response. (Lambda quotas, invocation payload: 6 MB)
SYNC_PAYLOAD_BYTES = 6_291_456
#: Bytes of a response that is refused: the quota and what the runtime may wrap around it. (Lambda, error message)
RESPONSE_BYTES = 6_291_556
#: Bytes of an asynchronous invocation's event. (Lambda quotas, invocation payload: 1 MB since October 2025)
ASYNC_PAYLOAD_BYTES = 1_048_576
#: Bytes at the end of a log that LogType=Tail returns. (API reference, Invoke: LogResult)
LOG_TAIL_BYTES = 4_096
#: Characters of ClientContext, base64. (API reference, Invoke: 3,583 bytes)
CLIENT_CONTEXT_CHARS = 3_583
#: Functions of one page of ListFunctions. (API reference: up to 50 in each call)
LIST_FUNCTIONS = 50
#: Event source mappings of one page. (API reference: up to 100 in each call)
LIST_MAPPINGS = 100
#: Event invoke configurations of one page. (API reference: 1 to 50)
LIST_EVENT_CONFIGS = 50
#: Tags of a resource. (Lambda, tags: 50)
MAX_TAGS = 50

#: Retries of an asynchronous invocation whose function fails. (Lambda, error handling for asynchronous invocation)
EVENT_RETRIES = 2
#: Seconds before the first and the second of these retries. (as above: one minute, two minutes)
EVENT_RETRY_SECONDS = (60, 120)
#: Seconds for which an event is kept. (as above: 6 hours)
EVENT_AGE_SECONDS = 21_600
#: Seconds from the first to the second try of an event whose invocation ended without an answer from the function;
#: doubled each time, up to the second number. (as above: 1 second to 5 minutes)
INTERRUPTED_SECONDS = (1, 300)

#: Batch size of an SQS mapping that does not say. (API reference, CreateEventSourceMapping: 10)
DEFAULT_BATCH_SIZE = 10
#: Records of a FIFO queue's batch. (Lambda, using SQS: BatchSize)
MAX_FIFO_BATCH_SIZE = 10
#: Filters of one mapping. (Lambda, event filtering: 5 by default)
MAX_FILTERS = 5
#: Executions that an account must leave unreserved. (Lambda, reserved concurrency: 100)
UNRESERVED_CONCURRENCY = 100
#: Concurrent executions of an account. (Lambda quotas: 1,000)
ACCOUNT_CONCURRENCY = 1_000

#: Milliseconds that a mapping's state reads `Creating`, `Updating` ...; our own. AWS takes seconds to minutes.
TRANSITION_MS = 200
