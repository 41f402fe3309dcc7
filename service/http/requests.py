"""Who is asking: request id, visit, and the services the application carries."""

import ipaddress
import re
from functools import lru_cache
from typing import cast
from uuid import uuid4

from flask import Flask, Response, abort, current_app, g, request

from service.core.brand import Brand
from service.core.values import Visit
from service.flows import Flows
from service.http.cookies import DEVICE, jar
from service.languages import Languages

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,128}")
LONGEST_AGENT = 300
LONGEST_ADDRESS = 8 * 1024
LONGEST_HEAD = 16 * 1024


def flows() -> Flows:
    """The stories of the application that handles this request."""
    return cast(Flows, current_app.extensions["masthead"].flows)


def languages() -> Languages:
    """The languages of the application that handles this request."""
    return cast(Languages, current_app.extensions["masthead"].languages)


def brand() -> Brand:
    """The publisher of the application that handles this request."""
    return cast(Brand, current_app.extensions["masthead"].brand)


def accepted_languages() -> list[str]:
    """The language tags the browser asks for, the dearest first."""
    return [tag for tag, quality in request.accept_languages if quality > 0]


def visit() -> Visit:
    """Where this request comes from. The address is the peer's, or what the trusted proxies say."""
    agent = "".join(c for c in request.headers.get("User-Agent", "")[:LONGEST_AGENT] if c.isprintable())
    return Visit(
        ip=canonical_ip(request.remote_addr),
        agent=agent,
        locale=languages().best(accepted_languages()),
        browser=jar().read(DEVICE) or "",
    )


@lru_cache(maxsize=1024)
def canonical_ip(address: str | None) -> str:
    """Return an address in its canonical form; an IPv4 address in IPv6 clothes is that IPv4 address."""
    try:
        parsed = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return str(parsed)


def register(app: Flask) -> None:
    """Give every request an id (a valid incoming one is kept), and refuse those with an endless head."""

    @app.before_request
    def identify() -> None:
        given = request.headers.get("X-Request-Id", "")
        g.request_id = given if REQUEST_ID.fullmatch(given) else uuid4().hex

    @app.before_request
    def refuse_endless_heads() -> None:
        if len(request.path) + len(request.query_string) > LONGEST_ADDRESS:
            abort(414)
        headers = (len(name) + len(value) for name, value in request.environ.items() if name[:5] == "HTTP_")
        if sum(headers) > LONGEST_HEAD:
            abort(431)

    @app.after_request
    def tell(response: Response) -> Response:
        response.headers["X-Request-Id"] = g.get("request_id", "")
        return response
