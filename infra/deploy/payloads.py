"""Where a deployment keeps large data and results, and the key that sensitive ones are encrypted with: each only if its
parameter asks for it.

Not by default, because a bucket that holds something cannot be removed with its stack, and because no role should reach
what nobody uses. An empty one would cost nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from infra.deploy.names import arn_of
from infra.deploy.statements import Statement, allow, document, only_by_tls
from queues.jobtype import JobType
from queues.limits import MAX_JOB_DELAY_SECONDS

#: The conditions: whether there is a bucket, and whether there is a key.
KEPT, ENCRYPTED = "ArtifactsKept", "PayloadsEncrypted"
BUCKET = "ArtifactBucket"
#: In front of every object's name.
FOLDER = "jobs"
#: Objects of a bucket.
_OBJECTS = {"Fn::Sub": f"${{{BUCKET}.Arn}}/{FOLDER}/*"}
_NOTHING = {"Ref": "AWS::NoValue"}
#: Days beyond a job's own life after which the bucket itself removes what a sweep should have.
SLACK_DAYS = 30


def payloads(types: Sequence[JobType[Any, Any]]) -> dict[str, Any]:
    """The bucket, with its parameter and the key's."""
    return {
        "Parameters": {
            "ArtifactStore": {
                "Type": "String",
                "Description": "on: a bucket for data and results too large for a row",
                "AllowedValues": ["on", "off"],
                "Default": "${param:artifactStore}",
            },
            "KmsKey": {
                "Type": "String",
                "Description": "ARN of the key that sensitive job types are encrypted with; may be empty",
                "Default": "${param:kmsKey}",
            },
        },
        "Conditions": {
            KEPT: {"Fn::Equals": [{"Ref": "ArtifactStore"}, "on"]},
            # CloudFormation's linter wants no condition that nothing uses.
            **({ENCRYPTED: {"Fn::Not": [{"Fn::Equals": [{"Ref": "KmsKey"}, ""]}]}} if encrypting(types) else {}),
        },
        "Resources": {
            BUCKET: {
                "Type": "AWS::S3::Bucket",
                "Condition": KEPT,
                "DeletionPolicy": "${param:tablePolicy}",
                "UpdateReplacePolicy": "${param:tablePolicy}",
                "Properties": {
                    "BucketEncryption": {
                        "ServerSideEncryptionConfiguration": [
                            {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
                        ]
                    },
                    "PublicAccessBlockConfiguration": {
                        "BlockPublicAcls": True,
                        "BlockPublicPolicy": True,
                        "IgnorePublicAcls": True,
                        "RestrictPublicBuckets": True,
                    },
                    "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                    "LifecycleConfiguration": {
                        "Rules": [
                            {
                                "Id": "OutlivedByNoJob",
                                "Status": "Enabled",
                                "Prefix": f"{FOLDER}/",
                                "ExpirationInDays": days_kept(types),
                                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                            }
                        ]
                    },
                },
            },
            f"{BUCKET}Policy": {
                "Type": "AWS::S3::BucketPolicy",
                "Condition": KEPT,
                "Properties": {
                    "Bucket": {"Ref": BUCKET},
                    "PolicyDocument": document(only_by_tls("s3:*", [arn_of(BUCKET), _OBJECTS])),
                },
            },
        },
    }


def days_kept(types: Sequence[JobType[Any, Any]]) -> int:
    """Days after which no job of these types can need an artifact: the longest wait, and the longest keeping."""
    kept = max((max(one.options.keep_completed, one.options.keep_failed) for one in types), default=0.0)
    return math.ceil((MAX_JOB_DELAY_SECONDS + kept) / 86_400) + SLACK_DAYS


def environment() -> dict[str, Any]:
    """What functions find in their environment: empty where there is none."""
    return {
        "JOBYARD_ARTIFACTS": {"Fn::If": [KEPT, store_url(), ""]},
        "JOBYARD_KMS_KEY_ID": {"Ref": "KmsKey"},
    }


def keeping(*, removes: bool = False) -> dict[str, Any]:
    """The policy of a role that writes and reads artifacts, if there is a bucket."""
    return _if(KEPT, "artifacts", _keep(removes=removes))


def sweeping() -> dict[str, Any]:
    """The policy of the role that removes artifacts which no row names, and goes on with flows of any type."""
    below = {"Condition": {"StringLike": {"s3:prefix": f"{FOLDER}/*"}}}
    listing = allow("FindArtifacts", ["s3:ListBucket"], arn_of(BUCKET)) | below
    return _if(KEPT, "artifacts", listing, _keep(removes=True))


def encrypting(types: Sequence[JobType[Any, Any]]) -> list[dict[str, Any]]:
    """The policy of a role that handles jobs of these types: none if none of them is sensitive."""
    if not any(job_type.options.sensitive for job_type in types):
        return []
    return [_if(ENCRYPTED, "encryption", _use_the_key())]


def working_on_payloads(types: Sequence[JobType[Any, Any]]) -> list[dict[str, Any]]:
    """The same as `keeping` and `encrypting`, as statements of a policy that has others besides."""
    found = [{"Fn::If": [KEPT, _keep(), _NOTHING]}]
    return found + ([{"Fn::If": [ENCRYPTED, _use_the_key(), _NOTHING]}] if encrypting(types) else [])


def store_url() -> dict[str, Any]:
    """Where artifacts are, as JOBYARD_ARTIFACTS says it; only if there is a bucket."""
    return {"Fn::Sub": f"s3://${{{BUCKET}}}/{FOLDER}"}


def _keep(*, removes: bool = False) -> Statement:
    actions = ["s3:GetObject", "s3:PutObject"] + (["s3:DeleteObject"] if removes else [])
    return allow("KeepArtifacts", actions, _OBJECTS)


def _use_the_key() -> Statement:
    return allow("UseTheKey", ["kms:GenerateDataKey", "kms:Decrypt"], {"Ref": "KmsKey"})


def _if(condition: str, name: str, *statements: Statement) -> dict[str, Any]:
    policy = {"PolicyName": name, "PolicyDocument": document(*statements)}
    return {"Fn::If": [condition, policy, _NOTHING]}
