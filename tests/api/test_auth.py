"""Tokens: each way in which one can be wrong has its own answer, and none of them is logged."""

from __future__ import annotations

import base64
import json
import logging
from typing import Any

import httpx
import jwt
import pytest

from api.auth import MAX_TOKEN_CHARS, Tokens, make_token
from api.guard import OPEN
from queues.errors import InvalidOption, Misconfigured
from tests.api.conftest import SECRET, START, Client, HandClock, problem

JOBS = "/api/v1/jobs"
NOW = START // 1000
CLAIMS = {"sub": "x", "tenant": "acme", "exp": NOW + 60}


def signed(claims: Any, secret: str = SECRET, algorithm: str = "HS256") -> str:
    return jwt.encode(claims, secret, algorithm)


def part(value: Any) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unsigned(header: Any) -> str:
    return f"{part(header)}.{part(CLAIMS)}."


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in CLAIMS.items() if key != name}


WRONG = {
    "another secret": (signed(CLAIMS, "another secret of more than thirty-two bytes"), "signature is wrong"),
    "altered": (signed(CLAIMS)[:-4] + "AAAA", "signature is wrong"),
    "expired": (signed(CLAIMS | {"exp": NOW}), "expired at 2026-11-22T07:30:00Z"),
    "not yet": (signed(CLAIMS | {"nbf": NOW + 5}), "not valid before 2026-11-22T07:30:05Z"),
    "alg none": (unsigned({"alg": "none", "typ": "JWT"}), "no other algorithm"),
    "alg NONE": (unsigned({"alg": "NONE", "typ": "JWT"}), "no other algorithm"),
    "alg missing": (unsigned({"typ": "JWT"}), "no other algorithm"),
    "alg HS512": (signed(CLAIMS, SECRET * 2, "HS512"), "no other algorithm"),
    "no exp": (signed(without("exp")), "no claim exp"),
    "exp far": (signed(CLAIMS | {"exp": 10**15}), "claim exp is not a time"),
    "no tenant": (signed(without("tenant")), "no claim tenant"),
    "tenant with #": (signed(CLAIMS | {"tenant": "acme#other"}), "claim tenant is not possible"),
    "tenant is a number": (signed(CLAIMS | {"tenant": 7}), "no claim tenant"),
    "no sub": (signed(without("sub")), "no claim sub"),
    "scope is a list": (signed(CLAIMS | {"scope": ["jobs:read"]}), "claim scope"),
    "no JWT": ("abc", "not a JSON Web Token"),
    "no base64": ("a.b.c", "not a JSON Web Token"),
    "exp is a truth value": (signed(CLAIMS | {"exp": True}), "claim exp is not a time"),
    "claims are a list": (jwt.PyJWS().encode(b"[]", SECRET, "HS256"), "not a JSON Web Token"),
    "deep": (f"{part(b'[' * 2000)}.{part(CLAIMS)}.x", "not a JSON Web Token"),
    "long": ("a" * (MAX_TOKEN_CHARS + 1), "longer than"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_token_is_told_apart(
    stranger: httpx.AsyncClient, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "jobyard")
    token, says = WRONG[name]
    answer = await stranger.get(JOBS, headers={"Authorization": f"Bearer {token}"})
    document = problem(answer, 401, "unauthenticated")
    assert says in document["detail"]
    assert answer.headers["www-authenticate"].startswith('Bearer realm="jobyard", error="invalid_token"')
    assert token not in answer.text
    assert token not in caplog.text


@pytest.mark.parametrize(
    ("header", "says"),
    [
        (None, "send a token"),
        ("", "not of the form"),
        ("Bearer", "not of the form"),
        ("Basic dXNlcjpwYXNz", "not of the form"),
        ("Bearer a b", "not a JSON Web Token"),
        ("Bearer \xff\xfe", "not a JSON Web Token"),
    ],
)
async def test_a_missing_or_odd_header(stranger: httpx.AsyncClient, header: str | None, says: str) -> None:
    headers = {} if header is None else {b"Authorization": header.encode("latin-1")}
    answer = await stranger.get(JOBS, headers=headers)
    assert says in problem(answer, 401, "unauthenticated")["detail"]
    assert answer.headers["www-authenticate"].startswith("Bearer")


async def test_two_headers_are_one_too_many(client: httpx.AsyncClient) -> None:
    good = client.headers["authorization"]
    answer = await client.get(JOBS, headers=[("Authorization", good), ("Authorization", good)])
    problem(answer, 401, "unauthenticated")


async def test_a_token_ends_while_it_is_remembered(client: httpx.AsyncClient, clock: HandClock) -> None:
    assert (await client.get(JOBS)).status_code == 200
    clock.forward(3_600_000)
    assert "expired" in problem(await client.get(JOBS), 401, "unauthenticated")["detail"]


async def test_claims_that_mean_nothing_here_are_ignored(stranger: httpx.AsyncClient) -> None:
    token = signed(CLAIMS | {"aud": "other", "iss": "me", "jti": "1", "iat": NOW + 999, "color": [1]})
    assert (await stranger.get(JOBS, headers={"Authorization": f"bearer {token}"})).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "needs"),
    [
        ("POST", JOBS, "jobs:write"),
        ("POST", f"{JOBS}/batch", "jobs:write"),
        ("POST", f"{JOBS}/schedule", "jobs:write"),
        ("DELETE", f"{JOBS}/some", "jobs:write"),
        ("POST", f"{JOBS}/some/retry", "jobs:write"),
        ("GET", JOBS, "jobs:read"),
        ("GET", f"{JOBS}/some", "jobs:read"),
        ("GET", f"{JOBS}/echo/some/status", "jobs:read"),
        ("GET", f"{JOBS}/stats", "jobs:read"),
        ("GET", f"{JOBS}/echo/stats", "jobs:read"),
        ("GET", f"{JOBS}/queues/metrics", "jobs:read"),
        ("GET", f"{JOBS}/queues/echo", "jobs:read"),
        ("GET", f"{JOBS}/queues/echo/dead-letters", "jobs:read"),
        ("GET", f"{JOBS}/types", "jobs:read"),
        ("GET", f"{JOBS}/health/check", "jobs:read"),
        ("GET", f"{JOBS}/workers", "admin"),
    ],
)
async def test_each_route_needs_its_scope(client_of: Client, method: str, path: str, needs: str) -> None:
    others = " ".join({"jobs:read", "jobs:write", "admin"} - {needs})
    answer = await client_of("acme", others).request(method, path)
    document = problem(answer, 403, "scope-missing")
    assert document["scope"] == needs
    assert needs in document["detail"]
    assert f'scope="{needs}"' in answer.headers["www-authenticate"]


async def test_without_a_token_only_the_open_paths_answer(stranger: httpx.AsyncClient) -> None:
    document = (await stranger.get("/openapi.json")).json()
    for path, methods in document["paths"].items():
        for method in methods:
            answer = await stranger.request(method, path.replace("{", "").replace("}", ""))
            assert answer.status_code == (200 if path in OPEN else 401), path
    problem(await stranger.get("/nothing"), 401, "unauthenticated")


def test_a_short_secret_or_a_bad_tenant_makes_no_token() -> None:
    with pytest.raises(Misconfigured, match="32 bytes"):
        make_token("short", tenant="a", subject="s", expires_in=1)
    with pytest.raises(Misconfigured):
        Tokens("short")
    with pytest.raises(InvalidOption):
        make_token(SECRET, tenant="a#b", subject="s", expires_in=1)
