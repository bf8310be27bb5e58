"""The secret and the token in the data folder."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from infra.secret import TOKEN_SECONDS, ensure_secret, ensure_token, existing_token, secret_path, token_path
from queues.errors import Misconfigured
from queues.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.delenv("JOBYARD_SECRET", raising=False)
    return Settings(data=tmp_path / "data")


def test_the_secret_is_made_once(settings: Settings) -> None:
    first = ensure_secret(settings)
    assert len(first) == 64
    assert ensure_secret(settings) == first
    assert sorted(path.name for path in settings.data.iterdir()) == ["secret"]


def test_of_two_starts_at_once_both_get_the_first_one(settings: Settings) -> None:
    def slower(size: int) -> str:
        return "b" * size * 2 if (won := ensure_secret(settings, lambda size: "a" * size * 2)) else won

    assert ensure_secret(settings, slower) == "a" * 64
    assert ensure_secret(settings) == "a" * 64
    assert sorted(path.name for path in settings.data.iterdir()) == ["secret"]


def test_a_secret_that_others_can_read_is_closed(settings: Settings) -> None:
    ensure_secret(settings)
    secret_path(settings).chmod(0o644)
    ensure_secret(settings)
    assert secret_path(settings).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", [b"", b"short", b"\xff" * 64])
def test_a_secret_file_that_holds_none_is_refused(settings: Settings, content: bytes) -> None:
    settings.data.mkdir()
    secret_path(settings).write_bytes(content)
    with pytest.raises(Misconfigured, match="remove it"):
        ensure_secret(settings)


def test_the_token_is_kept_while_it_is_good(settings: Settings) -> None:
    secret = ensure_secret(settings)
    token = ensure_token(settings, secret)
    assert ensure_token(settings, secret) == token == existing_token(settings)
    assert token_path(settings).stat().st_mode & 0o777 == 0o600
    claims = jwt.decode(token, secret, algorithms=["HS256"])
    assert (claims["tenant"], claims["scope"]) == ("default", "jobs:read jobs:write admin")


@pytest.mark.parametrize("days", [24, 31])
def test_the_token_is_renewed_near_its_end_and_after_it(settings: Settings, days: int) -> None:
    secret = ensure_secret(settings)
    long_ago = datetime.now(UTC) - timedelta(days=days)
    claims = {"sub": "local", "tenant": "default", "scope": "jobs:read jobs:write admin"}
    old = jwt.encode(claims | {"exp": long_ago + timedelta(seconds=TOKEN_SECONDS)}, secret, "HS256")
    token_path(settings).write_text(old)
    assert ensure_token(settings, secret) != old


def test_a_token_of_another_secret_or_of_none_is_replaced(settings: Settings) -> None:
    secret = ensure_secret(settings)
    for wrong in (jwt.encode({"exp": 4_000_000_000}, "another one of length thirty-two", "HS256"), "nonsense", ""):
        token_path(settings).write_text(wrong)
        assert ensure_token(settings, secret) not in (wrong, "")
