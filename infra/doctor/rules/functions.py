"""Rules on functions, and on the event source mappings that bring them their messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from infra.deploy.functions import mapping as planned
from infra.deploy.levels import DeployedQueue, queues_of
from infra.doctor.cure import aws, mapping
from infra.doctor.finding import Fault, Rule, Severity, Subject
from infra.doctor.snapshot import AnyType, FunctionState, Kind, MappingState, Snapshot
from queues.resources import function_timeout

#: How Lambda's LastProcessingResult begins when an invocation has failed; the second is MiniStack's.
TROUBLE = ("PROBLEM", "FAILED")
#: States of a function that cannot be invoked. (Lambda, function states)
DEAD_STATES = ("Failed", "Inactive")


def no_mapping(snapshot: Snapshot) -> Iterator[Fault]:
    if not snapshot.runs_on_lambda:
        return
    for job_type, name in snapshot.unmapped():
        cure = "deploy again; or run `jobyard work` for it"
        if snapshot.target.kind is Kind.EMBEDDED:
            cure = f"restart `jobyard up` with JOBYARD_JOBS={','.join(snapshot.settings.jobs)}"
        yield Fault(name, f"no event source mapping brings its messages to a function of {job_type.name!r}", cure)


def no_functions(snapshot: Snapshot) -> Iterator[Fault]:
    if not snapshot.runs_on_lambda and snapshot.unmapped():
        found = "no queue has an event source mapping"
        names = dict.fromkeys(one.name for one, _ in snapshot.unmapped())
        yield Fault(", ".join(names), found, "see that `jobyard work` runs")


def no_function(snapshot: Snapshot) -> Iterator[Fault]:
    for _, one in snapshot.mapped():
        if one.function in snapshot.functions and snapshot.functions[one.function] is None:
            found = f"its mapping {one.uuid} leads to the function {one.function!r}, which does not exist"
            yield Fault(one.queue, found, "deploy again")


def dead_functions(snapshot: Snapshot) -> Iterator[Fault]:
    for function in snapshot.functions.values():
        if function is not None and function.state in DEAD_STATES:
            why = f": {function.reason}" if function.reason else ""
            yield Fault(function.name, f"its state is {function.state}{why}", "deploy again")


def short_timeout(snapshot: Snapshot) -> Iterator[Fault]:
    for job_type, _, function in _worked(snapshot):
        wanted = function_timeout(job_type)
        if function.timeout < wanted:
            yield Fault(
                function.name,
                f"its timeout is {function.timeout} s; an attempt may take {job_type.options.timeout:g} s, and must be "
                f"written down, which makes {wanted} s",
                aws(
                    snapshot,
                    *("lambda", "update-function-configuration", "--function-name", function.name),
                    *("--timeout", wanted),
                ),
            )


def all_or_nothing(snapshot: Snapshot) -> Iterator[Fault]:
    for _, one in snapshot.mapped():
        if not one.reports_failures:
            cure = mapping(snapshot, one.uuid, "--function-response-types", "ReportBatchItemFailures")
            yield Fault(one.queue, f"its mapping {one.uuid} has no ReportBatchItemFailures", cure)


def filtered(snapshot: Snapshot) -> Iterator[Fault]:
    for _, one in snapshot.mapped():
        if one.filters:
            cure = mapping(snapshot, one.uuid, "--filter-criteria", "{}")
            yield Fault(one.queue, f"its mapping {one.uuid} has filter criteria", cure)


def several(snapshot: Snapshot) -> Iterator[Fault]:
    for job_type in snapshot.types:
        for name in snapshot.names_of(job_type):
            found = snapshot.mappings.get(name, ())
            if len(found) > 1:
                names = ", ".join(f"{one.function} ({one.uuid})" for one in found)
                cure = aws(snapshot, "lambda", "delete-event-source-mapping", "--uuid", "UUID") + " for all but one"
                yield Fault(name, f"{len(found)} mappings share it: {names}", cure)


def too_much_at_once(snapshot: Snapshot) -> Iterator[Fault]:
    embedded = snapshot.target.kind is Kind.EMBEDDED
    for job_type, one, function in _worked(snapshot):
        queue = _deployed(snapshot, job_type, one.queue)
        wanted = planned(job_type, queue)
        # The embedded Lambda's levels share their slots, so that one may have all of them.
        most = job_type.options.concurrency if embedded else queue.concurrency
        if one.maximum_concurrency is None and function.reserved is None:
            at_once = "as many jobs at once as the account's concurrency allows"
        else:
            count = _jobs_at_once(job_type, one, function)
            unbounded = wanted.reserved is not None and function.reserved is None and not embedded
            if count <= most and not unbounded:
                continue
            at_once = f"{count} jobs at once"
        yield Fault(
            one.queue,
            f"its mapping lets {at_once}; {_allowed(job_type, most)}",
            mapping(
                snapshot,
                one.uuid,
                *("--batch-size", wanted.batch_size),
                *("--scaling-config", f"MaximumConcurrency={wanted.maximum_concurrency}"),
            ),
        )


def _deployed(snapshot: Snapshot, job_type: AnyType, name: str) -> DeployedQueue:
    return next(one for one in queues_of(job_type) if snapshot.settings.queue(one.name) == name)


def _allowed(job_type: AnyType, most: int) -> str:
    whole = job_type.options.concurrency
    return f"the type's `concurrency` is {whole}" + ("" if most == whole else f", its level's part of it {most}")


def _jobs_at_once(job_type: AnyType, one: MappingState, function: FunctionState) -> int:
    """Jobs of a batch run at once if they are `async`, else one after the other, as infra/deploy/functions.py says."""
    batches = min(limit for limit in (one.maximum_concurrency, function.reserved) if limit is not None)
    return batches * (one.batch_size if job_type.is_async else 1)


def less_reserved_than_mapped(snapshot: Snapshot) -> Iterator[Fault]:
    for job_type in snapshot.types:
        worked = [(one, function) for other, one, function in _worked(snapshot) if other is job_type]
        for function in {function.name: function for _, function in worked}.values():
            limits = [one.maximum_concurrency for one, other in worked if other is function]
            found = _too_little(function, limits, planned(job_type).reserved)
            if found is not None:
                cure = aws(snapshot, "lambda", "delete-function-concurrency", "--function-name", function.name)
                yield Fault(function.name, found, cure)


def _too_little(function: FunctionState, limits: Sequence[int | None], wanted: int | None) -> str | None:
    """Why a reservation is too small for the mappings of a function; None if it is not."""
    reserved, most = function.reserved, sum(limit or 0 for limit in limits)
    if reserved is None or (reserved and reserved == wanted):
        return None
    if reserved == 0:
        return "its reserved concurrency is 0: it is never invoked"
    if None in limits:
        return f"its reserved concurrency is {reserved}, and its mapping has no MaximumConcurrency"
    if reserved < most:
        return f"its reserved concurrency is {reserved}, less than its mapping's MaximumConcurrency of {most}"
    return None


def in_trouble(snapshot: Snapshot) -> Iterator[Fault]:
    for _, one in snapshot.mapped():
        if one.last_result.startswith(TROUBLE):
            found = f"the last result of its mapping is {one.last_result!r}"
            yield Fault(one.queue, found, f"see the log group /aws/lambda/{one.function}")


def disabled(snapshot: Snapshot) -> Iterator[Fault]:
    for _, one in snapshot.mapped():
        if one.state in ("Disabled", "Disabling"):
            cure = f"when its jobs shall run again: {mapping(snapshot, one.uuid, '--enabled')}"
            yield Fault(one.queue, f"its mapping {one.uuid} is {one.state}: the queue is paused", cure)


def _worked(snapshot: Snapshot) -> Iterator[tuple[AnyType, MappingState, FunctionState]]:
    """Each type with each mapping of its queue whose function is there."""
    for job_type, one in snapshot.mapped():
        function = snapshot.functions.get(one.function)
        if function is not None:
            yield job_type, one, function


RULES = (
    Rule(
        "mapping-missing",
        Severity.ERROR,
        Subject.FUNCTIONS,
        "Other types have a function, this one's jobs wait for ever.",
        no_mapping,
    ),
    Rule(
        "mapping-none",
        Severity.NOTE,
        Subject.FUNCTIONS,
        "Jobs run only while a `jobyard work` does; the doctor cannot see one.",
        no_functions,
    ),
    Rule("function-missing", Severity.ERROR, Subject.FUNCTIONS, "The type's jobs wait for ever.", no_function),
    Rule("function-dead", Severity.ERROR, Subject.FUNCTIONS, "It cannot be invoked.", dead_functions),
    Rule(
        "function-timeout",
        Severity.ERROR,
        Subject.FUNCTIONS,
        "Lambda kills an attempt that may still run, without a word; the reaper finds it only when its lease is over.",
        short_timeout,
    ),
    Rule(
        "partial-responses",
        Severity.ERROR,
        Subject.FUNCTIONS,
        "The function says which messages are not done; without it Lambda does not listen, and deletes those of jobs "
        "that are to be retried.",
        all_or_nothing,
    ),
    Rule(
        "mapping-filters",
        Severity.ERROR,
        Subject.FUNCTIONS,
        "Lambda deletes messages that do not match: their jobs do not run.",
        filtered,
    ),
    Rule(
        "mapping-several",
        Severity.WARNING,
        Subject.FUNCTIONS,
        "Each takes messages from the others, and together they exceed the type's `concurrency`.",
        several,
    ),
    Rule(
        "concurrency-exceeded",
        Severity.WARNING,
        Subject.FUNCTIONS,
        "What `concurrency` protects, a database or somebody's API, gets more at once than it was said to bear.",
        too_much_at_once,
    ),
    Rule(
        "reservation-low",
        Severity.ERROR,
        Subject.FUNCTIONS,
        "Batches that find no room are turned away, and their messages count as received: they end in the dead-letter "
        "queue without having run.",
        less_reserved_than_mapped,
    ),
    Rule(
        "mapping-trouble",
        Severity.WARNING,
        Subject.FUNCTIONS,
        "Its last invocation did not end as it should: it crashed, ran out of time, or may not be made.",
        in_trouble,
    ),
    Rule("mapping-disabled", Severity.NOTE, Subject.FUNCTIONS, "Its jobs wait until it is enabled.", disabled),
)
