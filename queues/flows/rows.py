"""A flow and its steps as DynamoDB items and back. Pure. `store.py` says what the keys are for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from queues.flows.plan import Node, Plan, Work
from queues.flows.state import KEEP_STEPS_SECONDS, FlowState, Phase, Place, StepState, StepStatus
from queues.rows import Item, number, string

#: The index partition of the flows, of all tenants, to which something is owed.
OWED = "flows#owed"


def flow_key(tenant: str, flow_id: str) -> Item:
    """The primary key of a flow's row."""
    return {"pk": string(f"flows#{tenant}"), "sk": string(flow_id)}


def steps_key(tenant: str, place: Place) -> str:
    """The partition key of the rows of a flow's steps."""
    return f"flow#{tenant}#{place.flow_id}#{place.making}"


def step_key(tenant: str, place: Place, order: int) -> Item:
    """The primary key of a step's row."""
    return {"pk": string(steps_key(tenant, place)), "sk": string(f"{order:06d}")}


def place_of(flow: FlowState, order: int = 0) -> Place:
    """A step of the flow, in its present round."""
    return Place(flow.id, flow.making, order, flow.round)


def flow_row(flow: FlowState) -> Item:
    """The item of a new flow."""
    row = flow_key(flow.tenant, flow.id) | {
        "id": string(flow.id),
        "tenant": string(flow.tenant),
        "type": string("flow"),
        "name": string(flow.name),
        "on_failure": string(flow.on_failure),
        "making": string(flow.making),
        "phase": string(flow.phase.value),
        "created_at": number(flow.created_at),
    }
    row |= {one: number(getattr(flow, one)) for one in ("round", "total", "completed", "failed", "cancelled")}
    if flow.on_end is not None:
        row["on_end"] = string(_work_text(flow.on_end))
    if flow.created_by:
        row["created_by"] = string(flow.created_by)
    return row | due_values(flow.due)


def due_values(due: int | None) -> Item:
    """What puts a flow where the rounds look."""
    return {} if due is None else {"state": string(OWED), "due": number(due)}


def flow_of(item: Mapping[str, Any]) -> FlowState:
    """The flow that an item holds."""
    text = {name: value["S"] if "S" in value else value["N"] for name, value in item.items()}
    counts = {one: int(text[one]) for one in ("round", "total", "completed", "failed", "cancelled", "created_at")}
    return FlowState(
        id=text["id"],
        tenant=text["tenant"],
        name=text["name"],
        on_failure=text["on_failure"],
        on_end=_work(orjson.loads(text["on_end"])) if "on_end" in text else None,
        making=text["making"],
        phase=Phase(text["phase"]),
        outcome=Phase(text["outcome"]) if "outcome" in text else None,
        created_by=text.get("created_by"),
        ended_at=int(text["ended_at"]) if "ended_at" in text else None,
        due=int(text["due"]) if "due" in text else None,
        **counts,
    )


def step_rows(flow: FlowState, plan: Plan) -> list[Item]:
    """The items of a new flow's steps; those that wait for nothing count as started."""
    expires = number(flow.created_at // 1000 + KEEP_STEPS_SECONDS)
    rows = []
    for node in plan.nodes:
        spec = {
            "work": _work_json(node.work),
            "after": node.after,
            "feeds": node.feeds,
            "counts_for": node.counts_for,
            "uses": node.uses,
            "kept": node.kept,
        }
        if node.undo is not None:
            spec["undo"] = _work_json(node.undo)
        row = step_key(flow.tenant, place_of(flow), node.order) | {
            "name": string(node.name),
            "spec": string(orjson.dumps({key: value for key, value in spec.items() if value}).decode()),
            "status": string(StepStatus.PENDING.value),
            "round": number(flow.round),
            "expires_at": expires,
        }
        if not node.after:
            row["started"] = number(1)
        if node.counts:
            row["remaining"] = number(len(node.after))
        rows.append(row)
    return rows


def step_of(item: Mapping[str, Any]) -> StepState:
    """The step that an item holds."""
    spec = orjson.loads(item["spec"]["S"])
    node = Node(
        order=int(item["sk"]["S"]),
        name=item["name"]["S"],
        work=_work(spec["work"]),
        undo=_work(spec["undo"]) if "undo" in spec else None,
        after=tuple(spec.get("after", ())),
        feeds=tuple(spec.get("feeds", ())),
        counts_for=tuple(spec.get("counts_for", ())),
        uses=spec.get("uses", {}),
        kept=spec.get("kept", False),
    )
    return StepState(
        node=node,
        status=StepStatus(item["status"]["S"]),
        started="started" in item,
        round=int(item["round"]["N"]),
        remaining=int(item["remaining"]["N"]) if "remaining" in item else 0,
        result_json=item["result"]["S"] if "result" in item else None,
        error=item["error"]["S"] if "error" in item else None,
        undone=StepStatus(item["undone"]["S"]) if "undone" in item else None,
    )


def _work_json(work: Work) -> dict[str, Any]:
    return {"type": work.type, "data": work.data} | ({"options": dict(work.options)} if work.options else {})


def _work_text(work: Work) -> str:
    return orjson.dumps(_work_json(work)).decode()


def _work(values: Mapping[str, Any]) -> Work:
    return Work(values["type"], values["data"], values.get("options", {}))
