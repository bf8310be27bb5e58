"""serverless.yml, compiled by osls to what CloudFormation is given, with empty zips in the artifacts' place."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from textwrap import indent
from typing import Any

import yaml

from infra.cli.render import RENDERED
from tests.cli.house import CHECKOUT, environment

#: Seconds that osls or cfn-lint may take on a busy machine.
PATIENCE = 120
OUT = "out"


def compile_stack(
    osls: Path,
    folder: Path,
    rendered: dict[str, str],
    *options: str,
    by_hand: str = "",
    more_functions: str = "",
    may_warn: Callable[[str], bool] = lambda said: False,
) -> Path:
    """The template's file, made in `folder` of the checkout's serverless.yml and `rendered`.

    `by_hand` is YAML that a user adds to the resources, `more_functions` what they add to the functions. `may_warn`
    looks at an output with a warning in it.
    """
    (folder / RENDERED).mkdir(parents=True)
    service = (CHECKOUT / "serverless.yml").read_text(encoding="utf-8")
    (folder / "by_hand.yml").write_text(by_hand or "Resources: {}", encoding="utf-8")
    service = service.replace("\nresources:\n", "\nresources:\n  - ${file(by_hand.yml)}\n")
    if more_functions:
        last = "  - ${file(infra/deploy/rendered/functions.yml)}\n"
        assert last in service
        service = service.replace(last, last + indent(more_functions, "  "))
    (folder / "serverless.yml").write_text(service, encoding="utf-8")
    for name, text in rendered.items():
        (folder / RENDERED / name).write_text(text, encoding="utf-8")
    for name in ("api", *_artifacts(rendered["functions.yml"])):
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            archive.writestr("empty.py", "")
    command = [osls, "package", "--package", OUT, "--param", "artifacts=.", *options]
    done = _run(command, folder)
    assert "arning" not in done or may_warn(done), done
    return folder / OUT / "cloudformation-template-update-stack.json"


def read(template: Path) -> dict[str, Any]:
    """The template."""
    found: dict[str, Any] = json.loads(template.read_text(encoding="utf-8"))
    return found


def lint(template: Path) -> str:
    """What cfn-lint complains of; empty if there is nothing, not even a warning."""
    return _run([Path(sys.executable).with_name("cfn-lint"), "--template", template], template.parent, fine=None)


def _artifacts(functions: str) -> set[str]:
    return {Path(function["package"]["artifact"]).stem for function in yaml.safe_load(functions).values()}


def _run(command: Sequence[str | Path], folder: Path, fine: int | None = 0) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env=environment(),
        timeout=PATIENCE,
    )
    assert fine is None or done.returncode == fine, done.stdout
    return done.stdout
