"""The partition of a region: the second part of every ARN, which is `aws` in most of the world."""

from __future__ import annotations

from functools import lru_cache

#: What the names of a partition's regions begin with.
#: https://docs.aws.amazon.com/whitepapers/latest/aws-fault-isolation-boundaries/partitions.html
PARTITIONS = (
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
)


@lru_cache(maxsize=64)
def partition_of(region: str) -> str:
    """`aws-cn` for `cn-north-1`; `aws` for any region that belongs to no other."""
    return next((partition for prefix, partition in PARTITIONS if region.startswith(prefix)), "aws")
