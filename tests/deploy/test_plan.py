"""What a plan says of two stacks: what is created, changed, replaced and removed, what is lost, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from infra.cli.plan_text import plan_lines
from infra.deploy.planning.guard import dangers, is_protected, refusals
from infra.deploy.planning.kinds import KINDS
from infra.deploy.planning.plan import Action, Change, Plan, Stack, plan
from infra.deploy.rendering import render
from infra.deploy.stack_status import ENDED, READY, STUCK, hindrance, state
from queues.errors import InvalidOption
from tests.deploy.catalogs import PACKAGE, job_types

#: What the framework puts into a template besides what is rendered.
OF_THE_FRAMEWORK = {
    "AWS::ApiGatewayV2::Api",
    "AWS::ApiGatewayV2::Integration",
    "AWS::ApiGatewayV2::Route",
    "AWS::ApiGatewayV2::Stage",
    "AWS::Lambda::EventInvokeConfig",
    "AWS::Lambda::EventSourceMapping",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
}


def queue(name: str = "work", **properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name, **properties}}


def table(**parts: Any) -> dict[str, Any]:
    return {"Type": "AWS::DynamoDB::Table", "Properties": {"TableName": "jobs", **parts.pop("properties", {})}, **parts}


def function(key: str = "1/api.zip", **properties: Any) -> dict[str, Any]:
    code = {"S3Bucket": {"Ref": "Bucket"}, "S3Key": key}
    return {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "api", "Code": code, **properties}}


def stack(code: dict[str, str] | None = None, parameters: dict[str, str] | None = None, **resources: Any) -> Stack:
    return Stack({"Resources": resources}, parameters or {}, code or {})


def only(made: Plan) -> Change:
    (change,) = made.changes
    return change


def test_of_a_new_stack_everything_is_created() -> None:
    made = plan(None, stack(Queue=queue(), Table=table()))
    assert made.new
    assert [(change.action, change.logical_id, change.name) for change in made.changes] == [
        (Action.CREATE, "Queue", "work"),
        (Action.CREATE, "Table", "jobs"),
    ]


def test_the_same_stack_needs_nothing() -> None:
    one = stack(Queue=queue(VisibilityTimeout=60), Table=table())
    assert plan(one, one) == Plan((), new=False)


def test_a_changed_property_is_told_from_what_to_what() -> None:
    change = only(plan(stack(Queue=queue(VisibilityTimeout=60)), stack(Queue=queue(VisibilityTimeout=90))))
    assert (change.action, change.loses) == (Action.CHANGE, None)
    (difference,) = change.differences
    assert (difference.path, difference.before, difference.after) == ("VisibilityTimeout", "60", "90")


def test_it_is_found_deep_inside() -> None:
    old, new = ({"Target": {"RetryPolicy": {"Age": age}, "Arn": "a"}, "Tags": [{"Key": "k"}]} for age in (60, 90))
    change = only(plan(stack(Queue=queue(**old)), stack(Queue=queue(**new))))
    assert [difference.path for difference in change.differences] == ["Target.RetryPolicy.Age"]


def test_of_a_list_what_is_gone_and_what_is_new_is_told() -> None:
    change = only(plan(stack(Queue=queue(Tags=["a", "b"])), stack(Queue=queue(Tags=["b", "c", "d"]))))
    told = [(difference.path, difference.before, difference.after) for difference in change.differences]
    assert told == [("Tags", "a", None), ("Tags", None, "c"), ("Tags", None, "d")]


def test_code_is_compared_by_its_hash_and_not_by_its_place() -> None:
    old = stack(Api=function("1/api.zip"), code={"Api": "same"})
    assert plan(old, stack(Api=function("2/api.zip"), code={"Api": "same"})).changes == ()
    change = only(plan(old, stack(Api=function("1/api.zip"), code={"Api": "other"})))
    assert [difference.path for difference in change.differences] == ["Code"]


def test_a_function_that_somebody_has_deleted_differs() -> None:
    change = only(plan(stack(Api=function()), stack(Api=function(), code={"Api": "hash"})))
    assert [(one.path, one.after) for one in change.differences] == [("Code", "hash")]


def test_secrets_are_not_shown() -> None:
    old, new = (function(Environment={"Variables": {"JOBYARD_SECRET": word}}) for word in ("old-word", "new-word"))
    made = plan(stack(Api=old), stack(Api=new))
    assert [one.path for one in only(made).differences] == ["Environment.Variables.JOBYARD_SECRET"]
    assert "word" not in repr(made)
    assert "word" not in "\n".join(plan_lines(made, "jobyard-dev"))


PARAMETERS = {
    "Parameters": {"Mail": {"Type": "String", "Default": ""}, "Age": {"Type": "String", "Default": "60"}},
    "Conditions": {
        "HasMail": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Mail"}, ""]}]},
        "Both": {"Fn::And": [{"Condition": "HasMail"}, {"Fn::Equals": [{"Ref": "Age"}, "60"]}]},
    },
    "Resources": {
        "Told": {"Type": "AWS::SNS::Subscription", "Condition": "HasMail", "Properties": {"Endpoint": {"Ref": "Mail"}}},
        "Queue": queue(
            Age={"Ref": "Age"},
            Text={"Fn::Sub": "${Age} ${AWS::Region} ${Other.Arn}"},
            Few={"Fn::If": ["Both", "few", {"Ref": "AWS::NoValue"}]},
            List=["a", {"Fn::If": ["HasMail", "b", {"Ref": "AWS::NoValue"}]}],
        ),
    },
}


def test_parameters_and_conditions_are_put_in_before_it_is_compared() -> None:
    plain, told = Stack(PARAMETERS), Stack(PARAMETERS, {"Mail": "ops@example.com", "AWS::Region": "eu-west-1"})
    assert set(plain.resources()) == {"Queue"}
    properties = plain.resources()["Queue"]["Properties"]
    assert properties == {
        "QueueName": "work",
        "Age": "60",
        "Text": {"Fn::Sub": "60 ${AWS::Region} ${Other.Arn}"},
        "List": ["a"],
    }
    assert told.resources()["Queue"]["Properties"] | {"Text": 0, "Age": 0} == {
        "QueueName": "work",
        "Age": 0,
        "Text": 0,
        "Few": "few",
        "List": ["a", "b"],
    }
    assert told.resources()["Told"]["Properties"] == {"Endpoint": "ops@example.com"}
    assert {change.logical_id: change.action for change in plan(plain, told).changes} == {
        "Told": Action.CREATE,
        "Queue": Action.CHANGE,
    }


def test_another_name_is_another_resource() -> None:
    change = only(plan(stack(Queue=queue("old")), stack(Queue=queue("new"))))
    assert (change.action, change.obstacle) == (Action.REPLACE, None)
    assert change.loses == "the messages that wait in it"


def test_what_refers_to_a_replaced_resource_changes_and_may_be_replaced_too() -> None:
    def both(name: str) -> Stack:
        mapping = {"EventSourceArn": {"Fn::GetAtt": ["Queue", "Arn"]}, "BatchSize": 1}
        role = {"Policies": [{"Resource": {"Fn::Sub": "${Queue.Arn}/*"}}]}
        return stack(
            Queue=queue(name),
            Mapping={"Type": "AWS::Lambda::EventSourceMapping", "Properties": mapping},
            Role={"Type": "AWS::IAM::Role", "Properties": role},
            After={"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": [{"Ref": "Mapping"}]}},
        )

    changes = {change.logical_id: change for change in plan(both("old"), both("new")).changes}
    assert {name: change.action for name, change in changes.items()} == {
        "Queue": Action.REPLACE,
        "Mapping": Action.REPLACE,
        "Role": Action.CHANGE,
        "After": Action.CHANGE,
    }
    assert changes["Mapping"].differences[0].because == "Queue"
    assert changes["After"].differences[0].because == "Mapping"


def test_two_of_one_name_cannot_be_and_so_cloudformation_will_refuse() -> None:
    change = only(plan(stack(Queue=queue()), stack(Queue=queue(FifoQueue=True))))
    assert change.action is Action.REPLACE
    assert change.obstacle is not None
    assert "both would be called work" in change.obstacle


def test_a_property_that_may_replace_is_told_as_such() -> None:
    old, new = (table(properties={"KeySchema": [{"AttributeName": name}]}) for name in ("a", "b"))
    change = only(plan(stack(Table=old), stack(Table=new)))
    assert (change.action, change.perhaps_replaced) == (Action.CHANGE, True)
    assert change.loses == "all jobs, with their results"


def test_of_types_that_we_do_not_know_nothing_is_promised() -> None:
    old, new = ({"Type": "AWS::RDS::DBInstance", "Properties": {"Size": size}} for size in (1, 2))
    change = only(plan(stack(Base=old), stack(Base=new)))
    assert change.perhaps_replaced
    assert change.loses == "its databases"


def test_a_resource_does_not_become_one_of_another_type() -> None:
    change = only(plan(stack(Thing=queue()), stack(Thing=table())))
    assert change.obstacle is not None
    assert "another logical id" in change.obstacle


def test_a_removal_tells_what_is_lost_and_what_stays() -> None:
    gone = plan(stack(Queue=queue(), Table=table(DeletionPolicy="Retain")), stack())
    assert [(change.logical_id, change.loses is not None, change.kept) for change in gone.of(Action.REMOVE)] == [
        ("Queue", True, False),
        ("Table", True, True),
    ]
    guarded = plan(stack(Table=table(properties={"DeletionProtectionEnabled": True})), stack())
    assert "deletion protection" in str(only(guarded).obstacle)


# --- what is refused ----------------------------------------------------------------------------------------------


def test_a_protected_stage_loses_nothing_that_is_not_named() -> None:
    made = plan(stack(Queue=queue("old"), Alarm={"Type": "AWS::CloudWatch::Alarm"}), stack(Queue=queue("new")))
    assert [change.logical_id for change in dangers(made)] == ["Queue"]
    (refused,) = refusals(made, protected=True, allowed=[])
    assert "Queue would be replaced" in refused
    assert "--allow-replace Queue" in refused
    assert refusals(made, protected=True, allowed=["Queue"]) == []
    assert refusals(made, protected=False, allowed=[]) == []


def test_what_cannot_succeed_is_refused_everywhere() -> None:
    made = plan(stack(Queue=queue()), stack(Queue=queue(FifoQueue=True)))
    (refused,) = refusals(made, protected=False, allowed=["Queue"])
    assert "cannot be replaced" in refused


def test_a_name_that_nothing_happens_to_is_a_slip_of_the_pen() -> None:
    made = plan(stack(Queue=queue("old")), stack(Queue=queue("new")))
    with pytest.raises(InvalidOption, match="what is lost would be Queue"):
        refusals(made, protected=True, allowed=["Queues"])


@pytest.mark.parametrize(
    ("stage", "one", "protected"),
    [
        ("dev", table(), False),
        ("prod", table(), True),
        ("live", table(DeletionPolicy="Retain"), True),
        ("live", table(properties={"DeletionProtectionEnabled": True}), True),
        ("live", {"Type": "AWS::Logs::LogGroup", "DeletionPolicy": "Retain"}, False),
    ],
)
def test_a_stage_is_protected_by_its_name_or_by_what_its_template_says(
    stage: str, one: dict[str, Any], protected: bool
) -> None:
    assert is_protected(stage, None, stack(One=one)) is protected


# --- what is known of AWS -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_what_replaces_a_resource_is_what_aws_schemas_say(kind: str) -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema

    def names(key: str) -> set[str]:
        return {path.removeprefix("/properties/") for path in schema.get(key, ())}

    assert KINDS[kind].create_only == names("createOnlyProperties")
    assert KINDS[kind].perhaps == names("conditionalCreateOnlyProperties")
    assert KINDS[kind].name is None or KINDS[kind].name in schema["properties"]


def test_every_type_that_a_deployment_has_is_known() -> None:
    documents = [yaml.safe_load(text) for text in render(job_types(5), [PACKAGE]).values()]
    used = {one["Type"] for document in documents for one in document.get("Resources", {}).values()}
    assert (used | OF_THE_FRAMEWORK) - KINDS.keys() == set()


@pytest.mark.parametrize("status", [*STUCK, "CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS", "DELETE_IN_PROGRESS", "NEW"])
def test_a_stack_that_cannot_be_changed_now_comes_with_a_cure(status: str) -> None:
    sentence = hindrance(status, "jobyard-dev", "dev")
    assert sentence is not None
    assert sentence.startswith(f"jobyard-dev is {status}: ")
    assert "{" not in sentence
    assert state(status, "jobyard-dev", "dev") == sentence


def test_a_stack_that_is_ready_is_none_of_these() -> None:
    assert {hindrance(status, "s", "dev") for status in (*READY, "REVIEW_IN_PROGRESS")} == {None}
    assert state(None, "s", "dev") == state("REVIEW_IN_PROGRESS", "s", "dev") == "there is no stack s"
    assert all(state(status, "s", "dev").endswith(ENDED[status]) for status in ENDED)
