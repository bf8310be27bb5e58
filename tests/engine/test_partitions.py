"""ARNs name the partition of their region, in every service: `aws-cn` in China, `aws-us-gov` in GovCloud."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from infra.local.engine import Engine
from infra.local.partition import partition_of
from tests.engine.lambda_functions import add

REGIONS = {"cn-north-1": "aws-cn", "us-gov-west-1": "aws-us-gov", "eu-west-1": "aws", "nowhere-1": "aws"}


def test_every_region_that_botocore_knows_is_in_its_partition() -> None:
    session = boto3.Session()
    for partition in session.get_available_partitions():
        for region in session.get_available_regions("sqs", partition_name=partition):
            assert partition_of(region) == partition


@pytest.mark.parametrize("region", REGIONS)
async def test_queues_and_their_dead_letters(engine: Engine, region: str) -> None:
    """CreateQueue, RedrivePolicy."""
    sqs = engine.client("sqs", region=region)
    dead = (await sqs.create_queue(QueueName="dead"))["QueueUrl"]
    reply = await sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
    arn = reply["Attributes"]["QueueArn"]
    assert arn == f"arn:{REGIONS[region]}:sqs:{region}:000000000000:dead"
    policy = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 1})
    source = (await sqs.create_queue(QueueName="source", Attributes={"RedrivePolicy": policy}))["QueueUrl"]
    assert (await sqs.list_dead_letter_source_queues(QueueUrl=dead))["queueUrls"] == [source]
    await sqs.add_permission(QueueUrl=dead, Label="l", AWSAccountIds=["111122223333"], Actions=["SendMessage"])
    told = await sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["Policy"])
    (statement,) = json.loads(told["Attributes"]["Policy"])["Statement"]
    assert statement["Principal"] == {"AWS": f"arn:{REGIONS[region]}:iam::111122223333:root"}


@pytest.mark.parametrize("region", REGIONS)
async def test_tables_indexes_and_what_hangs_on_them(engine: Engine, region: str) -> None:
    """CreateTable, TagResource, PutResourcePolicy; a table is found by its ARN."""
    dynamodb = engine.client("dynamodb", region=region)
    key = [{"AttributeName": "a", "KeyType": "HASH"}]
    index = {"IndexName": "index", "KeySchema": key, "Projection": {"ProjectionType": "ALL"}}
    made = await dynamodb.create_table(
        TableName="table",
        AttributeDefinitions=[{"AttributeName": "a", "AttributeType": "S"}],
        KeySchema=key,
        GlobalSecondaryIndexes=[index],
        BillingMode="PAY_PER_REQUEST",
        SSESpecification={"Enabled": True},
    )
    arn = made["TableDescription"]["TableArn"]
    assert arn == f"arn:{REGIONS[region]}:dynamodb:{region}:000000000000:table/table"
    assert made["TableDescription"]["GlobalSecondaryIndexes"][0]["IndexArn"] == f"{arn}/index/index"
    key_arn = made["TableDescription"]["SSEDescription"]["KMSMasterKeyArn"]
    assert key_arn.startswith(f"arn:{REGIONS[region]}:kms:{region}:")
    await dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": "k", "Value": "v"}])
    assert (await dynamodb.list_tags_of_resource(ResourceArn=arn))["Tags"] == [{"Key": "k", "Value": "v"}]
    root = {"AWS": f"arn:{REGIONS[region]}:iam::111122223333:root"}
    statement = {"Effect": "Allow", "Principal": root, "Action": "dynamodb:GetItem", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    assert (await dynamodb.put_resource_policy(ResourceArn=arn, Policy=policy))["RevisionId"]
    assert (await dynamodb.describe_table(TableName=arn))["Table"]["TableName"] == "table"


@pytest.mark.parametrize("region", REGIONS)
async def test_schedules_alarms_and_callers(engine: Engine, region: str) -> None:
    """CreateSchedule, PutMetricAlarm, PutDashboard, GetCallerIdentity."""
    partition = REGIONS[region]
    queue = f"arn:{partition}:sqs:{region}:000000000000:dead"
    scheduler = engine.client("scheduler", region=region)
    schedule: dict[str, Any] = {
        "Name": "s",
        "ScheduleExpression": "rate(1 hour)",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": queue, "RoleArn": f"arn:{partition}:iam::000000000000:role/r"},
    }
    created = await scheduler.create_schedule(**schedule)
    assert created["ScheduleArn"] == f"arn:{partition}:scheduler:{region}:000000000000:schedule/default/s"
    group = (await scheduler.create_schedule_group(Name="g"))["ScheduleGroupArn"]
    assert group == f"arn:{partition}:scheduler:{region}:000000000000:schedule-group/g"
    await scheduler.tag_resource(ResourceArn=group, Tags=[{"Key": "k", "Value": "v"}])

    cloudwatch = engine.client("cloudwatch", region=region)
    values = {"Namespace": "n", "MetricName": "m", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    await cloudwatch.put_metric_alarm(AlarmName="a", Threshold=1.0, ComparisonOperator="GreaterThanThreshold", **values)
    (alarm,) = (await cloudwatch.describe_alarms())["MetricAlarms"]
    assert alarm["AlarmArn"] == f"arn:{partition}:cloudwatch:{region}:000000000000:alarm:a"
    await cloudwatch.tag_resource(ResourceARN=alarm["AlarmArn"], Tags=[{"Key": "k", "Value": "v"}])
    told = await cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])
    assert told["Tags"] == [{"Key": "k", "Value": "v"}]
    await cloudwatch.put_dashboard(DashboardName="d", DashboardBody="{}")
    (dashboard,) = (await cloudwatch.list_dashboards())["DashboardEntries"]
    assert dashboard["DashboardArn"] == f"arn:{partition}:cloudwatch::000000000000:dashboard/d"

    sts = engine.client("sts", region=region)
    assert (await sts.get_caller_identity())["Arn"] == f"arn:{partition}:iam::000000000000:root"
    user = (await sts.get_federation_token(Name="me"))["FederatedUser"]
    assert user["Arn"] == f"arn:{partition}:sts::000000000000:federated-user/me"


async def test_event_source_mappings(engine: Engine) -> None:
    """CreateEventSourceMapping."""
    region = "cn-north-1"
    arn = f"arn:aws-cn:lambda:{region}:000000000000:function:echo"
    add(engine, "echo", arn=arn)
    await engine.client("sqs", region=region).create_queue(QueueName="work")
    functions = engine.client("lambda", region=region)
    queue = f"arn:aws-cn:sqs:{region}:000000000000:work"
    mapping = await functions.create_event_source_mapping(FunctionName=arn, EventSourceArn=queue)
    assert mapping["FunctionArn"] == arn
    assert mapping["EventSourceMappingArn"].startswith(f"arn:aws-cn:lambda:{region}:000000000000:event-source-mapping:")
