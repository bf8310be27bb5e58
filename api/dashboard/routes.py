"""What a browser asks for: the page at /jobs, and its assets below a folder named by their digest."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.dashboard.files import File, read_files
from api.problems import NOT_FOUND, Problem

#: Scripts, styles and requests of this server only; no inline script, no frame, and no text that is made into markup.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
)
#: The page is asked for anew each time, and answered with 304 while it is the same.
REVALIDATE = "no-cache"
#: What has the digest in its address never changes: a year, which is as long as caches keep anything.
FOR_EVER = "public, max-age=31536000, immutable"


async def page(request: Request) -> Response:
    """The page."""
    return _answer(request, read_files().page, REVALIDATE)


async def asset(request: Request) -> Response:
    """A file of the page; one of another version is not here any more."""
    files = read_files()
    file = files.assets.get(request.path_params["name"])
    if file is None or request.path_params["digest"] != files.digest:
        raise Problem(NOT_FOUND, "the dashboard has no such file; load the page again")
    return _answer(request, file, FOR_EVER)


async def slash(request: Request) -> Response:
    """To the page; relative, because a stage may stand before it."""
    return RedirectResponse("../jobs", 308)


def _answer(request: Request, file: File, caching: str) -> Response:
    headers = {
        "Cache-Control": caching,
        "Content-Security-Policy": POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "ETag": file.etag,
        "Vary": "Accept-Encoding",
    }
    if file.etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    content = file.content
    if _takes_gzip(request.headers.get("accept-encoding", "")):
        content, headers["Content-Encoding"] = file.zipped, "gzip"
    return Response(content, headers=headers, media_type=file.media_type)


def _takes_gzip(accepted: str) -> bool:
    """Whether an Accept-Encoding header has gzip, and not with the weight 0."""
    for part in accepted.lower().split(","):
        name, _, weight = part.partition(";")
        if name.strip() in ("gzip", "*"):
            return weight.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False


#: In their order of matching. Starlette's own routes: they are no part of the API, and of its OpenAPI document.
ROUTES = (
    Route("/jobs", page, methods=["GET"]),
    Route("/jobs/", slash, methods=["GET"]),
    Route("/jobs/assets/{digest}/{name}", asset, methods=["GET"]),
)
