"""`jobyard up`: everything, in the foreground."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from infra.cli.flags import AwsPort, Data, Host, Port, settings_with
from infra.cli.output import Json, print_json, tell

if TYPE_CHECKING:
    from infra.up import Ready
    from queues.settings import Settings

#: What a newcomer can send at once; made by examples/make_bracket.py.
BRACKET = Path("examples/bracket.stl")


def up(
    port: Port = None, aws_port: AwsPort = None, host: Host = None, data: Data = None, as_json: Json = False
) -> None:
    """Start everything in this process: API, worker and an embedded AWS on one file. Ctrl-C drains and stops.

    The first Ctrl-C (or SIGTERM) lets running jobs finish for JOBYARD_GRACE seconds; a second stops at once: what ran
    is handed back to its queue. With --json one line tells when it is ready.
    """
    settings = settings_with(port=port, aws_port=aws_port, host=host, data=data)

    from infra import loop
    from infra.cli.logs import configure
    from infra.up import up as run

    def greet(ready: Ready) -> None:
        print_json(_as_json(ready)) if as_json else print(_greeting(ready), flush=True)
        _warn_of_neighbours(settings)

    on_output = configure(settings)
    loop.run(
        run(
            settings,
            on_output=on_output,
            on_ready=greet,
            on_stopping=lambda running: tell(stopping_line(running, settings.grace)),
        )
    )


def stopping_line(running: int, grace: float) -> str:
    """What is said at the first Ctrl-C."""
    if not running:
        return "stopping"
    jobs = "1 job is" if running == 1 else f"{running} jobs are"
    return f"stopping: {jobs} running and may take {grace:g} s to finish; Ctrl-C again stops at once"


def _warn_of_neighbours(settings: Settings) -> None:
    from infra.serving import is_loopback

    if not is_loopback(settings.host):
        tell(
            f"warning: {settings.host} is reached from other machines. The API asks for a token; the AWS endpoint "
            "takes any credentials, so whoever reaches it can read and change all jobs"
        )


def _as_json(ready: Ready) -> dict[str, object]:
    return {
        "api": ready.api,
        "dashboard": dashboard(ready),
        "aws": ready.aws,
        "token": ready.token,
        "tokenFile": ready.token_file,
        "data": ready.data,
        "types": ready.types,
        "pid": ready.pid,
    }


def _greeting(ready: Ready) -> str:
    return f"""Jobyard is ready. Ctrl-C stops it.

  dashboard {dashboard(ready)}
  API       {ready.api}/api/v1/jobs
  AWS       {ready.aws}  (for the aws CLI, boto3 ...: AWS_ENDPOINT_URL={ready.aws})
  jobs      {", ".join(ready.types)}
  data      {ready.data}
  token     {ready.token}
            (also in {ready.token_file})

Try, in another terminal:

  {trial(ready)}
"""


def dashboard(ready: Ready) -> str:
    """The link that signs in: a browser keeps what follows the `#` to itself."""
    return f"{ready.api}/jobs#token={ready.token}"


def trial(ready: Ready) -> str:
    """A line that works as it is, from any folder."""
    authorization = f"Authorization: Bearer {ready.token}"
    if "file-analysis" not in ready.types or not BRACKET.is_file():
        return shlex.join(["curl", "-s", "-H", authorization, f"{ready.api}/api/v1/jobs"])
    body = json.dumps({"type": "file-analysis", "data": {"fileUrl": BRACKET.resolve().as_uri()}})
    content = "Content-Type: application/json"
    return shlex.join(["curl", "-s", f"{ready.api}/api/v1/jobs", "-H", authorization, "-H", content, "-d", body])
