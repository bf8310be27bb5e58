"""What errors mean, how clocks are compared, whom IAM is asked about, and what is known of a machine."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from infra.doctor.diagnosis import diagnose
from infra.doctor.reading.asking import Absent, CredentialsRefused, Unreadable
from infra.doctor.reading.clients import Where, where_of
from infra.doctor.reading.machine import read_folder, read_misfits, read_secrets, secrets_of
from infra.doctor.reading.permissions import read_denials
from infra.doctor.reading.queues import with_ages
from infra.doctor.reading.read import read_stack
from infra.doctor.reading.schedules import read_schedules
from infra.doctor.reading.target import skew
from infra.doctor.snapshot import Kind, Target, Unread
from infra.doctor.wanted import Place, wanted_of_functions, wanted_of_worker
from infra.up import DATABASE
from tests.doctor.scripted import asker, clients, error
from tests.doctor.world import ACCOUNT, QUEUE, settings, sound, with_queue

NOW = 1_790_000_000.0
HEX = "0f1e2d3c4b5a69788796a5b4c3d2e1f0" * 2


def refusing(code: str, message: str = "no") -> Any:
    def answer(action: str, params: dict[str, Any]) -> dict[str, Any]:
        raise error(code, message)

    return answer


async def test_what_is_not_there_is_no_mistake() -> None:
    one = asker(refusing("ResourceNotFoundException"))
    with pytest.raises(Absent):
        await one.ask("dynamodb", "DescribeTable", "the table", {"ResourceNotFoundException"}, TableName="t")
    assert one.unread == []


@pytest.mark.parametrize("code", ["AccessDenied", "AccessDeniedException", "AuthorizationErrorException"])
async def test_a_refusal_names_the_right_that_is_lacking(code: str) -> None:
    one = asker(refusing(code, "not you.\n"))
    with pytest.raises(Unreadable):
        await one.ask("sqs", "GetQueueUrl", "the queue q", QueueName="q")
    assert one.unread == [Unread("the queue q", f"sqs:GetQueueUrl was refused: {code}: not you", "sqs:GetQueueUrl")]


async def test_what_an_endpoint_does_not_have_is_said() -> None:
    one = asker(refusing("InvalidAction", ""))
    with pytest.raises(Unreadable):
        await one.ask("scheduler", "ListSchedules", "schedules")
    assert one.unread == [Unread("schedules", "the endpoint does not answer scheduler:ListSchedules: InvalidAction")]


@pytest.mark.parametrize(
    "code", ["InvalidClientTokenId", "UnrecognizedClientException", "ExpiredTokenException", "SignatureDoesNotMatch"]
)
async def test_refused_credentials_end_it(code: str) -> None:
    with pytest.raises(CredentialsRefused, match=code):
        await read_stack(clients(refusing(code)), settings(), sound().types, None, Kind.AWS, None, {}, lambda: NOW)


async def test_where_everything_is_refused_nothing_is_found_but_that() -> None:
    """No rule takes what it could not see for missing."""
    refused = clients(refusing("AccessDeniedException"))
    snapshot = await read_stack(refused, settings(), sound().types, None, Kind.AWS, None, {}, lambda: NOW)
    assert diagnose(snapshot).findings == ()
    what = {one.what for one in snapshot.unread}
    assert {"the queue jobyard-work", "the table jobyard", "schedules", "queues of no job type", "clock skew"} <= what


@pytest.mark.parametrize(
    ("there", "expected"),
    [(0, 0.0), (1, 0.0), (2, 0.0), (-1, 0.0), (-2, -1.0), (62, 60.0), (-61, -60.0)],
)
def test_skew_is_what_the_call_itself_does_not_explain(there: int, expected: float) -> None:
    """The call takes from second 0 to second 2."""
    date = format_datetime(datetime.fromtimestamp(NOW + there, UTC), usegmt=True)
    assert skew(date, NOW, NOW + 2) == expected


@pytest.mark.parametrize("date", [None, "", "tomorrow"])
def test_without_a_date_there_is_no_skew(date: str | None) -> None:
    assert skew(date, NOW, NOW) is None


def test_where_it_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    assert where_of(settings(aws_port=4567), aws=False) == Where("http://127.0.0.1:4567", own=True)
    assert where_of(settings(host="0.0.0.0"), aws=False) == Where("http://127.0.0.1:4566", own=True)
    assert where_of(settings(host="::1"), aws=False) == Where("http://[::1]:4566", own=True)
    assert where_of(settings(aws_endpoint_url="http://emulator:1"), aws=False) == Where("http://emulator:1")
    assert where_of(settings(), aws=True) == Where(None)


# --- permissions ------------------------------------------------------------------------------------------------------

PLACE = Place("aws", "us-east-1", ACCOUNT)
AWS = Target(Kind.AWS, None, "us-east-1", ACCOUNT, f"arn:aws:sts::{ACCOUNT}:assumed-role/worker/session")
WORKER = f"arn:aws:iam::{ACCOUNT}:role/team/worker"


def iam(refused: tuple[str, str, str], asked: list[tuple[str, str]]) -> Any:
    """IAM that allows everything but one action of somebody on something."""

    def answer(action: str, params: dict[str, Any]) -> dict[str, Any]:
        if action == "iam:GetRole":
            assert params == {"RoleName": "worker"}
            return {"Role": {"Arn": WORKER}}
        who, (resource,) = params["PolicySourceArn"], params["ResourceArns"]
        asked.append((who, resource))
        results = [
            {
                "EvalActionName": name,
                "EvalDecision": "implicitDeny" if (who, name, resource) == refused else "allowed",
            }
            for name in params["ActionNames"]
        ]
        # In pages of one.
        page = int(params.get("Marker", 0))
        more = {"IsTruncated": True, "Marker": str(page + 1)} if page + 1 < len(results) else {}
        return {"EvaluationResults": results[page : page + 1], **more}

    return answer


async def test_each_functions_role_is_asked_for_what_the_function_does() -> None:
    world, asked = sound(), list[tuple[str, str]]()
    role, queue = f"arn:aws:iam::{ACCOUNT}:role/{QUEUE}", f"arn:aws:sqs:us-east-1:{ACCOUNT}:{QUEUE}"
    one = asker(iam((role, "sqs:ChangeMessageVisibility", queue), asked))
    (denial,) = await read_denials(one, settings(), world.types, AWS, world.functions, worker=False)
    assert (denial.principal, denial.action, denial.resource) == (role, "sqs:ChangeMessageVisibility", queue)
    assert {who for who, _ in asked} == {f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in world.functions}
    assert {resource for who, resource in asked if who == role} == {
        f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/jobyard",
        queue,
        f"{queue}-dlq",
        # The next steps of flows may be of any type.
        f"arn:aws:sqs:us-east-1:{ACCOUNT}:jobyard-single",
        f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/{QUEUE}:*",
    }


async def test_a_worker_is_asked_for_by_its_role() -> None:
    asked = list[tuple[str, str]]()
    index = f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/jobyard/index/by-state"
    one = asker(iam((WORKER, "dynamodb:Query", index), asked))
    (denial,) = await read_denials(one, settings(), sound().types, AWS, {}, worker=True)
    assert (denial.principal, denial.resource) == (WORKER, index)
    assert {who for who, _ in asked} == {WORKER}


async def test_root_is_not_simulated() -> None:
    one = asker(iam(("", "", ""), []))
    target = Target(Kind.AWS, None, "us-east-1", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root")
    assert await read_denials(one, settings(), sound().types, target, {}, worker=True) == ()
    assert [unread.what for unread in one.unread] == ["permissions of this identity"]


def test_no_words_of_a_template_are_left() -> None:
    wanted = wanted_of_functions(sound().types, settings(), PLACE)
    calls = [one for all_of in wanted.values() for one in all_of] + wanted_of_worker(sound().types, settings(), PLACE)
    assert wanted.keys() == {*sound().functions, "jobyard-api"}
    for one in calls:
        # "*" is what AWS wants for calls that know no resource.
        assert one.resource.startswith("arn:aws:") or one.resource == "*"
        assert "$" not in one.resource


# --- messages, schedules ----------------------------------------------------------------------------------------------


async def test_ages_are_those_of_the_last_minutes() -> None:
    def answer(action: str, params: dict[str, Any]) -> dict[str, Any]:
        assert action == "cloudwatch:GetMetricData"
        assert params["ScanBy"] == "TimestampDescending"
        (query,) = params["MetricDataQueries"]
        assert query["MetricStat"]["Metric"]["Dimensions"] == [{"Name": "QueueName", "Value": QUEUE}]
        return {"MetricDataResults": [{"Id": query["Id"], "Values": [2_000.0, 1.0]}]}

    full = with_queue(visible=1).queues
    aged = (await with_ages(asker(answer), dict(full), NOW))[QUEUE]
    assert aged is not None
    assert aged.oldest == 2_000.0


async def test_an_age_that_nobody_knows_is_said() -> None:
    one = asker(lambda action, params: {"MetricDataResults": []})
    await with_ages(one, dict(with_queue(visible=1).queues), NOW)
    assert [unread.what for unread in one.unread] == [f"the age of the oldest message of {QUEUE}"]


async def test_targets_that_cannot_be_looked_up_are_said() -> None:
    targets = {
        "topic": f"arn:aws:sns:us-east-1:{ACCOUNT}:jobyard-alarms",
        "elsewhere": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobyard-work",
        "theirs": "arn:aws:sqs:us-east-1:999999999999:jobyard-work",
        "here": f"arn:aws:sqs:us-east-1:{ACCOUNT}:{QUEUE}",
    }

    def answer(action: str, params: dict[str, Any]) -> dict[str, Any]:
        assert action == "scheduler:ListSchedules"
        return {"Schedules": [{"Name": name, "Target": {"Arn": arn}} for name, arn in targets.items()]}

    one = asker(answer)
    found = await read_schedules(one, settings(), sound().target, sound().queues, {})
    assert found is not None
    assert {schedule.name: schedule.target_exists for schedule in found} == {
        "topic": None,
        "elsewhere": None,
        "theirs": None,
        "here": True,
    }
    assert len(one.unread) == 3


# --- this machine -----------------------------------------------------------------------------------------------------


def test_of_a_secret_only_its_shape_is_kept() -> None:
    found = secrets_of({"JOBYARD_SECRET": HEX, "JOBYARD_SECRET_PREVIOUS": "my-Secret-of-1999 " + "a" * 40}, " of f")
    assert [(one.source, one.characters, one.distinct, one.has_word) for one in found] == [
        ("JOBYARD_SECRET of f", 64, 16, False),
        ("JOBYARD_SECRET_PREVIOUS of f", 17, 12, True),
        ("JOBYARD_SECRET_PREVIOUS of f", 40, 1, False),
    ]
    assert HEX not in repr(found)


def test_the_environments_secret_comes_before_the_files(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(HEX)
    file.chmod(0o644)
    (kept,) = read_secrets(settings(data=tmp_path), {})
    assert (kept.source, kept.readable) == (str(file), True)
    (given,) = read_secrets(settings(data=tmp_path), {"JOBYARD_SECRET": "x"})
    assert given.source == "JOBYARD_SECRET"
    assert read_secrets(settings(data=tmp_path / "nowhere"), {}) == ()


def test_the_data_folder(tmp_path: Path) -> None:
    assert read_folder(settings(data=tmp_path)) is None
    (tmp_path / DATABASE).write_bytes(b"x" * 100)
    (tmp_path / f"{DATABASE}-wal").write_bytes(b"x" * 10)
    (tmp_path / DATABASE).chmod(0o644)
    tmp_path.chmod(0o755)
    folder = read_folder(settings(data=tmp_path))
    assert folder is not None
    assert (folder.database, folder.readable) == (110, os.name == "posix")
    assert folder.free > 0
    tmp_path.chmod(0o700)
    closed = read_folder(settings(data=tmp_path))
    assert closed is not None
    assert not closed.readable


def test_what_is_installed_is_what_is_asked_for() -> None:
    assert read_misfits("no-such-distribution") is None
    # pytest asks for what it runs with.
    assert read_misfits("pytest") == {}
