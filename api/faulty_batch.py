"""Everything that is wrong with a batch, job by job: looked up only once the core has refused it at the first fault."""

from __future__ import annotations

from collections.abc import Sequence

from api.models import NewJobBody
from api.problems import INVALID_REQUEST, Fault, Kind, Problem
from api.translate import faults_of, problem_of
from queues.catalog import Catalog
from queues.errors import InvalidData, JobyardError, PayloadTooLarge, UnknownJobType
from queues.options import NewJob


def jobs_of(bodies: Sequence[NewJobBody]) -> list[NewJob]:
    """The jobs that a batch asks for, or the problem that names each option at fault with its place."""
    jobs: list[NewJob] = []
    faults: list[Fault] = []
    for index, body in enumerate(bodies):
        try:
            jobs.append(body.to_core())
        except Problem as problem:
            faults += [_placed(fault, index) for fault in problem.errors]
    if faults:
        raise _problem(faults, INVALID_REQUEST)
    return jobs


def batch_problem(catalog: Catalog, jobs: Sequence[NewJob], max_data: int) -> Problem:
    """The problem of a batch whose types or data do not fit; its kind is that of the first fault.

    `max_data`: bytes of a job's data at the most.
    """
    faults: list[Fault] = []
    kind = None
    for index, job in enumerate(jobs):
        try:
            catalog.get(str(job.type)).check(job.data, max_data)
        except (UnknownJobType, InvalidData, PayloadTooLarge) as error:
            faults += faults_of(error, index=index)
            kind = kind or _kind(error)
    return _problem(faults, kind or INVALID_REQUEST)


def _kind(error: JobyardError) -> Kind | None:
    problem = problem_of(error)
    return problem.kind if problem is not None else None


def _problem(faults: Sequence[Fault], kind: Kind) -> Problem:
    count = len({fault.index for fault in faults})
    first = f"{faults[0].field}: {faults[0].message}" if faults else "invalid"
    return Problem(kind, f"nothing was enqueued: {count} of the jobs are not valid; {first}", errors=faults)


def _placed(fault: Fault, index: int) -> Fault:
    return Fault(f"[{index}].{fault.field}", fault.message, fault.value, fault.suggestion, index)
