"""What CloudFormation does at a change to a resource of each type that a deployment has, and what is lost with one.

A resource whose create-only property changes is replaced: a new one is made, what refers to the old one is pointed to
it, and the old one is deleted with all that it holds. The properties are those of AWS's resource schemas
(`createOnlyProperties`, `conditionalCreateOnlyProperties`), against which a test holds this table.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of resources."""

    #: Properties whose change replaces it.
    create_only: frozenset[str] = frozenset()
    #: Properties whose change may replace it, depending on from what to what.
    perhaps: frozenset[str] = frozenset()
    #: The property that is its name, of which there can be only one in an account and region.
    name: str | None = None
    #: What is lost with it.
    holds: str | None = None


def _kind(*create_only: str, perhaps: str = "", name: str | None = None, holds: str | None = None) -> Kind:
    both = frozenset(create_only) | ({name} if name else frozenset())
    return Kind(both, frozenset(perhaps.split()), name, holds)


#: Type -> what is known of it. Of any other type, a change may do anything.
KINDS = {
    "AWS::ApiGatewayV2::Api": _kind("ProtocolType"),
    "AWS::ApiGatewayV2::Integration": _kind("ApiId"),
    "AWS::ApiGatewayV2::Route": _kind("ApiId"),
    "AWS::ApiGatewayV2::Stage": _kind("StageName", "ApiId"),
    "AWS::CloudWatch::Alarm": _kind(name="AlarmName"),
    "AWS::CloudWatch::Dashboard": _kind(name="DashboardName"),
    "AWS::DynamoDB::Table": _kind(
        "ImportSourceSpecification", perhaps="KeySchema", name="TableName", holds="all jobs, with their results"
    ),
    "AWS::IAM::Policy": _kind(),
    "AWS::IAM::Role": _kind("Path", name="RoleName"),
    "AWS::Lambda::EventInvokeConfig": _kind("FunctionName", "Qualifier"),
    "AWS::Lambda::EventSourceMapping": _kind(
        "EventSourceArn", "StartingPosition", "StartingPositionTimestamp", "SelfManagedEventSource"
    ),
    "AWS::Lambda::Function": _kind("PackageType", "TenancyConfig", perhaps="DurableConfig", name="FunctionName"),
    "AWS::Lambda::Permission": _kind(
        "FunctionName",
        "FunctionUrlAuthType",
        "InvokedViaFunctionUrl",
        "SourceAccount",
        "SourceArn",
        "Principal",
        "PrincipalOrgID",
        "Action",
        "EventSourceToken",
    ),
    "AWS::Logs::LogGroup": _kind(name="LogGroupName"),
    "AWS::S3::Bucket": _kind("BucketNamePrefix", "BucketNamespace", name="BucketName", holds="all its objects"),
    "AWS::S3::BucketPolicy": _kind("Bucket"),
    "AWS::SNS::Subscription": _kind("Endpoint", "Protocol", "TopicArn", perhaps="Region"),
    "AWS::SNS::Topic": _kind("FifoTopic", name="TopicName"),
    "AWS::SNS::TopicPolicy": _kind(),
    "AWS::SQS::Queue": _kind("FifoQueue", name="QueueName", holds="the messages that wait in it"),
    "AWS::SQS::QueuePolicy": _kind(),
    "AWS::Scheduler::Schedule": _kind(name="Name"),
    "AWS::Scheduler::ScheduleGroup": _kind(name="Name", holds="all schedules in it"),
    "AWS::SecretsManager::Secret": _kind(name="Name", holds="the secret: every token signed with it is refused"),
}
#: Types of what users add by hand, whose loss must be asked for too.
OF_OTHERS = {
    "AWS::DynamoDB::GlobalTable": "its items",
    "AWS::EFS::FileSystem": "its files",
    "AWS::KMS::Key": "the key, and all that is encrypted with it",
    "AWS::RDS::DBCluster": "its databases",
    "AWS::RDS::DBInstance": "its databases",
}


def holds(kind: str) -> str | None:
    """What is lost with a resource of a type; None if nothing is that the next deployment does not make again."""
    known = KINDS.get(kind)
    return known.holds if known else OF_OTHERS.get(kind)
