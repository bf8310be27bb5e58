"""What a service takes at most, and request bodies that came compressed.

botocore compresses the larger bodies of PutMetricData; a small body can say that it becomes a huge one, so it is
inflated no further than the service's limit.
"""

import zlib

from infra.local.errors import AwsError

MIB = 1024 * 1024

#: Bytes of a request's body at most, on the wire and after decompression, where a service has a limit of its own.
#: SQS: 1 MiB of messages, of which each byte may be six in JSON (`\u0009`), with room for the rest; Lambda: 6 MB of
#: payload for a synchronous invocation; CloudWatch: 1 MB for PutMetricData; Scheduler: 256 KB of input.
#: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
#: https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
#: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
BODY_LIMITS = {"sqs": 8 * MIB, "lambda": 8 * MIB, "cloudwatch": MIB, "scheduler": 2 * MIB, "sts": MIB // 4}

#: Bytes of any request's body at most: those of DynamoDB's largest, a BatchWriteItem.
#: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html
MAX_BODY = 16 * MIB

#: Window bits that make zlib read the gzip format.
GZIP = 31


def body_limit(service: str | None) -> int:
    """The most bytes that a body for this service may have."""
    return BODY_LIMITS.get(service or "", MAX_BODY)


def too_large(limit: int) -> AwsError:
    """The error for a body beyond its limit."""
    message = f"The request body is larger than {limit} bytes."
    return AwsError("RequestEntityTooLargeException", message, status=413, query_code="RequestEntityTooLarge")


def inflated(body: bytes, encoding: str, limit: int) -> bytes:
    """A body without its Content-Encoding; raises `AwsError` for one we do not know, or beyond the limit."""
    for name in reversed([part.strip().lower() for part in encoding.split(",")]):
        if name == "gzip":
            body = _gunzipped(body, limit)
        elif name not in ("", "identity"):
            message = f"The Content-Encoding {name[:50]!r} is not supported; gzip is."
            raise AwsError("UnsupportedMediaTypeException", message, status=415)
    return body


def _gunzipped(body: bytes, limit: int) -> bytes:
    inflater = zlib.decompressobj(GZIP)
    try:
        inflated = inflater.decompress(body, limit + 1)
    except zlib.error:
        raise AwsError("SerializationException", "The request body is not valid gzip.") from None
    if len(inflated) > limit:
        raise too_large(limit)
    if not inflater.eof or inflater.unused_data:
        raise AwsError("SerializationException", "The request body is not one complete gzip stream.")
    return inflated
