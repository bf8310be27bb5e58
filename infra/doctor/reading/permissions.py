"""What IAM says of the calls that the code makes: simulated, so that nothing is changed.

Whose: each function's role, for what that function does; and, if types are left to workers, the identity that asks, for
what a worker does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress

from infra.doctor.reading.asking import Absent, Asker, Unreadable
from infra.doctor.snapshot import AnyType, Denial, FunctionState, Kind, Target
from infra.doctor.wanted import Place, Wanted, wanted_of_functions, wanted_of_worker
from queues.settings import Settings

#: Why there is nothing to simulate.
NO_IAM = {
    Kind.EMBEDDED: "the embedded AWS has no IAM: whoever may call it may do everything",
    Kind.EMULATOR: "an emulator's IAM does not say what AWS's would",
}
ALLOWED = "allowed"


async def read_denials(
    asker: Asker,
    settings: Settings,
    types: Sequence[AnyType],
    target: Target,
    functions: Mapping[str, FunctionState | None],
    *,
    worker: bool,
) -> tuple[Denial, ...]:
    """Every call that is refused. `worker`: whether to look at the identity that asks, too."""
    if target.kind is not Kind.AWS:
        asker.skip("permissions to write", NO_IAM[target.kind])
        return ()
    if target.identity is None or target.account is None:
        asker.skip("permissions", "STS did not say whose credentials these are")
        return ()
    place = Place(target.identity.split(":")[1], target.region, target.account)
    wanted: dict[str, list[Wanted]] = {}
    for name, calls in wanted_of_functions(types, settings, place).items():
        function = functions.get(name)
        if function is not None:
            wanted[function.role] = wanted.get(function.role, []) + calls
    if worker:
        with suppress(Unreadable):
            identity = await _policy_source(asker, target.identity)
            if identity is not None:
                wanted[identity] = wanted.get(identity, []) + wanted_of_worker(types, settings, place)
    simulations = [_simulate(asker, who, one) for who, calls in wanted.items() for one in calls]
    return tuple(denial for denials in await asyncio.gather(*simulations) for denial in denials)


async def _policy_source(asker: Asker, identity: str) -> str | None:
    """The user or role whose policies count; None if there are none to ask for."""
    resource = identity.split(":", 5)[5]
    if resource == "root":
        asker.skip("permissions of this identity", "it is the account's root user, whom only the organisation limits")
        return None
    if not resource.startswith("assumed-role/"):
        return identity
    # A session's ARN leaves out the path of its role.
    role = resource.split("/")[1]
    what = f"permissions of {identity}"
    try:
        reply = await asker.ask("iam", "GetRole", what, {"NoSuchEntity"}, RoleName=role)
    except Absent:
        asker.skip(what, f"IAM knows no role {role!r}")
        return None
    return str(reply["Role"]["Arn"])


async def _simulate(asker: Asker, who: str, wanted: Wanted) -> list[Denial]:
    denials = []
    what = f"permissions of {who} on {wanted.resource}"
    try:
        pages = asker.pages(
            "iam",
            "SimulatePrincipalPolicy",
            what,
            ("Marker", "Marker"),
            PolicySourceArn=who,
            ActionNames=list(wanted.actions),
            ResourceArns=[wanted.resource],
        )
        async for page in pages:
            denials += [
                Denial(who, one["EvalActionName"], wanted.resource, one["EvalDecision"])
                for one in page["EvaluationResults"]
                if one["EvalDecision"] != ALLOWED
            ]
    except Unreadable:
        return []
    return denials
