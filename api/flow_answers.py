"""Flows as the API shows them, and the shapes of that for OpenAPI."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from api.views import moment
from queues.flows.flow import OnFailure
from queues.flows.state import FlowState, last_job_id

if TYPE_CHECKING:
    # What is behind it is imported when a flow is first asked for.
    from queues.flows.flows import FlowPage, ShownStep

#: Predecessors that a step names: it may come after thousands. The last of them tells how far down the step is, since
#: a flow's order goes down level by level.
MAX_AFTER = 20


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, defer_build=True)


class FlowView(_Answer):
    """A flow, and how far it is."""

    id: str
    name: str
    status: Literal["running", "completed", "failed", "cancelled"]
    phase: str = Field(description="While it runs, more exactly: `running`, `stopping`, `undoing`, `resetting`.")
    on_failure: OnFailure
    total: int = Field(description="Its steps.")
    completed: int
    failed: int
    cancelled: int
    open: int = Field(description="Steps that have not ended.")
    progress: float = Field(description="Percent of the steps that have ended.")
    round: int = Field(description="1, and one more with each retry.")
    created_at: datetime
    created_by: str | None
    ended_at: datetime | None
    end_job_id: str | None = Field(description="The job of its `onEnd`, once it has ended.")


class StepView(_Answer):
    """A step of a flow."""

    name: str
    type: str
    status: str = Field(description="Of its job; `pending` if it has none yet.")
    job_id: str | None = Field(description="None if it was never started.")
    error: str | None
    undone: Literal["completed", "failed", "cancelled"] | None = Field(description="How its undoing has ended.")
    place: int = Field(description="In the flow's order, from 0.")
    after: list[int] = Field(description="The places of the steps that it comes after; of more than 20 the last 20.")
    after_total: int = Field(description="How many those are.")


class FlowWithSteps(FlowView):
    """A flow with some of its steps, in an order in which each comes after those that it waits for."""

    steps: list[StepView]
    next_after: int | None = Field(description="Pass it as `after` for the next steps; null at the end.")


class FlowsPage(_Answer):
    """One page of flows, the newest first."""

    flows: list[FlowView]
    cursor: str | None


def flow_view(flow: FlowState) -> dict[str, Any]:
    """A flow without its steps."""
    return {
        "id": flow.id,
        "name": flow.name,
        "status": flow.status,
        "phase": flow.phase.value,
        "onFailure": flow.on_failure,
        "total": flow.total,
        "completed": flow.completed,
        "failed": flow.failed,
        "cancelled": flow.cancelled,
        "open": flow.open,
        "progress": flow.progress,
        "round": flow.round,
        "createdAt": moment(flow.created_at),
        "createdBy": flow.created_by,
        "endedAt": moment(flow.ended_at),
        "endJobId": last_job_id(flow) if flow.ended and flow.on_end is not None else None,
    }


def with_steps(flow: FlowState, steps: Sequence[ShownStep], limit: int) -> dict[str, Any]:
    """A flow with a page of its steps."""
    last = steps[-1].step.node.order if steps else flow.total
    more = len(steps) == limit and last + 1 < flow.total
    return flow_view(flow) | {"steps": [_step_view(one) for one in steps], "nextAfter": last if more else None}


def page_view(page: FlowPage) -> dict[str, Any]:
    """One page of flows."""
    return {"flows": [flow_view(flow) for flow in page.flows], "cursor": page.cursor}


def _step_view(one: ShownStep) -> dict[str, Any]:
    step = one.step
    after = sorted(step.node.after)
    pending = step.status.value == "pending" and one.job is not None
    return {
        "name": step.node.name,
        "type": step.node.work.type,
        "status": one.job.status.value if pending and one.job is not None else step.status.value,
        "jobId": one.job_id if step.started else None,
        "error": step.error,
        "undone": None if step.undone is None else step.undone.value,
        "place": step.node.order,
        "after": after[-MAX_AFTER:],
        "afterTotal": len(after),
    }
