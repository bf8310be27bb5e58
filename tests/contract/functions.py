"""The one function of the Lambda contract, on every target: put into our engines, deployed to the emulators."""

from __future__ import annotations

import io
import zipfile
from typing import Any

from infra.local.engine import Engine
from infra.local.lambda_.functions import Function

#: It answers its event, or raises what the event's member `fail` says.
NAME = "contract-echo"

#: The same for a target that runs files.
SOURCE = """
def handler(event, context):
    if isinstance(event, dict) and "fail" in event:
        raise ValueError(event["fail"])
    return event
"""


async def handler(event: Any, context: Any) -> Any:
    if isinstance(event, dict) and "fail" in event:
        raise ValueError(event["fail"])
    return event


def add_functions(engine: Engine) -> None:
    """Gives an engine of ours the function."""
    arn = f"arn:aws:lambda:us-east-1:{engine.account}:function:{NAME}"
    engine.functions[NAME] = Function(NAME, arn, handler, "index.handler", timeout=10, concurrency=10)


async def deploy(functions: Any, iam: Any) -> None:
    """Deploys the function to an emulator, unless it is there."""
    try:
        await functions.get_function(FunctionName=NAME)
    except functions.exceptions.ResourceNotFoundException:
        role = await iam.create_role(RoleName=NAME, AssumeRolePolicyDocument="{}")
        await functions.create_function(
            FunctionName=NAME,
            Runtime="python3.12",
            Role=role["Role"]["Arn"],
            Handler="index.handler",
            Timeout=10,
            Code={"ZipFile": _zipped(SOURCE)},
        )


def _zipped(source: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("index.py", source)
    return file.getvalue()
