"""IO: one signed POST to a stranger's URL, by the same guarded connection as `fetch`: public addresses only.

Redirects are not followed, and of the answer only the status is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import httpcore
import httpx
from standardwebhooks import Webhook as Signer

from queues.fetch.body import Deadline
from queues.fetch.connect import CheckedNetwork
from queues.fetch.errors import FetchRefused, FetchUnavailable
from queues.fetch.policy import FetchPolicy
from queues.fetch.source import parse

#: Seconds that a receiver may take to answer. (Standard Webhooks: 15 to 30)
TIMEOUT = 15.0


def headers_of(message_id: str, body: str, secrets: Sequence[str], now: int) -> dict[str, str]:
    """The headers of Standard Webhooks, signed with each secret; `now` is epoch ms."""
    moment = datetime.fromtimestamp(now // 1000, UTC)
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(now // 1000),
        "webhook-signature": " ".join(Signer(secret).sign(message_id, moment, body) for secret in secrets),
    }


def post(url: str, body: str, signed: dict[str, str], policy: FetchPolicy) -> int:
    """The status that the receiver answered. FetchRefused: it may not be asked; FetchUnavailable: it is not there."""
    source, target = parse(url), httpx.URL(url)
    policy = replace(policy, total_timeout=TIMEOUT, read_timeout=TIMEOUT)
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), TIMEOUT)
    headers: dict[str | bytes, str | bytes] = {
        "Host": target.netloc.decode(),
        "User-Agent": "jobyard",
        "Content-Type": "application/json",
    }
    headers.update(signed)
    with httpcore.ConnectionPool(
        ssl_context=httpx.create_ssl_context(),
        network_backend=CheckedNetwork(policy, Deadline(policy)),
        max_keepalive_connections=0,
    ) as pool:
        place = httpcore.URL(
            scheme=target.raw_scheme, host=target.raw_host, port=target.port, target=target.raw_path or b"/"
        )
        try:
            with pool.stream(
                "POST", place, headers=headers, content=body.encode(), extensions={"timeout": timeouts}
            ) as answer:
                return answer.status
        except httpcore.TimeoutException:
            raise FetchUnavailable(f"{source.shown} did not answer within {TIMEOUT:g} s") from None
        except (httpcore.UnsupportedProtocol, httpcore.LocalProtocolError):
            raise FetchRefused(f"{source.shown} cannot be asked over HTTP: check the URL") from None
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            why = type(error).__name__
            raise FetchUnavailable(f"the connection to {source.shown} failed or broke ({why})") from None
