"""Which operation of a REST service a method and a path mean, from the URI templates in the service's model."""

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import unquote_to_bytes

from infra.local import model
from infra.local.errors import AwsError
from infra.local.protocols.form import fields_of
from infra.local.wire import HttpRequest

LABEL = re.compile(r"\{(\w+)(\+?)\}")


@dataclass(frozen=True, slots=True)
class Route:
    """One operation's method, path and, for a few, a field that the query string must have."""

    operation: str
    method: str
    path: re.Pattern[str]
    query: tuple[tuple[str, str], ...]
    #: Characters of the template that are not labels: the more, the more it says.
    literals: int


def find_route(service: str, request: HttpRequest) -> tuple[str, dict[str, str]] | None:
    """The operation and its labels, decoded; None where the service has no such path."""
    path = request.path.decode("latin-1")
    fields: set[tuple[str, str]] | None = None
    for route in _routes(service):
        if route.method != request.method:
            continue
        match = route.path.fullmatch(path)
        if match is None:
            continue
        if route.query:
            if fields is None:
                fields = set(fields_of(request.query))
            if not fields.issuperset(route.query):
                continue
        return route.operation, {name: _decoded(text) for name, text in match.groupdict().items()}
    return None


def _decoded(text: str) -> str:
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        raise AwsError("ValidationException", "The path is not percent-encoded UTF-8.") from None


@cache
def _routes(service: str) -> list[Route]:
    """The most telling first."""
    found = service_routes(service)
    return sorted(found, key=lambda route: (-len(route.query), -route.literals))


def service_routes(service: str) -> list[Route]:
    """The routes of a service in the model's order."""
    routes = []
    loaded = model.service_model(service)
    for operation in loaded.operation_names:
        http = loaded.operation_model(operation).http
        path, _, query = http["requestUri"].partition("?")
        pattern = LABEL.sub(lambda label: f"(?P<{label[1]}>{'.+' if label[2] else '[^/]+'})", re_escape(path))
        fields = tuple(fields_of(query.encode())) if query else ()
        literals = len(LABEL.sub("", path))
        routes.append(Route(operation, http["method"], re.compile(pattern.rstrip("/") + "/?"), fields, literals))
    return routes


def re_escape(path: str) -> str:
    """A path as a pattern, its labels left as they are."""
    return re.sub(r"[.^$*?()|\[\]\\]", lambda found: "\\" + found[0], path)
