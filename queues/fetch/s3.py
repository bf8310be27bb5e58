"""`s3://bucket/key`: one GetObject with the process's own credentials, on the endpoint that AWS_ENDPOINT_URL names.

Whoever may enqueue a job reads with the worker's rights, so give the worker's role only the buckets that jobs are
about, or list those in JOBYARD_FETCH_BUCKETS.
"""

import os
from contextlib import closing
from functools import lru_cache
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from queues.fetch.body import Body, Deadline
from queues.fetch.errors import FetchRefused, FetchUnavailable
from queues.fetch.policy import FetchPolicy
from queues.fetch.source import Source

#: Bytes asked for in one read.
CHUNK = 1024 * 1024

#: Tries of one request inside the SDK; the job's own attempts come on top.
SDK_ATTEMPTS = 2

#: Error codes that pass by themselves although their status is a 4xx.
RETRYABLE = {
    "ExpiredToken",
    "RequestTimeout",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}

#: What the commonest codes mean to whoever sent the URL.
MEANINGS = {
    "NoSuchKey": "the bucket has no such key",
    "NoSuchBucket": "there is no such bucket",
    "AccessDenied": "the worker's role may not read it, or it does not exist",
    "InvalidObjectState": "it is archived: restore it first",
}


def read(source: Source, policy: FetchPolicy) -> bytes:
    """The object's bytes, or `FetchRefused`, or `FetchUnavailable`."""
    bucket, key = _bucket_and_key(source)
    if policy.buckets is not None and bucket not in policy.buckets:
        raise FetchRefused(f"{source.shown}: the bucket {bucket!r} is not one of JOBYARD_FETCH_BUCKETS")
    if policy.store is not None and f"s3://{bucket}/{key}/".startswith(policy.store.rstrip("/") + "/"):
        raise FetchRefused(f"{source.shown} is in the artifact store, which holds other jobs' data")
    deadline = Deadline(policy)
    try:
        client = _client(
            os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL"),
            os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1",
            policy.connect_timeout,
            policy.read_timeout,
        )
        answer = client.get_object(Bucket=bucket, Key=key)
        body = Body(source.shown, policy.max_s3, "JOBYARD_FETCH_MAX_S3")
        # Leaving the block closes the connection, so that what is refused is not read either.
        with closing(answer["Body"]) as stream:
            body.announce(answer["ContentLength"])
            for chunk in stream.iter_chunks(CHUNK):
                body.add(chunk)
                deadline.check(source.shown)
        return body.finish()
    except ClientError as error:
        raise _answered(source, error) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise FetchRefused(f"{source.shown} needs AWS credentials, and this process has none: set them up") from error
    except ParamValidationError as error:
        raise FetchRefused(f"{source.shown} is no valid bucket and key: check their spelling") from error
    except BotoCoreError as error:
        raise FetchUnavailable(f"{source.shown} could not be reached ({type(error).__name__})") from error


def _bucket_and_key(source: Source) -> tuple[str, str]:
    """As the AWS CLI reads it: all after the bucket is the key, `?`, `#` and `%` included."""
    bucket, _, key = source.text[len("s3://") :].partition("/")
    if not bucket or not key or "@" in bucket:
        raise FetchRefused(f"{source.shown} is not of the form s3://bucket/key")
    return bucket, key


def _answered(source: Source, error: ClientError) -> FetchRefused | FetchUnavailable:
    code = str(error.response.get("Error", {}).get("Code", "unknown"))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    said = MEANINGS.get(code) or f"S3 answered {status} {code}"
    if code in RETRYABLE or status >= 500 or status in (0, 408, 429):
        return FetchUnavailable(f"{source.shown} cannot be read now: {said}")
    return FetchRefused(f"{source.shown} cannot be read: {said}")


@lru_cache(maxsize=4)
def _client(endpoint: str | None, region: str, connect_timeout: float, read_timeout: float) -> Any:
    """One client per endpoint for the life of the process: making one costs about 50 ms."""
    return boto3.client(
        "s3",
        region_name=region,
        endpoint_url=endpoint,
        config=Config(
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            retries={"total_max_attempts": SDK_ATTEMPTS, "mode": "standard"},
            s3={"addressing_style": "path" if endpoint else "auto"},
        ),
    )
