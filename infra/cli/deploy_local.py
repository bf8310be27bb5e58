"""`jobyard deploy-local` and `jobyard remove-local`: the deployment on an emulator of AWS, on this machine."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from infra.cli.exits import CommandFailed
from infra.cli.output import Json, print_json, tell
from infra.cli.render import RENDERED

if TYPE_CHECKING:
    from infra.deploy.local_stack.deployment import Deployed
    from infra.deploy.local_stack.emulator import Kind

#: Seconds for which the token that is printed is good.
TOKEN_SECONDS = 30 * 86_400
SCOPE = "jobs:read jobs:write admin"


def deploy_local(
    emulator: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="ministack or localstack. [localstack where LOCALSTACK_AUTH_TOKEN and Docker are, else ministack]",
            show_default=False,
        ),
    ] = None,
    port: Annotated[
        int | None, typer.Option(min=1, max=65_535, help="Where MiniStack listens. [4567]", show_default=False)
    ] = None,
    as_json: Json = False,
) -> None:
    """Deploy serverless.yml to an emulator on this machine, as it is deployed to AWS, and print the API's address.

    Starts the emulator in the background if it does not run, and brings the stack to what the job types and the code
    say now; so call it again after a change. Loopback only. Needs Node; MiniStack needs neither Docker nor an account.
    """
    from infra.deploy.local_stack.deployment import deploy
    from infra.deploy.rendering import render
    from queues.catalog import load
    from queues.settings import read_settings

    settings = read_settings()
    types = load(settings.jobs)
    _check(render(types, settings.jobs))
    done = deploy(Path(), list(types), settings, tell, wanted=_kind(emulator), port=port)
    token = _token(done.secret)
    if as_json:
        print_json(
            {
                "api": done.api,
                "apiUrl": done.api_host,
                "aws": done.emulator.endpoint,
                "emulator": done.emulator.kind,
                "token": token,
                "changed": done.changed,
                "outputs": done.outputs,
            }
        )
    else:
        print(_greeting(done, token), flush=True)


def remove_local(
    keep: Annotated[bool, typer.Option("--keep-emulator", help="Leave the emulator running, empty.")] = False,
    as_json: Json = False,
) -> None:
    """Remove the stack of `deploy-local`, and stop the emulator if `deploy-local` has started it."""
    from infra.deploy.local_stack.deployment import remove
    from queues.settings import read_settings

    done = remove(Path(), read_settings(), tell, keep=keep)
    if as_json:
        print_json({"stack": done.stack, "stopped": done.stopped})
    elif done.stack or done.stopped:
        tell(
            ", ".join([*(["the stack is removed"] if done.stack else []), *(f"{one} stopped" for one in done.stopped)])
        )
    else:
        tell("there was nothing to remove")


def _kind(word: str | None) -> Kind | None:
    from infra.deploy.local_stack.emulator import Kind
    from queues.errors import InvalidOption

    if word is None:
        return None
    try:
        return Kind(word)
    except ValueError:
        raise InvalidOption("emulator", word, f"there are {' and '.join(Kind)}") from None


def _check(rendered: dict[str, str]) -> None:
    if not Path("serverless.yml").is_file():
        raise CommandFailed("there is no serverless.yml here; call this in the project's folder")
    stale = [
        name
        for name, text in rendered.items()
        if not (RENDERED / name).is_file() or (RENDERED / name).read_text(encoding="utf-8") != text
    ]
    if stale:
        raise CommandFailed(f"{RENDERED}: {', '.join(stale)} not as the job types say; run `jobyard render`")


def _token(secret: str) -> str:
    from api.auth import make_token

    return make_token(secret, tenant="default", subject="local", scope=SCOPE, expires_in=TOKEN_SECONDS)


def _greeting(done: Deployed, token: str) -> str:
    body = json.dumps({"type": "hello", "data": {"name": "Ada"}})
    # Job types are the user's: without `hello`, what can be tried is to list jobs.
    content = ["-H", "Content-Type: application/json", "-d", body] if "HelloQueueUrl" in done.outputs else []
    line = shlex.join(["curl", "-s", f"{done.api}/api/v1/jobs", "-H", f"Authorization: Bearer {token}", *content])
    return f"""Jobyard is deployed to {done.emulator.kind}{"" if done.changed else "; nothing was to be changed"}.

  API       {done.api}/api/v1/jobs
            {done.api_host}  (the same, for browsers)
  AWS       {done.emulator.endpoint}  (for the aws CLI, boto3 ...: AWS_ENDPOINT_URL={done.emulator.endpoint})
  table     {done.outputs["Table"]}
  token     {token}

Try:

  {line}

`make remove-local` removes it.
"""
