"""Amazon EventBridge Scheduler, embedded: schedules that fire. One function per operation, named as in boto3."""

from infra.local.request import Operation
from infra.local.scheduler.deletions import sweep
from infra.local.scheduler.firing import tick
from infra.local.scheduler.groups import (
    create_schedule_group,
    delete_schedule_group,
    get_schedule_group,
    list_schedule_groups,
)
from infra.local.scheduler.schedules import (
    create_schedule,
    delete_schedule,
    get_schedule,
    list_schedules,
    update_schedule,
)
from infra.local.scheduler.schema import SCHEMA
from infra.local.scheduler.set_back import set_back
from infra.local.scheduler.tags import list_tags_for_resource, tag_resource, untag_resource

OPERATIONS: dict[str, Operation] = {
    "CreateSchedule": create_schedule,
    "CreateScheduleGroup": create_schedule_group,
    "DeleteSchedule": delete_schedule,
    "DeleteScheduleGroup": delete_schedule_group,
    "GetSchedule": get_schedule,
    "GetScheduleGroup": get_schedule_group,
    "ListScheduleGroups": list_schedule_groups,
    "ListSchedules": list_schedules,
    "ListTagsForResource": list_tags_for_resource,
    "TagResource": tag_resource,
    "UntagResource": untag_resource,
    "UpdateSchedule": update_schedule,
}

__all__ = ["OPERATIONS", "SCHEMA", "set_back", "sweep", "tick"]
