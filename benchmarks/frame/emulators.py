"""The AWS servers that are compared: one row of the tables each."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Emulator:
    name: str
    kind: str
    """For `frame.servers.running`."""
    keeps: str
    """Where an acknowledged call is kept."""
    needs: str | None = None
    """What `install` must provide."""


OURS = Emulator("jobyard up", "jobyard", "file")
OURS_FSYNC = Emulator("jobyard up, fsync", "jobyard-fsync", "file, fsync")
MINISTACK = Emulator("MiniStack", "ministack", "memory", "python")
MOTO = Emulator("moto server", "moto", "memory", "python")
ELASTICMQ = Emulator("ElasticMQ", "elasticmq", "memory", "elasticmq")
DYNAMODB_LOCAL = Emulator("DynamoDB Local", "dynamodb-local", "memory", "dynamodb-local")
