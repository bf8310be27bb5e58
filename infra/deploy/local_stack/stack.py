"""IO: the stack as the emulator tells of it: its state, its outputs, and the secret that signs tokens."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from infra.deploy.local_stack.surroundings import CREDENTIALS, STAGE
from queues.clients import code_of
from queues.errors import Misconfigured

#: serverless.yml's service and the stage.
NAME = f"jobyard-{STAGE}"
#: States from which CloudFormation takes an update. (CloudFormation, stack status codes)
WHOLE = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"})
#: Seconds for what is under way to end, and between two looks.
PATIENCE, LOOK_EVERY = 300.0, 0.2


@dataclass(frozen=True, slots=True)
class Stack:
    """The stack on an endpoint."""

    endpoint: str
    region: str

    def client(self, service: str) -> Any:
        """A client of the emulator."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=self.region,
            aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
            # No proxy reaches this machine's own loopback.
            config=Config(proxies={}),
        )

    def status(self) -> str | None:
        """CloudFormation's word for its state; None if there is none."""
        found = self._describe()
        return None if found is None else str(found["StackStatus"])

    def outputs(self) -> dict[str, str]:
        """Name -> value."""
        found = self._describe() or {}
        return {one["OutputKey"]: one["OutputValue"] for one in found.get("Outputs", ())}

    def secret(self) -> str:
        """What signs tokens, as docs/deploy.md reads it on AWS."""
        found = self.client("secretsmanager").get_secret_value(SecretId=self.outputs()["TokenSecret"])
        return str(found["SecretString"])

    def make_whole(self, tell: Callable[[str], None]) -> None:
        """Waits for what is under way, and deletes a stack that cannot be updated: the end of a killed deployment."""
        status = self._settled()
        if status is not None and status not in WHOLE:
            tell(f"the stack is left half deployed ({status}): deleting it")
            self.delete()

    def delete(self) -> None:
        """Deletes it, without osls: for one that osls cannot remove."""
        bucket = self._bucket()
        if bucket is not None:
            self._empty(bucket)
        self.client("cloudformation").delete_stack(StackName=NAME)
        left = self._settled()
        if left is not None:
            raise Misconfigured(
                f"the stack {NAME} could not be deleted: it is {left}; stop the emulator to be rid of it"
            )

    def delete_logs(self) -> None:
        """Deletes log groups of functions that were at work while the stack was removed: emulators make those anew,
        for want of looking whether the function's role may."""
        logs = self.client("logs")
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=f"/aws/lambda/{NAME}-"):
            for group in page["logGroups"]:
                logs.delete_log_group(logGroupName=group["logGroupName"])

    def _describe(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self.client("cloudformation").describe_stacks(StackName=NAME)["Stacks"][0]
        except ClientError as error:
            # There is no code of its own for a stack that does not exist.
            if code_of(error) == "ValidationError":
                return None
            raise
        return None if found["StackStatus"] == "DELETE_COMPLETE" else found

    def _settled(self) -> str | None:
        deadline = time.monotonic() + PATIENCE
        while True:
            status = self.status()
            # A stack in review waits for a change set that nobody executes any more.
            if status is None or not status.endswith("_IN_PROGRESS") or status == "REVIEW_IN_PROGRESS":
                return status
            if time.monotonic() > deadline:
                raise Misconfigured(
                    f"the stack {NAME} is {status} for {PATIENCE:g} s; stop the emulator to be rid of it"
                )
            time.sleep(LOOK_EVERY)

    def _bucket(self) -> str | None:
        try:
            found = self.client("cloudformation").describe_stack_resource(
                StackName=NAME, LogicalResourceId="ServerlessDeploymentBucket"
            )
        except ClientError:
            return None
        name = found["StackResourceDetail"].get("PhysicalResourceId")
        return str(name) if name else None

    def _empty(self, bucket: str) -> None:
        s3 = self.client("s3")
        try:
            for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
                for one in page.get("Contents", ()):
                    s3.delete_object(Bucket=bucket, Key=one["Key"])
        except ClientError as error:
            if code_of(error) != "NoSuchBucket":
                raise
