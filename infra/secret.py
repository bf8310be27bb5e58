"""The secret that signs tokens and the token that a local user needs: two files in the data folder, mode 0600.

The secret is made on the first start and kept, so that tokens survive a restart. The token is renewed at a start when
it has little time left or was signed with another secret. `JOBYARD_SECRET` takes the place of the secret's file,
and `JOBYARD_SECRET_PREVIOUS` has the secrets that were there before either and whose tokens are still accepted.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from queues.errors import Misconfigured
from queues.settings import MIN_SECRET_CHARS, Settings

#: Bytes of randomness in a secret that we make; written as twice as many hexadecimal digits.
SECRET_BYTES = 32
#: Seconds for which the token of a start is good, and the time left below which a start makes a new one.
TOKEN_SECONDS = 30 * 86_400
RENEW_SECONDS = 7 * 86_400
#: What the token of a start may do, for whom.
TOKEN_SCOPE = "jobs:read jobs:write admin"  # noqa: S105 - names permissions, is none
TOKEN_TENANT = "default"  # noqa: S105 - a tenant's name
TOKEN_SUBJECT = "local"  # noqa: S105 - a user's name
#: Only their owner reads what we keep.
PRIVATE = 0o600


def secret_path(settings: Settings) -> Path:
    """Where the secret is kept if the environment does not give one."""
    return settings.data / "secret"


def token_path(settings: Settings) -> Path:
    """Where `up` leaves the token that the command line uses."""
    return settings.data / "token"


def existing_secret(settings: Settings) -> str | None:
    """The secret of the environment or of the data folder; None before the first start."""
    if settings.secret is not None:
        return settings.secret.get_secret_value()
    path = secret_path(settings)
    try:
        text = path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        text = ""
    if len(text) < MIN_SECRET_CHARS:
        raise Misconfigured(
            f"{path} holds no secret of {MIN_SECRET_CHARS} characters or more; remove it to have a new one made "
            "(tokens made so far are then refused)"
        )
    if path.stat().st_mode & 0o077:
        path.chmod(PRIVATE)
    return text


def ensure_secret(settings: Settings, new_secret: Callable[[int], str] = secrets.token_hex) -> str:
    """The secret, made on the first start. Of two starts at once, both get the one that was first."""
    found = existing_secret(settings)
    if found is not None:
        return found
    settings.data.mkdir(parents=True, exist_ok=True)
    path = secret_path(settings)
    draft = _write_draft(path, new_secret(SECRET_BYTES))
    try:
        # A link appears whole or not at all, and never over a file that is there.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    made = existing_secret(settings)
    if made is None:
        raise Misconfigured(f"{path} vanished while it was made; is another process clearing {settings.data}?")
    return made


def existing_token(settings: Settings) -> str | None:
    """The token that a start has left in the data folder, if it has."""
    try:
        return token_path(settings).read_text(encoding="ascii").strip() or None
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def ensure_token(settings: Settings, secret: str, now: datetime | None = None) -> str:
    """The token of the data folder, a new one if it is missing, forged, weaker than ours, or near its end."""
    token = existing_token(settings)
    if token is not None and _is_good(token, secret, now or datetime.now(UTC)):
        return token
    from api.auth import make_token

    token = make_token(secret, tenant=TOKEN_TENANT, subject=TOKEN_SUBJECT, scope=TOKEN_SCOPE, expires_in=TOKEN_SECONDS)
    path = token_path(settings)
    _write_draft(path, token).replace(path)
    return token


def _is_good(token: str, secret: str, now: datetime) -> bool:
    import jwt

    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"], options={"require": ["exp"], "verify_exp": False})
    except jwt.InvalidTokenError:
        return False
    wanted = {"tenant": TOKEN_TENANT, "scope": TOKEN_SCOPE}
    return float(claims["exp"]) - now.timestamp() > RENEW_SECONDS and wanted.items() <= claims.items()


def _write_draft(path: Path, text: str) -> Path:
    """A private file beside `path`, on the disk in full; the caller moves it to where it belongs."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(text + "\n")
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return draft
