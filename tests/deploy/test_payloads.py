"""The bucket and the key of a deployment: only who needs them may use them, and only if they are asked for."""

from __future__ import annotations

from typing import Any

from infra.deploy.payloads import BUCKET, ENCRYPTED, KEPT, days_kept, payloads
from infra.deploy.roles import roles
from queues import job
from queues.jobtype import JobType


@job("open")
async def plain(data: Any) -> None: ...


@job("secret", sensitive=True, keep_failed=60 * 86_400)
async def sensitive(data: Any) -> None: ...


def if_asked(types: list[JobType[Any, Any]], condition: str) -> dict[str, set[str]]:
    """Role -> the actions that it has under a condition."""
    found = {}
    for name, role in roles(types).items():
        policies = [
            one["Fn::If"][1] for one in role["Properties"]["Policies"] if one.get("Fn::If", [""])[0] == condition
        ]
        statements = [statement for one in policies for statement in one["PolicyDocument"]["Statement"]]
        if statements:
            found[name] = {action for statement in statements for action in statement["Action"]}
    return found


def test_the_key_is_for_functions_that_handle_sensitive_jobs() -> None:
    use = {"kms:GenerateDataKey", "kms:Decrypt"}
    assert if_asked([plain, sensitive], ENCRYPTED) == {"ApiRole": use, "ReaperRole": use, "SecretRole": use}
    assert if_asked([plain], ENCRYPTED) == {}


def test_the_bucket_is_for_who_reads_and_writes_payloads() -> None:
    assert if_asked([plain], KEPT) == {
        "ApiRole": {"s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
        "OpenRole": {"s3:GetObject", "s3:PutObject"},
        "ReaperRole": {"s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:DeleteObject"},
    }


def test_the_bucket_is_closed_encrypted_and_outlives_every_job() -> None:
    made = payloads([plain, sensitive])
    bucket, policy = made["Resources"][BUCKET], made["Resources"][f"{BUCKET}Policy"]
    assert bucket["Condition"] == policy["Condition"] == KEPT
    assert all(bucket["Properties"]["PublicAccessBlockConfiguration"].values())
    assert bucket["Properties"]["BucketEncryption"]
    (denial,) = policy["Properties"]["PolicyDocument"]["Statement"]
    assert (denial["Effect"], denial["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    (rule,) = bucket["Properties"]["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == days_kept([plain, sensitive]) == 365 + 60 + 30
