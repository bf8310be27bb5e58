"""What requests say of flows: strict models, as those of `models.py`. A part is known by the names that it has."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from api.models import OptionsBody, TypeName
from queues.flows.flow import MAX_LIMIT, MAX_STEPS, Chain, Flow, Group, OnFailure, Part, Step
from queues.options import DEFAULTS

#: Groups and chains within each other.
MAX_DEPTH = 20


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, alias_generator=to_camel)


class PlainStepBody(_Body):
    """A job."""

    type: TypeName
    data: Any = Field(
        None,
        description='The input, with `{"$result": "NAME"}` in the place of another step\'s result. Left out: the '
        "result of what comes before, or `{}`.",
    )
    options: OptionsBody | None = None

    def to_core(self) -> Step:
        data = self.data if "data" in self.model_fields_set else ...
        return Step(self.type, data, options=DEFAULTS if self.options is None else self.options.to_core())


class PartBody(_Body):
    """A step (`type`), or other parts in a `chain`, in a `group`, or as a `flow` within the flow: one of these four."""

    type: TypeName | None = None
    data: Any = Field(None, description="Of a step: see PlainStep.")
    name: str | None = Field(None, description="Of a step or an inner flow; 1 to 60 of A-Z a-z 0-9 _ -")
    after: list[str] = Field(default_factory=list, description="Of a step: names of steps that must have ended first.")
    options: OptionsBody | None = None
    undo: PlainStepBody | None = Field(None, description="Of a step: the job that undoes it, for `compensate`.")
    chain: list[PartBody] | None = Field(None, description="Parts one after the other.")
    group: list[PartBody] | None = Field(None, description="Parts side by side.")
    then: PlainStepBody | None = Field(None, description="Of a group: the job after all of them.")
    flow: list[PartBody] | None = Field(None, description="Parts whose names get `name` and a dot in front.")

    def to_core(self) -> Part:
        if self.chain is not None:
            return Chain(tuple(part.to_core() for part in self.chain))
        if self.group is not None:
            then = None if self.then is None else self.then.to_core()
            return Group(tuple(part.to_core() for part in self.group), then)
        if self.flow is not None:
            return Flow(*(part.to_core() for part in self.flow), name=self.name or "")
        assert self.type is not None
        return Step(
            self.type,
            self.data if "data" in self.model_fields_set else ...,
            name=self.name,
            after=tuple(self.after),
            options=DEFAULTS if self.options is None else self.options.to_core(),
            undo=None if self.undo is None else self.undo.to_core(),
        )


#: What may be said of each kind of part.
_KINDS = {
    "type": {"type", "data", "name", "after", "options", "undo"},
    "chain": {"chain"},
    "group": {"group", "then"},
    "flow": {"flow", "name"},
}


def _one_kind(parts: list[PartBody], depth: int = 1) -> list[PartBody]:
    if depth > MAX_DEPTH:
        raise ValueError(f"parts may be within each other {MAX_DEPTH} times")
    for part in parts:
        kinds = _KINDS.keys() & part.model_fields_set
        if len(kinds) != 1:
            raise ValueError("each part has one of `type`, `chain`, `group` and `flow`")
        (kind,) = kinds
        beyond = sorted(part.model_fields_set - _KINDS[kind])
        if beyond:
            raise ValueError(f"a part with `{kind}` has no `{beyond[0]}`")
        _one_kind(getattr(part, kind) if kind != "type" else [], depth + 1)
    return parts


class FlowBody(_Body):
    """Jobs that belong together."""

    model_config = ConfigDict(
        title="NewFlow",
        json_schema_extra={
            "examples": [
                {
                    "name": "two parts",
                    "steps": [
                        {
                            "group": [
                                {"type": "file-analysis", "data": {"fileUrl": "s3://bucket/a.stl"}, "name": "a"},
                                {"type": "file-analysis", "data": {"fileUrl": "s3://bucket/b.stl"}, "name": "b"},
                            ],
                        },
                        {"type": "hello", "data": {"name": "both"}, "after": ["a", "b"]},
                    ],
                    "onFailure": "fail",
                }
            ]
        },
    )

    steps: Annotated[list[PartBody], Field(min_length=1, max_length=MAX_STEPS), AfterValidator(_one_kind)]
    name: str = Field("", max_length=200, description="For people.")
    flow_id: str | None = Field(
        None, description="A name of your own: asking again with it returns the first flow. 1 to 48 of A-Z a-z 0-9 _ -"
    )
    on_failure: OnFailure = Field(
        "fail",
        description="When a step has failed or was cancelled: `fail` starts nothing more, `continue` goes on with null "
        "for its result, `compensate` fails and undoes what was done, the last step first.",
    )
    on_end: PlainStepBody | None = Field(
        None,
        description='A job that runs once the flow has ended, however it has; `{"$flow": "summary"}` in its data is '
        "the flow's id, name, status and counts. Left out, its data is that.",
    )

    def to_core(self) -> Flow:
        on_end = None if self.on_end is None else self.on_end.to_core()
        parts = [part.to_core() for part in self.steps]
        return Flow(*parts, name=self.name, on_failure=self.on_failure, on_end=on_end)


class FlowsQuery(BaseModel):
    """Which part of a list of flows."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=MAX_LIMIT, description="Flows of one page.")
    cursor: str | None = Field(None, max_length=48, description="`cursor` of the page before.")


class StepsQuery(BaseModel):
    """Which steps to show."""

    model_config = ConfigDict(extra="forbid")

    steps: int = Field(100, ge=1, le=MAX_LIMIT, description="Steps of one page.")
    after: int = Field(-1, ge=-1, lt=MAX_STEPS, description="`nextAfter` of the page before.")


FLOW = TypeAdapter(FlowBody)
#: The names that a body may have, to suggest the one that was meant.
PLACES: dict[tuple[str, ...], tuple[str, ...]] = {
    (): tuple(field.alias or name for name, field in FlowBody.model_fields.items())
}
