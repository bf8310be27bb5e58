"""Imported once by the process that clients are forked from: boto3 and the models of the services are loaded then."""

from __future__ import annotations

import boto3

from loads.load import CREDENTIALS

# boto3's default session keeps what it has read for the clients to come: they cost a tenth.
for service in ("sqs", "dynamodb"):
    boto3.client(service, **CREDENTIALS)
