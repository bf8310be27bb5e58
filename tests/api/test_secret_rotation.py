"""The secret that signs tokens is changed: the tokens of the old one are good until it is taken out."""

from __future__ import annotations

import logging

import pytest

from api.app import app_from_environment
from api.auth import Caller, Tokens, make_token
from api.problems import Problem
from api.site import Site
from queues.errors import Misconfigured
from tests.api.conftest import START, HandClock

OLDER, OLD, NEW = ("older " * 6, "the old one " * 3, "the new one " * 3)
HOUR = 3_600


def token_of(secret: str, clock: HandClock, tenant: str = "acme") -> str:
    return f"Bearer {make_token(secret, tenant=tenant, subject='x', expires_in=HOUR, clock=clock)}"


def refusal(tokens: Tokens, header: str) -> Problem:
    with pytest.raises(Problem) as caught:
        tokens.caller(header)
    return caught.value


@pytest.fixture
def clock() -> HandClock:
    return HandClock(START)


@pytest.mark.parametrize(
    ("accepted", "good"),
    [((OLD,), (OLD,)), ((OLD, OLDER), (OLD,)), ((NEW, OLD), (OLD, NEW)), ((NEW, OLD, OLDER), (OLDER, OLD, NEW))],
    ids=["before", "an older one still accepted", "while both are accepted", "three of them"],
)
def test_a_token_is_good_while_its_secret_is_accepted(
    clock: HandClock, accepted: tuple[str, ...], good: tuple[str, ...]
) -> None:
    tokens = Tokens(accepted[0], clock, previous=accepted[1:])
    for secret in good:
        assert isinstance(tokens.caller(token_of(secret, clock)), Caller)


def test_a_token_of_a_secret_that_was_taken_out_is_refused(clock: HandClock) -> None:
    header = token_of(OLD, clock)
    assert Tokens(NEW, clock, previous=(OLD,)).caller(header).tenant == "acme"
    assert "signature is wrong" in str(refusal(Tokens(NEW, clock), header).detail)


def test_an_old_secret_lets_in_nothing_more_than_the_new_one_does(clock: HandClock) -> None:
    tokens = Tokens(NEW, clock, previous=(OLD,))
    header = token_of(OLD, clock)
    head, claims, signature = header.removeprefix("Bearer ").split(".")
    for altered in (f"{head}.{claims}.{signature[:-4]}AAAA", f"{head}.{claims[:-2]}AA.{signature}"):
        assert "signature is wrong" in str(refusal(tokens, f"Bearer {altered}").detail)
    clock.forward(HOUR * 1_000)
    assert "expired" in str(refusal(tokens, header).detail)


def test_a_short_secret_is_refused_wherever_it_stands(clock: HandClock) -> None:
    with pytest.raises(Misconfigured, match="shorter than 32 bytes"):
        Tokens(NEW, clock, previous=("short",))


def test_no_secret_and_no_token_is_logged(clock: HandClock, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    tokens = Tokens(NEW, clock, previous=(OLD, OLDER))
    header = token_of("a stranger's secret of some length", clock)
    told = str(refusal(tokens, header).detail)
    tokens.caller(token_of(OLDER, clock))
    for text in (told, caplog.text):
        assert not any(secret in text for secret in (NEW, OLD, OLDER, header.removeprefix("Bearer ")))


def test_the_function_on_lambda_takes_both_from_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    old, older, new = "o" * 32, "p" * 32, "n" * 32
    monkeypatch.setenv("JOBYARD_SECRET", new)
    monkeypatch.setenv("JOBYARD_SECRET_PREVIOUS", f"{old} {older}")
    site: Site = app_from_environment().state.site
    for secret in (new, old, older):
        token = make_token(secret, tenant="acme", subject="x", expires_in=HOUR)
        assert site.tokens.caller(f"Bearer {token}").tenant == "acme"
    # What serverless.yml says where there is none.
    monkeypatch.setenv("JOBYARD_SECRET_PREVIOUS", "")
    site = app_from_environment().state.site
    refusal(site.tokens, f"Bearer {make_token(old, tenant='acme', subject='x', expires_in=HOUR)}")
