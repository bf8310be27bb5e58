"""Reading a user-supplied URL without lending the user our eyes: roots, public addresses, and limits for all.

```python
data = fetch("https://example.com/part.stl", FetchPolicy.from_environment())
```
"""

from queues.fetch.errors import FetchError, FetchRefused, FetchUnavailable
from queues.fetch.policy import FetchPolicy
from queues.fetch.source import parse

__all__ = ["FetchError", "FetchPolicy", "FetchRefused", "FetchUnavailable", "fetch"]


def fetch(url: str, policy: FetchPolicy) -> bytes:
    """The bytes behind `url` (`file://`, `http(s)://` or `s3://`).

    Blocks, so call it where blocking is fine: a plain `def` job runs in a process of its own. The libraries behind a
    scheme are imported when it is first used. Raises `FetchRefused` when trying again cannot help and
    `FetchUnavailable` when it may.
    """
    source = parse(url)
    if source.scheme == "file":
        from queues.fetch import files

        return files.read(source, policy)
    if source.scheme == "s3":
        from queues.fetch import s3

        return s3.read(source, policy)
    from queues.fetch import web

    return web.read(source, policy)
