"""What a job may ask for, and what a person may do to it, on MiniStack: each once, through the HTTP API.

The files beside this one hold what is worth comparing with the embedded AWS.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from api.auth import make_token
from infra.alerting import Alerter
from queues.catalog import load
from queues.clients import connect
from queues.clock import system_clock
from queues.encryption.key_file import KeyFile
from queues.observe.publisher import Publisher
from queues.runtime import Runtime, assemble
from queues.settings import Settings
from tests.emulators.place import JOBS, SECRET, Place, emulator, until

pytestmark = pytest.mark.emulator

MODULES = ("functions.catalog", "functions.task", "tests.emulators.feature_jobs")
CANARY = "4111-canary-1111"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A Jobyard with more job types, and a key file."""
    home = tmp_path_factory.mktemp("features")
    KeyFile(home / "data").ensure(system_clock())
    with emulator("ministack", tmp_path_factory.mktemp("emulator")) as endpoint:
        variables = {
            "JOBYARD_JOBS": ",".join(MODULES),
            "JOBYARD_TASKS": "functions.task_examples:*",
            # A heartbeat every two seconds.
            "JOBYARD_LEASE": "6",
            # The worker shall leave that to a test.
            "JOBYARD_ALERT_AFTER": "3600",
        }
        there = Place(home, endpoint, variables=variables)
        there.start()
        yield there
        assert there.stop() == 0, there.log.read_text()[-2000:]
        there.api.close()


