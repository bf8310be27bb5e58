"""What the embedded Lambda tells of its functions, and what can be set on them: concurrency and tags."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.engine import Engine
from tests.engine.lambda_functions import PREFIX, add


@pytest.fixture
def functions(engine: Engine) -> Any:
    add(engine, description="Says it again.", timeout=40, memory=512, modified_at=1_790_000_000_123)
    return engine.client("lambda")


async def message_of(call: Any) -> str:
    with pytest.raises(ClientError) as caught:
        await call
    text: str = caught.value.response["Error"]["Message"]
    return text


async def test_a_function_tells_what_it_is(functions: Any) -> None:
    configuration = (await functions.get_function(FunctionName="echo"))["Configuration"]
    assert {
        "FunctionName": "echo",
        "FunctionArn": PREFIX + "echo",
        "Handler": "module.echo",
        "Description": "Says it again.",
        "Timeout": 40,
        "MemorySize": 512,
        "LastModified": "2026-09-21T14:13:20.123+0000",
        "Version": "$LATEST",
        "State": "Active",
        "LastUpdateStatus": "Successful",
        "PackageType": "Zip",
    }.items() <= configuration.items()
    assert "Environment" not in configuration
    assert (await functions.get_function_configuration(FunctionName="echo"))["RevisionId"] == configuration[
        "RevisionId"
    ]


async def test_asked_for_a_version_it_names_the_version(functions: Any) -> None:
    reply = await functions.get_function_configuration(FunctionName="echo", Qualifier="$LATEST")
    assert reply["FunctionArn"] == f"{PREFIX}echo:$LATEST"


async def test_functions_are_listed_by_name_page_by_page(engine: Engine, functions: Any) -> None:
    for name in ("delta", "alpha", "charlie", "bravo"):
        add(engine, name)
    names: list[str] = []
    pages = 0
    more: dict[str, Any] = {}
    while True:
        reply = await functions.list_functions(MaxItems=2, **more)
        pages += 1
        names += [function["FunctionName"] for function in reply["Functions"]]
        if "NextMarker" not in reply:
            break
        more = {"Marker": reply["NextMarker"]}
    assert names == ["alpha", "bravo", "charlie", "delta", "echo"]
    assert pages == 3


async def test_a_marker_of_nobody_is_refused(functions: Any) -> None:
    assert "Invalid Marker" in await message_of(functions.list_functions(Marker="é"))


async def test_reserved_concurrency_is_kept(functions: Any) -> None:
    assert "ReservedConcurrentExecutions" not in await functions.get_function_concurrency(FunctionName="echo")
    reply = await functions.put_function_concurrency(FunctionName="echo", ReservedConcurrentExecutions=0)
    assert reply["ReservedConcurrentExecutions"] == 0
    reply = await functions.get_function(FunctionName="echo")
    assert reply["Concurrency"] == {"ReservedConcurrentExecutions": 0}
    await functions.delete_function_concurrency(FunctionName="echo")
    assert "ReservedConcurrentExecutions" not in await functions.get_function_concurrency(FunctionName="echo")


async def test_concurrency_is_not_a_versions(functions: Any) -> None:
    call = functions.put_function_concurrency(FunctionName="echo:$LATEST", ReservedConcurrentExecutions=1)
    assert "Aliases and versions do not support this operation" in await message_of(call)


async def test_an_account_keeps_some_concurrency_unreserved(functions: Any) -> None:
    call = functions.put_function_concurrency(FunctionName="echo", ReservedConcurrentExecutions=901)
    assert "UnreservedConcurrentExecution below its minimum value of [100]" in await message_of(call)


async def test_concurrency_of_a_function_that_is_not_there(functions: Any) -> None:
    call = functions.put_function_concurrency(FunctionName="gone", ReservedConcurrentExecutions=1)
    assert await message_of(call) == f"Function not found: {PREFIX}gone:$LATEST"


async def test_tags_come_and_go(functions: Any) -> None:
    arn = PREFIX + "echo"
    assert (await functions.list_tags(Resource=arn))["Tags"] == {}
    await functions.tag_resource(Resource=arn, Tags={"team": "red", "stage": "test"})
    await functions.tag_resource(Resource=arn, Tags={"team": "blue"})
    await functions.untag_resource(Resource=arn, TagKeys=["stage", "none"])
    assert (await functions.list_tags(Resource=arn))["Tags"] == {"team": "blue"}
    assert (await functions.get_function(FunctionName="echo"))["Tags"] == {"team": "blue"}


async def test_tags_are_not_a_versions(functions: Any) -> None:
    message = await message_of(functions.tag_resource(Resource=f"{PREFIX}echo:$LATEST", Tags={"a": "b"}))
    assert message == "Tags on function aliases and versions are not supported. Please specify a function ARN."


async def test_there_are_fifty_tags_at_the_most(functions: Any) -> None:
    arn = PREFIX + "echo"
    await functions.tag_resource(Resource=arn, Tags={str(number): "x" for number in range(50)})
    assert await message_of(functions.tag_resource(Resource=arn, Tags={"50": "x"})) == (
        "Number of tags exceeds resource tag limit."
    )
