"""The opaque tokens with which a listing goes on: what the last page ended with, in base64."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from infra.local.cloudwatch.errors import invalid_token


def token_for(last: object) -> str:
    return urlsafe_b64encode(str(last).encode()).decode()


def text_after(token: str | None) -> str:
    """What `token_for` was given, "" without a token; raises InvalidNextToken for what is none."""
    if token is None:
        return ""
    try:
        return urlsafe_b64decode(token.encode("ascii")).decode()
    except ValueError:
        raise invalid_token() from None


def number_after(token: str | None) -> int:
    """As `text_after`, where the listing goes by numbers; 0 without a token."""
    text = text_after(token)
    if token is not None and not (text.isascii() and text.isdigit() and len(text) < 19):
        raise invalid_token()
    return int(text or 0)
