"""IO: all that comes before a deployment's first write: the zips, the template, the plan, and what it will cost.

What fails fast comes first: credentials and the stack's state before anything is built.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.deploy.account import Account, Deployed
from infra.deploy.framework import Osls, install_osls
from infra.deploy.planning.guard import is_protected
from infra.deploy.planning.plan import Plan, Stack, plan
from infra.deploy.service import Service, build_zips, stack_name, target_of
from infra.deploy.stack_status import hindrance
from queues.errors import Misconfigured
from queues.jobtype import JobType

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Target:
    """A stage, and the stack that it has or will have."""

    service: Service
    account: Account
    #: serverless.yml, with its variables in place.
    described: dict[str, Any]
    #: The stack's name.
    name: str
    deployed: Deployed | None

    @property
    def architecture(self) -> str:
        """The functions' processor, in Lambda's word."""
        return target_of(self.described).architecture or "arm64"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A deployment that only has to be carried out."""

    target: Target
    stack: Stack
    plan: Plan
    #: Whether its data must be asked for by name.
    protected: bool


def aim(folder: Path, stage: str, params: tuple[str, ...], account: Account, tell: Tell) -> Target:
    """The stage as it is now. NodeMissing, FrameworkFailed, Misconfigured."""
    service = Service(Osls(install_osls(folder, tell)), folder, stage, account.region, params)
    described = service.describe()
    name = stack_name(described, stage)
    return Target(service, account, described, name, account.deployed(name))


def prepare(target: Target, types: Sequence[JobType[Any, Any]], modules: Sequence[str], tell: Tell) -> Prepared:
    """Builds and compiles, and compares with what is deployed. Misconfigured if the stack cannot be changed now."""
    service, now = target.service, target.deployed
    hindered = hindrance(now.status, target.name, service.stage) if now else None
    if hindered:
        raise Misconfigured(hindered)
    tell("building the zips")
    zips = build_zips(target.described, service.folder, types, modules, tell)
    template = service.compile(one.path for one in zips)
    parameters = target.account.pseudo_parameters(target.name)
    stack = Stack(template, parameters, service.code(template))
    before = now.stack if now else None
    return Prepared(target, stack, plan(before, stack), is_protected(service.stage, before, stack))
