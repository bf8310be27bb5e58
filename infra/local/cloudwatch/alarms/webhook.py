"""One POST to a webhook, with the same care as a fetch: its URL may come from a stranger.

The connection goes to the very address that was checked, a public one, unless the operator trusts the host
(`JOBYARD_FETCH_ALLOW`). Redirects are not followed. Nothing of the reply is read but its status.
"""

from dataclasses import replace

import httpcore
import httpx

from queues.fetch import FetchPolicy, FetchRefused, FetchUnavailable
from queues.fetch.body import Deadline
from queues.fetch.connect import CheckedNetwork
from queues.fetch.source import parse

#: Seconds for the whole attempt.
TOTAL_TIMEOUT = 10.0


def post(url: str, body: bytes, policy: FetchPolicy | None = None) -> None:
    """Send the JSON in `body`; raises a `FetchError` unless the answer is a 2xx. Blocks."""
    source = parse(url)
    if source.scheme not in ("http", "https"):
        raise FetchRefused(f"{source.shown} is no webhook: use http:// or https://")
    policy = replace(policy or FetchPolicy.from_environment(), total_timeout=TOTAL_TIMEOUT)
    try:
        address = httpx.URL(url)
    except httpx.InvalidURL:
        raise FetchRefused(f"{source.shown} is malformed: check the URL") from None
    if not address.host:
        raise FetchRefused(f"{source.shown} names no host: check the URL")
    target = httpcore.URL(scheme=address.raw_scheme, host=address.raw_host, port=address.port, target=address.raw_path)
    headers: dict[str | bytes, str | bytes] = {
        "Host": address.netloc.decode(),
        "User-Agent": "jobyard",
        "Content-Type": "application/json",
    }
    timeouts = dict.fromkeys(("connect", "read", "write", "pool"), policy.connect_timeout)
    try:
        with (
            httpcore.ConnectionPool(
                ssl_context=httpx.create_ssl_context(), network_backend=CheckedNetwork(policy, Deadline(policy))
            ) as pool,
            pool.stream("POST", target, headers=headers, content=body, extensions={"timeout": timeouts}) as response,
        ):
            status = response.status
    except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as error:
        # What the library says may name inner addresses, so it stays in the cause.
        raise FetchUnavailable(f"{source.shown} could not be reached ({type(error).__name__})") from error
    if not 200 <= status < 300:
        raise FetchUnavailable(f"{source.shown} answered {status}")
