"""`jobyard doctor` as people call it: what it prints, its exit codes, and what docs/doctor.md says of it."""

from __future__ import annotations

import io
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from rich.console import Console

from infra.doctor.diagnosis import diagnose
from infra.doctor.document import document
from infra.doctor.report import print_report
from infra.doctor.rules import RULES
from infra.doctor.snapshot import Unread
from tests.cli.house import CHECKOUT, Running, environment, run, up
from tests.doctor.world import QUEUE, sound, with_queue

DOCS = (CHECKOUT / "docs" / "doctor.md").read_text(encoding="utf-8")
JOBS = "tests.house.lambda_jobs"
#: Where nobody listens: a port for nothing. (RFC 863)
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with up(tmp_path_factory.mktemp("doctor") / "data", jobs=JOBS) as started:
        yield started


def doctor(house: Running, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    port = house.ready["aws"].rpartition(":")[2]
    return run(["doctor", "--aws-port", port, *arguments], {**house.environment, **changes})


def sqs(house: Running) -> Any:
    return boto3.client(
        "sqs",
        endpoint_url=house.ready["aws"],
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def test_nothing_is_found_on_a_fresh_jobyard_up(house: Running) -> None:
    done = doctor(house)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{house.ready['aws']} (embedded), us-east-1, account 000000000000, prefix jobyard" in done.stdout
    assert "Nothing found; 1 thing not checked." in done.stdout


def test_what_is_found_is_printed_with_reason_and_cure_and_mended_by_it(house: Running) -> None:
    client = sqs(house)
    url = client.get_queue_url(QueueName="jobyard-sum-up")["QueueUrl"]
    client.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "5"})
    done = doctor(house)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    start = lines.index("Queues")
    assert lines[start + 1] == (
        "  error    jobyard-sum-up: VisibilityTimeout is 5 s; jobyard-sum-up may run 90 s  [visibility-short]"
    )
    assert lines[start + 2].startswith("           why: A message comes back while its function still runs")
    cure = lines[start + 3].partition("cure: ")[2]
    assert cure == (
        f"aws --endpoint-url {house.ready['aws']} --region us-east-1 sqs set-queue-attributes --queue-url {url} "
        "--attributes VisibilityTimeout=540"
    )
    assert lines[-1].startswith("1 error, 0 warnings, 0 notes; 1 thing not checked.")
    client.set_queue_attributes(QueueUrl=url, Attributes=dict([cure.split()[-1].split("=")]))
    assert doctor(house).returncode == 0


def test_notes_are_no_failure(house: Running) -> None:
    client = sqs(house)
    url = client.get_queue_url(QueueName="jobyard-sum-up-dlq")["QueueUrl"]
    client.send_message(QueueUrl=url, MessageBody="of nobody")
    try:
        done = doctor(house, "--json")
    finally:
        client.purge_queue(QueueUrl=url)
    assert done.returncode == 0
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["rule"], finding["severity"]) == ("dead-letters-waiting", "note")


def test_nobody_there_is_said_with_the_cure(house: Running, tmp_path: Path) -> None:
    done = run(["doctor", "--aws-port", "9"], house.environment)
    assert done.returncode == 4
    assert done.stderr.startswith(f"jobyard: no answer from {NOWHERE}: ")
    assert "start it with `jobyard up`" in done.stderr
    elsewhere = run(["doctor"], environment(AWS_ENDPOINT_URL=NOWHERE))
    assert elsewhere.returncode == 4
    assert "is AWS_ENDPOINT_URL right?" in elsewhere.stderr
    nonsense = run(["doctor"], environment(AWS_ENDPOINT_URL="localhost:4566"))
    assert nonsense.returncode == 4
    assert "'localhost:4566' is no URL of an endpoint" in nonsense.stderr


def test_wrong_credentials_are_said_with_the_cure(tmp_path: Path) -> None:
    with up(tmp_path / "data", jobs=JOBS, JOBYARD_AWS_SECRET="right") as house:
        assert doctor(house).returncode == 0
        wrong = doctor(house, JOBYARD_AWS_SECRET="wrong")
        assert wrong.returncode == 2
        assert "the credentials are refused: " in wrong.stderr
        assert "set JOBYARD_AWS_SECRET to what `jobyard up` was started with" in wrong.stderr


def test_aws_itself_is_only_asked_if_that_is_meant(tmp_path: Path) -> None:
    nobody = {"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": str(tmp_path / "no"), "HOME": str(tmp_path)}
    done = run(["doctor", "--aws"], environment(**nobody))
    assert done.returncode == 4
    assert "no AWS credentials were found" in done.stderr
    both = run(["doctor", "--aws"], environment(AWS_ENDPOINT_URL=NOWHERE))
    assert both.returncode == 2
    assert f"AWS_ENDPOINT_URL is {NOWHERE}; unset one of them" in both.stderr


def test_a_short_secret_is_found_and_never_printed(house: Running) -> None:
    done = doctor(house, JOBYARD_SECRET="hush-hush-hush")
    assert done.returncode == 1
    assert "JOBYARD_SECRET: it has 14 characters; 32 or more are asked for" in done.stdout
    assert "hush" not in done.stdout + done.stderr
    as_json = doctor(house, "--json", JOBYARD_SECRET="hush-hush-hush")
    assert "hush" not in as_json.stdout + as_json.stderr


def test_job_types_that_the_running_one_does_not_have(house: Running) -> None:
    done = doctor(house, "--json", JOBYARD_JOBS="functions.catalog")
    found = {(one["rule"], one["resource"]) for one in json.loads(done.stdout)["findings"]}
    assert {("queue-missing", "jobyard-hello"), ("queue-orphan", "jobyard-sum-up")} <= found


def test_json_is_as_documented(house: Running) -> None:
    done = doctor(house, "--json")
    (documented,) = re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL)
    printed, shown = json.loads(done.stdout), json.loads(documented)
    assert list(printed) == list(shown)
    for name in ("target", "versions", "summary"):
        assert list(printed[name]) == list(shown[name]), name
    (finding,) = document(diagnose(with_queue(wait=0)))["findings"]
    assert list(finding) == list(shown["findings"][0])
    assert [list(one) for one in printed["notChecked"]] == [["what", "why"]]


def test_the_page_lists_every_rule_with_its_severity() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \| (\w+) \|", DOCS, re.MULTILINE)
    assert rows == [(rule.id, str(rule.severity)) for rule in RULES]


def test_names_of_others_do_not_move_the_cursor() -> None:
    out = io.StringIO()
    world = with_queue(wait=0)
    broken = diagnose(sound(unread=(Unread("a \x1b[2Jqueue", "[red]x[/red]\n"),), queues=world.queues))
    print_report(broken, Console(file=out, force_terminal=False, width=80))
    assert "\x1b" not in out.getvalue()
    assert "[red]x[/red]" in out.getvalue()
    assert f"note     {QUEUE}: " in out.getvalue()
    assert max(map(len, out.getvalue().splitlines())) > 120, "commands are not wrapped"
