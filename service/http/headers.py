"""Headers every answer carries, errors included (OWASP secure headers; ASVS 5.0 section 3.4)."""

import secrets
from collections.abc import Mapping, Sequence

from flask import Flask, Response, g

from service.core.return_urls import ReturnUrls, origin_of

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Permissions-Policy": "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(),"
    " payment=(), usb=(), publickey-credentials-get=(self), publickey-credentials-create=(self)",
}
TWO_YEARS = "max-age=63072000; includeSubDomains"


def csp_nonce() -> str:
    """The nonce of this answer's own scripts."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    nonce: str = g.csp_nonce
    return nonce


def let_in(sources: Mapping[str, Sequence[str]]) -> None:
    """Let this page alone load from further sources, or its form lead there, named by directive."""
    g.csp_sources = {**g.get("csp_sources", {}), **sources}


def for_data(return_urls: ReturnUrls) -> list[tuple[str, str]]:
    """The headers of an answer that is no page."""
    always = ALWAYS | {"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'"}
    return list((always | _transport_security(return_urls)).items())


def register(app: Flask, return_urls: ReturnUrls, logo_url: str | None) -> None:
    """Set the headers; a page's policy lets it show what is ours and nothing else."""
    for_everything = for_data(return_urls)
    policy = _page_policy(return_urls, logo_url)
    policy_text = _with_sources(policy, {})

    @app.after_request
    def protect(response: Response) -> Response:
        if response.mimetype == "text/html":
            more = g.get("csp_sources", {})
            text = _with_sources(policy, more) if more else policy_text
            response.headers.setdefault("Content-Security-Policy", text.replace("{nonce}", csp_nonce()))
        said = {name.lower() for name, _ in response.headers}
        response.headers.extend([(name, value) for name, value in for_everything if name.lower() not in said])
        return response


def _page_policy(return_urls: ReturnUrls, logo_url: str | None) -> dict[str, str]:
    """`form-action` names the site's origins because the redirect after a form may lead there."""
    logo = origin_of(logo_url) if logo_url else None
    elsewhere = sorted(return_urls.allowed_origins - {return_urls.own_origin})
    return {
        "default-src": "'none'",
        "script-src": "'nonce-{nonce}'",
        "style-src": "'self'",
        "img-src": " ".join(["'self'", "data:", *([logo] if logo else [])]),
        "connect-src": "'self'",
        "frame-src": "'self'",
        "form-action": " ".join(["'self'", *elsewhere]),
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "object-src": "'none'",
    }


def _with_sources(policy: Mapping[str, str], more: Mapping[str, Sequence[str]]) -> str:
    """Write a policy, with what a page needs besides."""
    added = {name: " ".join([*filter(None, [policy.get(name)]), *sources]) for name, sources in more.items()}
    return "; ".join(f"{name} {value}" for name, value in {**policy, **added}.items())


def _transport_security(return_urls: ReturnUrls) -> dict[str, str]:
    if not return_urls.own_origin.startswith("https://"):
        return {}
    return {"Strict-Transport-Security": TWO_YEARS}
