"""The dashboard as it is served: open to all, holding nothing, forbidding what it does not need, kept by caches."""

from __future__ import annotations

import gzip
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import httpx
import pytest

from api.app import LambdaApi, create_app
from api.dashboard.files import ASSETS, PAGE, TYPES, read_files
from infra.deploy.packaging.contents import of_package

SECRET = "a secret of the dashboard's tests, long enough"
TEXTS = sorted(path for path in ASSETS.iterdir() if path.suffix != ".svg")


async def _never() -> NoReturn:
    raise AssertionError("the page needs no job, no table and no queue")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a token, at an app that has nothing behind it."""
    app = create_app(_never, secret=SECRET)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://jobyard.test") as made:
        yield made


async def test_the_page_needs_no_token_and_forbids_what_it_does_not_need(client: httpx.AsyncClient) -> None:
    answer = await client.get("/jobs")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = dict(part.split(" ", 1) for part in answer.headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert policy["require-trusted-types-for"] == "'script'"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-frame-options"] == "DENY"


async def test_all_that_the_page_names_is_there_and_kept_for_ever(client: httpx.AsyncClient) -> None:
    page = (await client.get("/jobs")).text
    named = set(re.findall(r'(?:src|href)="(jobs/assets/[^"]+)"', page))
    assert {Path(one).name for one in named} == set(read_files().assets)
    for one in named:
        answer = await client.get(f"/{one}")
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert answer.headers["content-type"] == TYPES[Path(one).suffix]
        assert answer.content == (ASSETS / Path(one).name).read_bytes()


async def test_the_page_is_asked_for_anew_and_answered_in_short(client: httpx.AsyncClient) -> None:
    first = await client.get("/jobs")
    assert first.headers["cache-control"] == "no-cache"
    again = await client.get("/jobs", headers={"If-None-Match": f'W/"other", {first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert (await client.get("/jobs", headers={"If-None-Match": '"other"'})).status_code == 200
    head = await client.head("/jobs")
    assert (head.status_code, head.content) == (200, b"")


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [("gzip, br", True), ("*", True), ("identity", False), ("gzip;q=0", False), ("br, gzip; q=0.5", True), ("", False)],
)
async def test_what_takes_gzip_gets_it(client: httpx.AsyncClient, accepted: str, zipped: bool) -> None:
    answer = await client.get("/jobs", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == ("gzip" if zipped else None)
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.text.startswith("<!doctype html>")


@pytest.mark.parametrize(
    "path",
    [
        "/jobs/assets/0000000000000000/app.js",
        "/jobs/assets/{digest}/nothing.js",
        "/jobs/assets/{digest}/..%2Fpage.html",
        "/jobs/assets/{digest}/..%2Ffiles.py",
        "/jobs/assets/{digest}",
        "/jobs/nothing",
    ],
)
async def test_other_files_are_not_served(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path.format(digest=read_files().digest))
    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:jobyard:problem:not-found"


async def test_with_a_slash_it_leads_to_the_page(client: httpx.AsyncClient) -> None:
    answer = await client.get("/jobs/")
    assert (answer.status_code, answer.headers["location"]) == (308, "../jobs")
    assert (await client.post("/jobs")).status_code == 405


async def test_the_rest_stays_closed(client: httpx.AsyncClient) -> None:
    for path in ("/api/v1/jobs", "/jobsx", "/job"):
        assert (await client.get(path)).status_code == 401, path


@pytest.fixture
def function() -> Iterator[Any]:
    """The API as a Lambda function."""
    import asyncio

    yield LambdaApi(lambda: create_app(_never, secret=SECRET))
    asyncio.get_event_loop().close()
    asyncio.set_event_loop(None)


def test_lambda_sends_text_as_text(function: Any) -> None:
    def get(path: str, **headers: str) -> dict[str, Any]:
        http = {"method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "t"}
        context = {"http": http, "domainName": "abc.execute-api.us-east-1.amazonaws.com", "stage": "$default"}
        event = {"version": "2.0", "rawPath": path, "rawQueryString": "", "headers": {"host": "abc", **headers}}
        event |= {"requestContext": context, "isBase64Encoded": False}
        answer: dict[str, Any] = function(event, SimpleNamespace(aws_request_id="1"))
        return answer

    page = get("/jobs")
    assert (page["statusCode"], page["isBase64Encoded"]) == (200, False)
    assert page["body"].startswith("<!doctype html>")
    for name in ("app.js", "theme.css"):
        answer = get(f"/jobs/assets/{read_files().digest}/{name}")
        assert (answer["isBase64Encoded"], answer["body"]) == (False, (ASSETS / name).read_text())
    assert get("/jobs", **{"accept-encoding": "gzip"})["isBase64Encoded"] is True


def test_the_artifact_of_the_api_has_all_files() -> None:
    files = of_package("api")
    for path in (PAGE, *ASSETS.iterdir()):
        name = f"api/dashboard/{path.relative_to(PAGE.parent).as_posix()}"
        assert files[name].content == path.read_bytes()


def test_the_same_files_are_the_same_bytes() -> None:
    file = read_files().assets["app.js"]
    assert gzip.decompress(file.zipped) == file.content
    assert file.zipped == gzip.compress(file.content, mtime=0)


@pytest.mark.parametrize("path", [PAGE, *TEXTS], ids=lambda path: path.name)
def test_nothing_is_inline_nothing_comes_from_elsewhere_and_no_text_becomes_markup(path: Path) -> None:
    text = path.read_text()
    for word in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval(", "new Function", "javascript:"):
        assert word not in text
    assert not re.search(r"https?://|url\(|@import|localStorage|document\.cookie", text)
    assert not re.search(r"<script(?![^>]*src=)|<style| style=| on\w+=", text)
    for target in re.findall(r'from "([^"]+)"', text):
        assert (ASSETS / target).is_file(), target


def test_files_are_small() -> None:
    for path in TEXTS:
        assert len(path.read_text().splitlines()) < 260, path.name
