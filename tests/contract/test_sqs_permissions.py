"""A queue's access policy, set whole or by AddPermission and RemovePermission, on every target.

AWS pages: "AddPermission", "RemovePermission" and "SetQueueAttributes" in the SQS API reference.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Unique = Callable[[str], str]

ACCOUNT, OTHER = "111111111111", "222222222222"
STATEMENT = {
    "Sid": "one",
    "Effect": "Allow",
    "Principal": {"AWS": [ACCOUNT]},
    "Action": "sqs:SendMessage",
    "Resource": "arn:aws:sqs:us-east-1:000000000000:queue1",
}
CHECKS_NO_POLICY = pytest.mark.deviates(moto="takes any policy", ministack="takes any policy")


async def error_of(call: Any) -> tuple[str, str]:
    """Code and message of what the call raises."""
    with pytest.raises(ClientError) as caught:
        await call
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


async def make(sqs: Any, name: str) -> str:
    url: str = (await sqs.create_queue(QueueName=name))["QueueUrl"]
    return url


async def policy_of(sqs: Any, url: str) -> Any:
    reply = await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Policy"])
    text = reply.get("Attributes", {}).get("Policy")
    return None if text is None else json.loads(text)


async def allow(sqs: Any, url: str, label: str, accounts: list[str], actions: list[str]) -> Any:
    return await sqs.add_permission(QueueUrl=url, Label=label, AWSAccountIds=accounts, Actions=actions)


@pytest.mark.deviates(elasticmq="keeps no policy")
async def test_a_policy_is_kept_and_taken_away(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("policy"))
    policy = {"Version": "2012-10-17", "Id": "some", "Statement": [STATEMENT]}
    await sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy, indent=2)})
    assert await policy_of(sqs, url) == policy
    await sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": ""})
    assert not await policy_of(sqs, url)


@pytest.mark.deviates(elasticmq="takes any policy")
@CHECKS_NO_POLICY
@pytest.mark.parametrize(
    "policy",
    [
        "badjson",
        "[]",
        "null",
        json.dumps({"Version": "4532-10-17", "Statement": [STATEMENT]}),
        json.dumps({"Version": "2012-10-17", "Statement": []}),
        json.dumps({"Version": "2012-10-17", "Statement": [STATEMENT], "Colour": "green"}),
        json.dumps({"Version": "2012-10-17", "Statement": {**STATEMENT, "Colour": "green"}}),
        json.dumps({"Version": "2012-10-17", "Statement": [{**STATEMENT, "Effect": "Perhaps"}]}),
    ],
)
async def test_a_policy_has_the_grammar_of_iam(sqs: Any, unique: Unique, policy: str) -> None:
    url = await make(sqs, unique("grammar"))
    call = sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    assert await error_of(call) == ("InvalidAttributeValue", "Invalid value for the parameter Policy.")


@pytest.mark.deviates(elasticmq="takes any policy")
@CHECKS_NO_POLICY
async def test_a_policy_has_twenty_statements_at_most(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("statements"))
    many = [{**STATEMENT, "Sid": f"label-{number}"} for number in range(22)]
    policy = json.dumps({"Version": "2012-10-17", "Statement": many})
    expected = "22 statements were found in the submitted policy, max allowed is 20"
    assert await error_of(sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})) == (
        "OverLimit",
        expected,
    )
    call = sqs.create_queue(QueueName=unique("made"), Attributes={"Policy": policy})
    assert await error_of(call) == ("InvalidParameterValue", expected)


@pytest.mark.deviates(
    moto="begins with a policy of 2012", ministack="begins with a policy of 2012", elasticmq="keeps no policy"
)
async def test_a_permission_becomes_a_statement(sqs: Any, unique: Unique) -> None:
    name = unique("permission")
    url = await make(sqs, name)
    arn = (await sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"]))["Attributes"]["QueueArn"]
    await allow(sqs, url, "both", [ACCOUNT, OTHER], ["ReceiveMessage"])
    await allow(sqs, url, "one", [ACCOUNT], ["SendMessage", "DeleteMessage"])
    assert await policy_of(sqs, url) == {
        "Version": "2008-10-17",
        "Id": f"{arn}/SQSDefaultPolicy",
        "Statement": [
            {
                "Sid": "both",
                "Effect": "Allow",
                "Principal": {"AWS": [f"arn:aws:iam::{ACCOUNT}:root", f"arn:aws:iam::{OTHER}:root"]},
                "Action": "SQS:ReceiveMessage",
                "Resource": arn,
            },
            {
                "Sid": "one",
                "Effect": "Allow",
                "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"},
                "Action": ["SQS:SendMessage", "SQS:DeleteMessage"],
                "Resource": arn,
            },
        ],
    }


@pytest.mark.deviates(elasticmq="keeps no policy")
async def test_a_permission_is_added_to_a_policy_that_was_set(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("added"))
    policy = {"Version": "2012-10-17", "Statement": [STATEMENT]}
    await sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    await allow(sqs, url, "two", [ACCOUNT], ["DeleteMessage"])
    kept = await policy_of(sqs, url)
    assert kept["Version"] == "2012-10-17"
    assert [statement["Sid"] for statement in kept["Statement"]] == ["one", "two"]


@pytest.mark.deviates(elasticmq="keeps no policy")
async def test_with_the_last_permission_goes_the_policy(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("removed"))
    await allow(sqs, url, "first", [ACCOUNT], ["ReceiveMessage"])
    await allow(sqs, url, "second", [ACCOUNT], ["ReceiveMessage"])
    await sqs.remove_permission(QueueUrl=url, Label="first")
    assert [statement["Sid"] for statement in (await policy_of(sqs, url))["Statement"]] == ["second"]
    await sqs.remove_permission(QueueUrl=url, Label="second")
    assert await policy_of(sqs, url) is None


@pytest.mark.deviates(elasticmq="keeps no permissions")
async def test_a_label_is_used_once(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("label"))
    await allow(sqs, url, "mine", [ACCOUNT], ["ReceiveMessage"])
    assert await error_of(allow(sqs, url, "mine", [OTHER], ["ReceiveMessage"])) == (
        "InvalidParameterValue",
        "Value mine for parameter Label is invalid. Reason: Already exists.",
    )


@pytest.mark.deviates(ministack="removes what is not there", elasticmq="keeps no permissions")
async def test_a_label_that_is_not_there_is_not_removed(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("absent"))
    code, message = await error_of(sqs.remove_permission(QueueUrl=url, Label="absent"))
    assert code == "InvalidParameterValue"
    assert message.startswith("Value absent for parameter Label is invalid. Reason: can't find label")


@pytest.mark.deviates(
    moto="calls every other action the owner's", ministack="takes any action", elasticmq="takes any action"
)
async def test_some_actions_stay_with_the_owner(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("owner"))
    assert await error_of(allow(sqs, url, "label", [ACCOUNT], ["CreateQueue"])) == (
        "InvalidParameterValue",
        "Value SQS:CreateQueue for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke "
        "this action.",
    )
    assert await error_of(allow(sqs, url, "label", [ACCOUNT], ["SendMessageBatch"])) == (
        "InvalidParameterValue",
        "Value SQS:SendMessageBatch for parameter ActionName is invalid. Reason: Please refer to the appropriate WSDL "
        "for a list of valid actions.",
    )


@pytest.mark.deviates(ministack="asks for neither", elasticmq="asks for neither")
async def test_a_permission_needs_actions_and_accounts(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("empty"))
    assert await error_of(allow(sqs, url, "label", [ACCOUNT], [])) == (
        "MissingParameter",
        "The request must contain the parameter Actions.",
    )
    assert await error_of(allow(sqs, url, "label", [], ["*"])) == (
        "InvalidParameterValue",
        "Value [] for parameter PrincipalId is invalid. Reason: Unable to verify.",
    )


@pytest.mark.deviates(ministack="takes any number of actions", elasticmq="takes any number of actions")
async def test_a_permission_has_seven_actions_at_most(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("seven"))
    actions = ["ReceiveMessage", "DeleteMessage", "SendMessage", "GetQueueUrl", "PurgeQueue"] * 2
    assert await error_of(allow(sqs, url, "label", [ACCOUNT], actions[:8])) == (
        "OverLimit",
        "8 Actions were found, maximum allowed is 7.",
    )


@pytest.mark.deviates(
    moto="adds any number of statements", ministack="adds any number of statements", elasticmq="keeps no permissions"
)
async def test_the_twenty_first_permission_is_one_too_many(sqs: Any, unique: Unique) -> None:
    url = await make(sqs, unique("many"))
    for number in range(20):
        await allow(sqs, url, f"label-{number}", [ACCOUNT], ["SendMessage"])
    assert await error_of(allow(sqs, url, "one-more", [ACCOUNT], ["SendMessage"])) == (
        "OverLimit",
        "21 Statements were found, maximum allowed is 20.",
    )
