"""Every number of EventBridge Scheduler that the engine holds to, with its unit and source.

Lengths, ranges and patterns of single members are in the service model that botocore ships; they are not repeated.
"""

#: Characters of a target's input. (EventBridge Scheduler User Guide, quotas)
MAX_INPUT_LENGTH = 262_144
#: Entries of one page of a listing, and as many when none are asked for. (API reference, MaxResults)
MAX_RESULTS = 100
#: Milliseconds that a StartDate may lie in the past. (AWS's own error message)
START_GRACE = 300_000
#: Retries and seconds of age when a schedule has no retry policy. (API reference, RetryPolicy; as GetSchedule shows)
DEFAULT_RETRIES, DEFAULT_EVENT_AGE = 185, 86_400
#: Milliseconds within which AWS invokes a target that is due. ("Schedule types", User Guide: 60 second precision)
AWS_PRECISION = 60_000
#: The same of the embedded scheduler, as `Settings.scheduler_precision` names it.
PRECISIONS = {"millisecond": 0, "minute": AWS_PRECISION}

#: Seconds before the first retry, doubled for each further one up to the longest. AWS promises exponential back-off
#: without numbers; with these the most retries (185) take just less than the greatest age (24 hours).
FIRST_RETRY_WAIT, LONGEST_RETRY_WAIT = 1, 480

#: Milliseconds for which the token of a deletion is remembered. AWS does not say; ours.
TOKEN_MEMORY = 600_000
#: Schedules and retries that one tick fires, schedules that one round removes with their group. Ours.
TICK_LIMIT = 100
REMOVE_LIMIT = 1_000
