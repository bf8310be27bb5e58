"""IO: one stage of the service that serverless.yml describes: what osls makes of it, its zips, and its deployment.

What was compiled for the plan is what is deployed: osls gets the folder back that it wrote. The zips are copied there:
it leaves a deployment out if everything has the hash of what it uploaded last, and looks for zips in that folder only,
so that others would count as new each time, and each function would be replaced by itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from infra.deploy.framework import Osls, Said
from infra.deploy.names import API
from infra.deploy.packaging.build import Built, build
from infra.deploy.packaging.target import Target
from infra.deploy.planning.plan import FUNCTION
from queues.errors import InvalidOption, Misconfigured
from queues.jobtype import JobType

SERVERLESS = "serverless.yml"
#: Where osls leaves what it compiled, a folder for each stage, seen from the project's folder.
COMPILED = Path("build/deploy")
TEMPLATE = "cloudformation-template-update-stack.json"
#: What osls says when nothing was to be done.
UNCHANGED = "No changes to deploy"
#: Where osls keeps its files while it works, below the project's folder: copies of the zips among other things.
SCRATCH = ".serverless"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Service:
    """A stage of the service, as osls is asked for it."""

    osls: Osls
    #: The project's, where serverless.yml is.
    folder: Path
    stage: str
    region: str
    #: `name=value`, as `osls --param` takes them.
    params: tuple[str, ...] = ()

    def describe(self) -> dict[str, Any]:
        """serverless.yml with all its variables in place. FrameworkFailed."""
        found: dict[str, Any] = json.loads(self._run("print", "--format", "json").result)
        return found

    def compile(self, zips: Iterable[Path]) -> dict[str, Any]:
        """The template. The zips are where serverless.yml says that they are. FrameworkFailed."""
        self._run("package", "--package", str(self._compiled))
        for path in zips:
            shutil.copyfile(path, self.folder / self._compiled / path.name)
        found: dict[str, Any] = json.loads((self.folder / self._compiled / TEMPLATE).read_text(encoding="utf-8"))
        return found

    def code(self, template: dict[str, Any]) -> dict[str, str]:
        """Logical id of a function -> SHA-256 of the zip that it will run from, in base64 as Lambda tells it."""
        zips = {path.name: path for path in (self.folder / self._compiled).glob("*.zip")}
        hashes = {name: base64.b64encode(hashlib.sha256(path.read_bytes()).digest()) for name, path in zips.items()}
        return {
            logical_id: hashes[PurePosixPath(resource["Properties"]["Code"]["S3Key"]).name].decode()
            for logical_id, resource in template["Resources"].items()
            if resource["Type"] == FUNCTION and "S3Key" in resource["Properties"]["Code"]
        }

    def deploy(self, *, show: bool = True) -> bool:
        """Deploys what was compiled last, and returns when CloudFormation is done. FrameworkFailed.

        Answers whether anything changed, unless osls is shown at work.
        """
        try:
            said = self._run("deploy", "--package", str(self._compiled), show=show)
        finally:
            shutil.rmtree(self.folder / SCRATCH, ignore_errors=True)
        return UNCHANGED not in said.report

    def remove(self, *, show: bool = True) -> None:
        """Removes the stack with its bucket of zips, and returns when CloudFormation is done. FrameworkFailed."""
        self._run("remove", show=show)

    @property
    def _compiled(self) -> Path:
        return COMPILED / self.stage

    def _run(self, command: str, *options: str, show: bool = False) -> Said:
        params = [word for param in self.params for word in ("--param", param)]
        words = [command, "--stage", self.stage, "--region", self.region, *options, *params]
        return self.osls.run(words, self.folder, show=show)


def stack_name(described: dict[str, Any], stage: str) -> str:
    """The name of the stack, as the framework makes it."""
    return str(described["provider"].get("stackName") or f"{described['service']}-{stage}")


def target_of(described: dict[str, Any]) -> Target:
    """For which Python and processor the zips must be."""
    provider = described["provider"]
    return Target(str(provider["runtime"]).removeprefix("python"), str(provider.get("architecture", "x86_64")))


def build_zips(
    described: dict[str, Any], folder: Path, types: Iterable[JobType[Any, Any]], modules: Sequence[str], tell: Tell
) -> list[Built]:
    """The zips, for the processor and in the folder that serverless.yml says. Misconfigured if one is too large."""
    out = (folder / described["functions"][API]["package"]["artifact"]).parent
    built = build(folder, types, modules, target_of(described), out, tell)
    faults = [f"{one.path}: {one.fault}" for one in built if one.fault]
    if faults:
        raise Misconfigured("; ".join(faults))
    return built


def check_params(params: Sequence[str]) -> tuple[str, ...]:
    """InvalidOption if one is not `name=value`."""
    for param in params:
        name, found, _ = param.partition("=")
        if not name or not found:
            raise InvalidOption("param", param, "write it as name=value, such as alarmEmail=ops@example.com")
    return tuple(params)


def rendered_folder(folder: Path) -> Path:
    """Where serverless.yml includes its rendered files from. Misconfigured if there is none, or it includes none."""
    path = folder / SERVERLESS
    if not path.is_file():
        raise Misconfigured(f"there is no {SERVERLESS} here; call this in the project's folder")
    found = re.search(r"\$\{file\((.+)/functions\.yml\)\}", path.read_text(encoding="utf-8"))
    if found is None:
        raise Misconfigured(f"{SERVERLESS} includes no functions.yml, which `jobyard render` writes")
    return Path(found[1])