@pytest.fixture
async def runtime(place: Place, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Runtime]:
    """One more process of that deployment."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    settings = Settings(
        aws_endpoint_url=place.endpoint, jobs=MODULES, alert_job="alarm", alert_after=0.0, alert_backlog=0
    )
    async with connect(settings) as clients:
        made = assemble(clients, load(MODULES), settings)
        yield made
        await made.close()


def outcomes(job: dict[str, Any]) -> list[str]:
    return [attempt["outcome"] for attempt in job["history"]]


def post(place: Place, path: str, body: Any = None) -> dict[str, Any]:
    answer = place.api.post(f"{JOBS}/{path}", json={} if body is None else body)
    assert answer.is_success, answer.text
    said: dict[str, Any] = answer.json()
    return said


def get(place: Place, path: str, **params: Any) -> dict[str, Any]:
    said: dict[str, Any] = place.api.get(f"{JOBS}/{path}", params=params).raise_for_status().json()
    return said


@pytest.mark.parametrize(
    ("what", "status", "told"),
    [
        ("return", "completed", ["completed"]),
        ("snooze", "completed", ["snoozed", "completed"]),
        ("retry-after", "completed", ["failed", "completed"]),
        ("discard", "failed", ["discarded"]),
        ("cancel", "cancelled", ["cancelled"]),
    ],
)
def test_what_a_handler_says(place: Place, what: str, status: str, told: list[str]) -> None:
    job = place.ended(place.enqueue("deeds", {"what": what})["id"])
    assert (job["status"], outcomes(job)) == (status, told)


def test_expiry_and_deadline(place: Place) -> None:
    expires = place.enqueue("deeds", {}, expiresIn=1)
    late = place.enqueue("deeds", {"what": "last"}, deadline=1_000)
    job = place.ended(expires["id"])
    assert (job["status"], outcomes(job), job["error"]["type"]) == ("failed", ["expired"], "Expired")
    job = place.ended(late["id"])
    assert (job["status"], outcomes(job), job["error"]["type"]) == ("failed", ["timeout"], "DeadlineExceeded")


def test_a_running_job_is_asked_to_end_and_replayed_with_other_data(place: Place) -> None:
    made = place.enqueue("deeds", {"what": "last"})
    running = until(lambda: get(place, made["id"]), lambda job: job["note"] is not None)
    assert (running["status"], running["note"]) == ("active", "still at it")
    assert place.api.delete(f"{JOBS}/{made['id']}").status_code == 202
    job = place.ended(made["id"])
    assert (job["status"], outcomes(job)) == ("cancelled", ["cancelled"])
    again = place.ended(post(place, f"{made['id']}/replay", {"data": {"what": "return"}})["id"])
    assert (again["result"], again["replayOf"]) == ("return", made["id"])


@pytest.mark.parametrize(
    ("how", "status", "told"), [("cancel", "cancelled", "cancelled"), ("time", "failed", "timeout")]
)
def test_a_plain_function_that_heeds_nobody_is_ended_with_its_process(
    place: Place, how: str, status: str, told: str
) -> None:
    made = place.enqueue("deaf", {}, **({"timeout": 1_000} if how == "time" else {}))
    if how == "cancel":
        until(lambda: get(place, made["id"]), lambda job: job["note"] == "deaf")
        assert place.api.delete(f"{JOBS}/{made['id']}").status_code == 202
    job = place.ended(made["id"])
    assert (job["status"], outcomes(job)) == (status, [told])


def test_a_job_that_waits_says_why_and_is_rescheduled(place: Place) -> None:
    made = place.enqueue("deeds", {}, delay=3_600_000)
    assert get(place, made["id"])["waiting"]["reason"] == "delayed"
    assert post(place, f"{made['id']}/reschedule", {"delay": 0})["status"] == "waiting"
    assert outcomes(place.ended(made["id"])) == ["completed"]


def dead(place: Place, tag: str) -> tuple[list[str], dict[str, Any]]:
    """Three jobs that have failed, and what asks for them."""
    made = [place.enqueue("deeds", {"what": "discard"}, tags=[tag])["id"] for _ in range(3)]
    assert {place.ended(job_id)["status"] for job_id in made} == {"failed"}
    wanted = {"filter": {"error": "Discard", "tags": [tag]}}
    # A job that has failed is among the failed ones once its dead letter is in place.
    until(lambda: post(place, "queues/deeds/redrive", wanted | {"dryRun": True})["matched"], lambda count: count == 3)
    return made, wanted


def test_dead_letters_are_redriven_at_a_rate_and_called_off(place: Place) -> None:
    _, wanted = dead(place, "slow")
    slow = post(place, "queues/deeds/redrive", wanted | {"rate": 0.01})
    called_off = place.api.delete(f"{JOBS}/operations/{slow['id']}").raise_for_status().json()
    # The first goes at once, if a round was faster than we.
    assert (called_off["status"], called_off["done"] <= 1) == ("cancelled", True)


def test_dead_letters_are_counted_and_discarded(place: Place) -> None:
    made, wanted = dead(place, "dead")
    given_up = post(place, "queues/deeds/discard", wanted)
    done = until(lambda: get(place, f"operations/{given_up['id']}"), lambda operation: operation["status"] != "running")
    assert (done["status"], done["done"]) == ("done", 3)
    assert {place.ended(job_id)["status"] for job_id in made} == {"cancelled"}


def test_dead_letters_are_redriven_and_run_again(place: Place) -> None:
    made = [place.enqueue("deeds", {"what": "discard"}, tags=["again"])["id"] for _ in range(3)]
    assert {place.ended(job_id)["status"] for job_id in made} == {"failed"}
    wanted = {"filter": {"tags": ["again"]}}
    until(lambda: post(place, "queues/deeds/redrive", wanted | {"dryRun": True})["matched"], lambda count: count == 3)
    begun = post(place, "queues/deeds/redrive", wanted | {"rate": 100})
    done = until(lambda: get(place, f"operations/{begun['id']}"), lambda operation: operation["status"] != "running")
    assert (done["status"], done["done"]) == ("done", 3)
    again = [place.ended(job_id) for job_id in made]
    assert [outcomes(job) for job in again] == [["discarded", "completed"]] * 3


def test_the_first_of_a_window_is_the_answer_after_its_end_too(place: Place) -> None:
    unique = {"key": "hourly", "window": 3_600_000, "mode": "throttle"}
    first = place.ended(place.enqueue("deeds", {}, unique=unique)["id"])
    body = {"type": "deeds", "data": {}, "options": {"unique": unique}}
    second = place.api.post(JOBS, json=body)
    assert (second.status_code, second.json()["id"]) == (200, first["id"])


def test_a_function_by_its_name(place: Place) -> None:
    call = {"function": "functions.task_examples:calculate_sum", "args": [[1, 2, 3.5]]}
    job = place.ended(place.enqueue("task", call)["id"])
    assert (job["status"], job["result"]["sum"]) == ("completed", 6.5)
    of_service = {"function": "corner-shop.price", "args": [4], "kwargs": {"each": 2.5}}
    assert place.ended(place.enqueue("task", of_service)["id"])["result"] == 10
    refused = place.api.post(JOBS, json={"type": "task", "data": {"function": "os:system", "args": ["true"]}})
    assert refused.status_code == 422


async def test_what_is_sensitive_is_in_no_item(place: Place, aws: dict[str, Any]) -> None:
    job = place.ended(place.enqueue("vault", {"secret": CANARY})["id"])
    assert (job["result"], job["note"]) == ({"secret": CANARY}, CANARY)
    assert [line["message"] for line in job["logs"]] == [CANARY]
    key = {"pk": {"S": f"job#default#{job['id']}"}, "sk": {"S": "job"}}
    item = (await aws["dynamodb"].get_item(TableName="jobyard", Key=key))["Item"]
    assert item["status"] == {"S": "completed"}
    assert CANARY not in str(item)


async def test_a_field_alone_is_sensitive(place: Place, aws: dict[str, Any]) -> None:
    job = place.ended(place.enqueue("card", {"number": CANARY, "city": "Lviv"})["id"])
    assert job["result"] == {"number": CANARY, "city": "Lviv"}
    key = {"pk": {"S": f"job#default#{job['id']}"}, "sk": {"S": "job"}}
    text = str((await aws["dynamodb"].get_item(TableName="jobyard", Key=key))["Item"])
    assert (CANARY in text, "Lviv" in text) == (False, True)


async def test_a_new_key_leaves_what_the_old_one_sealed_readable(place: Place) -> None:
    old = place.enqueue("vault", {"secret": CANARY}, delay=1_000)
    KeyFile(place.home / "data").rotate(system_clock())
    new = place.enqueue("vault", {"secret": CANARY})
    assert [place.ended(job["id"])["result"] for job in (new, old)] == [{"secret": CANARY}] * 2


def test_what_a_flow_has_done_is_undone(place: Place) -> None:
    def step(what: str, **more: Any) -> dict[str, Any]:
        return {"type": "deeds", "data": {"what": what}, **more}

    chain = [step("return", undo=step("undone")), step("discard")]
    flow = post(place, "flows", {"steps": [{"chain": chain}], "onFailure": "compensate", "onEnd": step("told")})
    found = until(lambda: get(place, f"flows/{flow['id']}"), lambda flow: flow["status"] != "running")
    assert (found["status"], found["completed"], found["failed"]) == ("failed", 1, 1)
    jobs = place.api.get(JOBS, params={"type": "deeds", "limit": 200}).json()["jobs"]
    assert "undone" in [job["data"]["what"] for job in jobs if job["flowId"] == flow["id"]]
    assert place.ended(f"{flow['id']}::end")["result"] == "told"


def test_a_schedule_of_code_is_there(place: Place) -> None:
    found = get(place, "schedules/new-year")
    assert (found["source"], found["type"], found["status"]) == ("code", "deeds", "active")
    assert found["nextRuns"][0].endswith("-01-01T09:00:00.000Z")


def test_who_did_what_is_told(place: Place) -> None:
    made = place.enqueue("deeds", {}, delay=60_000)
    place.api.delete(f"{JOBS}/{made['id']}").raise_for_status()
    (entry,) = get(place, "audit", target=made["id"])["entries"]
    assert (entry["action"], entry["actor"], entry["result"]) == ("job.cancel", "tests", "done")


async def test_trouble_is_told_to_a_job(place: Place, runtime: Runtime) -> None:
    assert place.ended(place.enqueue("deeds", {"what": "discard"})["id"])["status"] == "failed"
    alerter = Alerter(runtime, system_clock)
    for _ in range(2):
        await alerter.round()
    told = [job.id for job in (await runtime.queue.list(type="alarm")).jobs]
    (alert,) = (job_id for job_id in told if job_id.endswith("-firing-dead-letters:deeds"))
    assert place.ended(alert)["result"] == "firing"


async def test_metrics_are_sent(runtime: Runtime) -> None:
    await runtime.queue.enqueue("deeds", {})
    publisher = Publisher(runtime.clients.cloudwatch, runtime.observer.meter, "jobyard", system_clock)
    await publisher.send()
    reply = await runtime.clients.cloudwatch.list_metrics(Namespace="Jobyard", MetricName="JobsEnqueued")
    dimensions = [{one["Name"]: one["Value"] for one in metric["Dimensions"]} for metric in reply["Metrics"]]
    assert {"service": "jobyard", "type": "deeds"} in dimensions


def test_an_admin_sees_the_worker(place: Place) -> None:
    token = make_token(SECRET, tenant="default", subject="ops", scope="admin", expires_in=60)
    answer = place.api.get(f"{JOBS}/workers", headers={"Authorization": f"Bearer {token}"})
    (worker,) = answer.raise_for_status().json()["workers"]
    assert "vault" in [one["type"] for one in worker["types"]]
