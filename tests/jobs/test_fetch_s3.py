"""`s3://` against a real S3 API: moto's server on loopback, reached through AWS_ENDPOINT_URL as any emulator is."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from website import Site

from queues.fetch import FetchPolicy, FetchRefused, FetchUnavailable, fetch, s3


@pytest.fixture
def bucket(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto_url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    s3._client.cache_clear()
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="parts")
    yield client
    client.close()


def refusal(url: str, policy: FetchPolicy) -> str:
    with pytest.raises(FetchRefused) as caught:
        fetch(url, policy)
    return str(caught.value)


@pytest.mark.parametrize("key", ["part.stl", "folder/größe.stl", "a%20b", "odd?name#1"])
def test_an_object_by_its_literal_key(key: str, bucket: Any) -> None:
    bucket.put_object(Bucket="parts", Key=key, Body=b"a part")
    assert fetch(f"s3://parts/{key}", FetchPolicy()) == b"a part"


def test_the_limit_is_exact(bucket: Any) -> None:
    bucket.put_object(Bucket="parts", Key="fits", Body=bytes(1000))
    bucket.put_object(Bucket="parts", Key="large", Body=bytes(1001))
    policy = FetchPolicy(max_s3=1000)
    assert len(fetch("s3://parts/fits", policy)) == 1000
    assert "too large: it has 1,001 bytes, and the limit is 1,000 bytes (set by JOBYARD_FETCH_MAX_S3)" in refusal(
        "s3://parts/large", policy
    )


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("s3://parts/absent", "no such key"),
        ("s3://nobody-has-this/part", "no such bucket"),
        ("s3://parts", "s3://bucket/key"),
        ("s3://parts/", "s3://bucket/key"),
        ("s3:///key", "s3://bucket/key"),
        ("s3://x!/key", "check their spelling"),
    ],
)
def test_what_is_not_there(url: str, says: str, bucket: Any) -> None:
    message = refusal(url, FetchPolicy())
    assert says in message
    assert message.startswith(url)


def test_only_the_buckets_that_the_operator_lists(bucket: Any) -> None:
    bucket.put_object(Bucket="parts", Key="part", Body=b"a part")
    assert fetch("s3://parts/part", FetchPolicy(buckets=frozenset({"parts"}))) == b"a part"
    assert "not one of JOBYARD_FETCH_BUCKETS" in refusal("s3://parts/part", FetchPolicy(buckets=frozenset({"mine"})))


@pytest.mark.parametrize(
    ("code", "status", "permanent"),
    [
        ("SlowDown", 503, False),
        ("InternalError", 500, False),
        ("RequestTimeout", 400, False),
        ("ExpiredToken", 400, False),
        ("TooManyRequestsException", 429, False),
        ("AccessDenied", 403, True),
        ("InvalidObjectState", 403, True),
        ("MethodNotAllowed", 405, True),
    ],
)
def test_error_codes(code: str, status: int, permanent: bool, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing:
        def get_object(self, **_: Any) -> None:
            raise ClientError(
                {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}},
                "GetObject",
            )

    monkeypatch.setattr(s3, "_client", lambda *_: Failing())
    with pytest.raises(FetchRefused if permanent else FetchUnavailable, match="s3://parts/part"):
        fetch("s3://parts/part", FetchPolicy())


def test_an_endpoint_that_answers_503(site: Site, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "SDK_ATTEMPTS", 1)
    site.serve("/parts/part", status=503)
    monkeypatch.setenv("AWS_ENDPOINT_URL", site.url(""))
    with pytest.raises(FetchUnavailable, match="cannot be read now"):
        fetch("s3://parts/part", FetchPolicy())


def test_nobody_listens(bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "SDK_ATTEMPTS", 1)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(FetchUnavailable, match="could not be reached"):
        fetch("s3://parts/part", FetchPolicy())


def test_a_body_that_breaks_off(site: Site, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop_short(request: Any) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "500")
        request.end_headers()
        request.wfile.write(b"only this")

    site.answers["/parts/part"] = stop_short
    monkeypatch.setenv("AWS_ENDPOINT_URL", site.url(""))
    with pytest.raises(FetchUnavailable):
        fetch("s3://parts/part", FetchPolicy())


def test_no_credentials(bucket: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    boto3.DEFAULT_SESSION = None
    assert "needs AWS credentials" in refusal("s3://parts/part", FetchPolicy())
    boto3.DEFAULT_SESSION = None
