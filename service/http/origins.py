"""Which sites may call: Fetch Metadata and Origin on every change, CORS for the site's own pages.

A browser says where a request comes from (`Sec-Fetch-Site`, `Origin`); other callers say nothing and are
let through unless a cookie speaks for them.
"""

from collections.abc import Collection

from flask import Flask, Response, current_app, request

from service.core.errors import CrossOriginRefused
from service.core.return_urls import ReturnUrls, origin_of

SHARED = {
    "Access-Control-Allow-Credentials": "true",
    "Access-Control-Expose-Headers": "Retry-After, X-Request-Id",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Content-Type, X-Request-Id",
    "Access-Control-Max-Age": "600",
}
FOR_PAGES = ("/api/", "/embed/")
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def register(app: Flask, return_urls: ReturnUrls, *, anywhere: Collection[str]) -> None:
    """Refuse changes from other sites, and let the site's own pages call the API with credentials.

    The endpoints `anywhere` are for other sites and services: they carry proofs of their own and no cookie speaks
    for them.
    """

    @app.before_request
    def refuse_other_sites() -> None:
        if request.method in SAFE_METHODS or request.endpoint in anywhere:
            return
        if not _may_call(required=False):
            raise CrossOriginRefused

    @app.after_request
    def share(response: Response) -> Response:
        if not request.path.startswith(FOR_PAGES):
            return response
        response.vary.update(("Cookie", "Origin"))
        origin = request.headers.get("Origin")
        if origin in return_urls.allowed_origins:
            response.headers.update(SHARED | {"Access-Control-Allow-Origin": origin})
            if request.method == "OPTIONS":
                response.headers.update(PREFLIGHT)
        return response


def require_own_origin() -> None:
    """Refuse a change that a cookie speaks for unless the browser says it comes from the site."""
    if not _may_call(required=True):
        raise CrossOriginRefused


def _may_call(*, required: bool) -> bool:
    return_urls: ReturnUrls = current_app.extensions["masthead"].return_urls
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site in ("same-origin", "none"):
        return True
    if origin is not None:
        known = origin_of(origin)
        return known is not None and (known == return_urls.own_origin or known in return_urls.allowed_origins)
    return site is None and not required
