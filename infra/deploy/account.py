"""IO: the AWS account that a deployment goes to, and its stack as it is there. Only reads.

boto3 and osls look for credentials in the same places: environment, profile, single sign-on, role of the machine.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.exceptions import ClientError

from infra.deploy.planning.plan import FUNCTION, Stack
from infra.deploy.stack_status import EMPTY
from queues.errors import Misconfigured

#: As in serverless.yml.
DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Deployed:
    """A stack that is there."""

    status: str
    stack: Stack
    #: Name of an output -> its value.
    outputs: dict[str, str]


@dataclass(frozen=True, slots=True)
class Account:
    """Whose account, and which region of it."""

    number: str
    #: Of the one who deploys.
    identity: str
    region: str
    #: An emulator's; None: AWS itself.
    endpoint: str | None
    _session: boto3.Session = field(repr=False)

    def deployed(self, name: str) -> Deployed | None:
        """The stack of that name; None if there is none, or none that anything was ever deployed to."""
        cloudformation = self._session.client("cloudformation")
        found = _describe(cloudformation, name)
        if found is None or found["StackStatus"] in EMPTY:
            return None
        template = cloudformation.get_template(StackName=name, TemplateStage="Original")["TemplateBody"]
        if isinstance(template, str):
            # JSON, which is all that the framework deploys, comes as a dict.
            raise Misconfigured(
                f"the stack {name!r} was deployed from YAML, not by the framework; deploy to another stage"
            )
        given = {one["ParameterKey"]: one["ParameterValue"] for one in found.get("Parameters", ())}
        parameters = given | self.pseudo_parameters(name)
        stack = Stack(template, parameters, dict(self._code(template, parameters)))
        return Deployed(found["StackStatus"], stack, _outputs(found))

    def status(self, name: str) -> str | None:
        """The status of the stack of that name; None if there is none."""
        found = _describe(self._session.client("cloudformation"), name)
        return str(found["StackStatus"]) if found else None

    def outputs(self, name: str) -> dict[str, str]:
        """A stack's outputs; Misconfigured if there is no such stack."""
        found = _describe(self._session.client("cloudformation"), name)
        if found is None:
            raise Misconfigured(f"there is no stack {name!r} in {self.region} of account {self.number}")
        return _outputs(found)

    def token_secret(self, name: str) -> str:
        """The secret with which a stack's API checks tokens."""
        secret = self.outputs(name).get("TokenSecret")
        if secret is None:
            raise Misconfigured(
                f"the stack {name!r} has no output 'TokenSecret'; is it Jobyard's, deployed to its end?"
            )
        return str(self._session.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])

    def pseudo_parameters(self, stack: str) -> dict[str, str]:
        """What CloudFormation puts in for parameters of its own."""
        return {"AWS::Region": self.region, "AWS::AccountId": self.number, "AWS::StackName": stack}

    def _code(self, template: dict[str, Any], parameters: dict[str, str]) -> Iterator[tuple[str, str]]:
        """The hash of each function's code, as Lambda tells it, whoever has put it there."""
        functions = self._session.client("lambda")
        for logical_id, resource in Stack(template, parameters).resources().items():
            name = resource.get("Properties", {}).get("FunctionName")
            if resource["Type"] == FUNCTION and isinstance(name, str):
                try:
                    yield logical_id, functions.get_function_configuration(FunctionName=name)["CodeSha256"]
                except ClientError as error:
                    # Deleted by hand: its code is none, and so it differs.
                    if error.response["Error"]["Code"] != "ResourceNotFoundException":
                        raise


def open_account(region: str | None = None) -> Account:
    """The account of the credentials that are found, asked who it is.

    `region` is --region; else AWS_REGION, AWS_DEFAULT_REGION, the profile's. NoCredentialsError; Misconfigured if AWS
    does not take the credentials.
    """
    session = boto3.Session()
    chosen = region or os.environ.get("AWS_REGION") or session.region_name or DEFAULT_REGION
    session = boto3.Session(region_name=chosen)
    try:
        told = session.client("sts").get_caller_identity()
    except ClientError as error:
        message = error.response["Error"].get("Message") or error.response["Error"]["Code"]
        raise Misconfigured(
            f"AWS does not take these credentials: {message.rstrip('.')}; renew them, with `aws configure` or "
            "`aws sso login`, or choose others with AWS_PROFILE"
        ) from None
    return Account(told["Account"], told["Arn"], chosen, os.environ.get("AWS_ENDPOINT_URL"), session)


def _describe(cloudformation: Any, name: str) -> dict[str, Any] | None:
    try:
        (found,) = cloudformation.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        # There is no code of its own for it.
        if "does not exist" in error.response["Error"].get("Message", ""):
            return None
        raise
    return dict(found) if found["StackStatus"] != "DELETE_COMPLETE" else None


def _outputs(described: dict[str, Any]) -> dict[str, str]:
    return {one["OutputKey"]: one["OutputValue"] for one in described.get("Outputs", ())}
