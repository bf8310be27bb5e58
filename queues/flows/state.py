"""How far a flow is, and what follows from that. Pure.

    running ──> stopping ──> (undoing) ──> failed | cancelled ──┐
       │                                                        │ retry
       ├──> completed                                           v
       └────────────────────────────────────────────────── resetting

A phase that somebody has work to do for is `owed`, until that work is done: the first start of what is ready, the
cancelling of members, the reset of what failed, the job at the end. Who brings a flow into such a phase does the work;
if that process dies, a round does it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING, Any

from queues.flows.flow import OnFailure

if TYPE_CHECKING:
    # The API says how flows stand without making any.
    from queues.flows.plan import Node, Work

#: Seconds for which a flow that has ended is remembered.
KEEP_SECONDS = 30 * 86_400
#: Seconds after which the rows of its steps go, counted from its making: a flow lasts a year at the most.
KEEP_STEPS_SECONDS = 400 * 86_400


class Phase(StrEnum):
    """Where a flow stands. All before the last three are shown as `running`."""

    RUNNING = "running"
    #: A member has failed, or somebody has cancelled it: nothing is started, what waits is cancelled.
    STOPPING = "stopping"
    #: What was done is undone, the last step first.
    UNDOING = "undoing"
    #: It was retried: what failed is made ready to run again.
    RESETTING = "resetting"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({Phase.COMPLETED, Phase.FAILED, Phase.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowState:
    """A flow as its row has it. All `*_at` are epoch ms."""

    id: str
    tenant: str
    name: str
    on_failure: OnFailure
    on_end: Work | None
    #: Which of several makings under one id this is: part of its steps' key.
    making: str
    phase: Phase
    #: What it ends as once it has stopped.
    outcome: Phase | None = None
    #: 1, and one more with each retry.
    round: int = 1
    total: int
    completed: int = 0
    failed: int = 0
    cancelled: int = 0
    created_at: int
    created_by: str | None = None
    ended_at: int | None = None
    #: When a round shall look at it; None if nothing is owed to it.
    due: int | None = None

    @property
    def status(self) -> str:
        """`running`, `completed`, `failed` or `cancelled`."""
        return self.phase.value if self.ended else Phase.RUNNING.value

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.phase in ENDED

    @property
    def open(self) -> int:
        """Steps that have not ended."""
        return self.total - self.completed - self.failed - self.cancelled

    @property
    def progress(self) -> float:
        """Percent of the steps that have ended."""
        return round(100 * (self.total - self.open) / self.total, 2)

    def summary(self) -> dict[str, Any]:
        """What its last job is told."""
        counts = {"total": self.total, "completed": self.completed, "failed": self.failed, "cancelled": self.cancelled}
        return {"id": self.id, "name": self.name, "status": self.status, **counts}


class Verdict(Enum):
    """What the counts of a flow ask for."""

    GO_ON = auto()
    STOP = auto()
    END = auto()


def judge(flow: FlowState) -> Verdict:
    """What follows from the counts."""
    if flow.phase not in (Phase.RUNNING, Phase.STOPPING):
        return Verdict.GO_ON
    if not flow.open:
        return Verdict.END
    bad = flow.failed + flow.cancelled > 0 and flow.on_failure != "continue"
    return Verdict.STOP if bad and flow.phase is Phase.RUNNING else Verdict.GO_ON


def end_of(flow: FlowState) -> Phase:
    """What a flow becomes of which every step has ended."""
    bad = flow.failed + flow.cancelled > 0
    if not bad or (flow.outcome is None and flow.on_failure == "continue"):
        return Phase.COMPLETED
    outcome = flow.outcome or Phase.FAILED
    return Phase.UNDOING if outcome is Phase.FAILED and flow.on_failure == "compensate" else outcome


class StepStatus(StrEnum):
    """Where a step stands, as its row has it; one that is pending and was started has a job that knows more."""

    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepState:
    """A step as its row has it."""

    node: Node
    status: StepStatus
    #: Whether its job has been made, or is about to be.
    started: bool
    round: int
    #: Of one that counts: predecessors for which it still waits.
    remaining: int = 0
    result_json: str | None = None
    error: str | None = None
    #: How its undoing has ended.
    undone: StepStatus | None = None

    @property
    def waits(self) -> bool:
        """Whether it may yet be started."""
        return self.status is StepStatus.PENDING and not self.started


def ready(step: StepState, predecessors: Collection[StepState], on_failure: OnFailure) -> bool:
    """Whether a step may start; `predecessors` are those of one that looks itself."""
    if not step.waits:
        return False
    if step.node.counts:
        return step.remaining <= 0
    return all(counted(one.status, on_failure) for one in predecessors)


def counted(status: StepStatus, on_failure: OnFailure) -> bool:
    """Whether a predecessor of that status holds nobody up any more."""
    return status is StepStatus.COMPLETED or (on_failure == "continue" and status is not StepStatus.PENDING)


def again(step: StepState, round: int) -> bool:
    """Whether a retry runs a step once more: it has failed, was cancelled, or was undone."""
    if step.round >= round or step.status is StepStatus.PENDING:
        return False
    return step.status is not StepStatus.COMPLETED or step.undone is not None


@dataclass(frozen=True, slots=True)
class Place:
    """Which step of which flow a job is, and of which of its rounds; `undo`: the job that undoes the step."""

    flow_id: str
    making: str
    order: int
    round: int
    undo: bool = False

    def encode(self) -> str:
        """As the job's row holds it."""
        return "#".join([self.flow_id, self.making, str(self.order), str(self.round), *(["undo"] if self.undo else [])])

    @classmethod
    def decode(cls, text: str) -> Place:
        """The same again."""
        flow_id, making, order, number, *undo = text.split("#")
        return cls(flow_id, making, int(order), int(number), bool(undo))


def job_id(flow: FlowState, step: StepState, *, undo: bool = False) -> str:
    """The id of a step's job in the step's round: always the same, so it is made once."""
    return _numbered(f"{flow.id}:{step.node.name}" + (":undo" if undo else ""), step.round)


def last_job_id(flow: FlowState) -> str:
    """The id of the job that runs when the flow has ended."""
    return _numbered(f"{flow.id}::end", flow.round)


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name}:{number}"
