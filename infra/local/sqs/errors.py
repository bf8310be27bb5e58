"""SQS's errors with the codes of both of its protocols.

SQS moved from the query protocol to JSON and kept the old codes for clients: they travel in the header
`x-amzn-query-error` and are what boto3 shows as `Error.Code`, while the JSON shape name picks the exception
class (`sqs.exceptions.QueueDoesNotExist`). The pairs are those of the `awsQueryError` traits in AWS's Smithy
model of SQS; the sentences are AWS's own.
"""

from infra.local.errors import AwsError

#: JSON shape name -> (code of the query protocol, HTTP status).
QUERY_CODES = {
    "BatchEntryIdsNotDistinct": ("AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400),
    "BatchRequestTooLong": ("AWS.SimpleQueueService.BatchRequestTooLong", 400),
    "EmptyBatchRequest": ("AWS.SimpleQueueService.EmptyBatchRequest", 400),
    "InvalidAddress": ("InvalidAddress", 404),
    "InvalidAttributeName": ("InvalidAttributeName", 400),
    "InvalidAttributeValue": ("InvalidAttributeValue", 400),
    "InvalidBatchEntryId": ("AWS.SimpleQueueService.InvalidBatchEntryId", 400),
    "InvalidMessageContents": ("InvalidMessageContents", 400),
    "InvalidParameterValueException": ("InvalidParameterValue", 400),
    "MessageNotInflight": ("AWS.SimpleQueueService.MessageNotInflight", 400),
    "MissingRequiredParameterException": ("MissingParameter", 400),
    "OverLimit": ("OverLimit", 403),
    "PurgeQueueInProgress": ("AWS.SimpleQueueService.PurgeQueueInProgress", 403),
    "QueueDoesNotExist": ("AWS.SimpleQueueService.NonExistentQueue", 400),
    "QueueNameExists": ("QueueAlreadyExists", 400),
    "ReceiptHandleIsInvalid": ("ReceiptHandleIsInvalid", 404),
    "ResourceNotFoundException": ("ResourceNotFoundException", 404),
    "TooManyEntriesInBatchRequest": ("AWS.SimpleQueueService.TooManyEntriesInBatchRequest", 400),
    "UnsupportedOperation": ("AWS.SimpleQueueService.UnsupportedOperation", 400),
}


def sqs_error(shape: str, message: str) -> AwsError:
    """The error of that JSON shape, with its older code beside it."""
    code, status = QUERY_CODES[shape]
    return AwsError(shape, message, status=status, query_code=code)


def no_such_queue() -> AwsError:
    return sqs_error("QueueDoesNotExist", "The specified queue does not exist.")


def invalid_value(value: object, parameter: str, reason: str) -> AwsError:
    return sqs_error(
        "InvalidParameterValueException", f"Value {value} for parameter {parameter} is invalid. Reason: {reason}"
    )


def invalid_parameter(message: str) -> AwsError:
    return sqs_error("InvalidParameterValueException", message)


def unknown_attribute(name: str) -> AwsError:
    """Of a queue or of a message: SQS has no attribute of that name, or this kind of queue has not."""
    return sqs_error("InvalidAttributeName", f"Unknown Attribute {name}.")


def invalid_attribute(name: str, reason: str = "") -> AwsError:
    """A queue attribute cannot have that value; `reason` is a whole sentence."""
    message = f"Invalid value for the parameter {name}."
    return sqs_error("InvalidAttributeValue", f"{message} Reason: {reason}" if reason else message)


def missing(parameter: str) -> AwsError:
    return sqs_error("MissingRequiredParameterException", f"The request must contain the parameter {parameter}.")
