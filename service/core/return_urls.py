"""Where a reader may be sent afterwards: `next`, and nothing an attacker chose."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST_URL = 2000
# Browsers drop tabs and newlines and read "\" as "/": such a URL is not what it looks like.
SUSPICIOUS = re.compile(r"[\x00-\x20\x7f-\xa0\u2028\u2029\ud800-\udfff\\]")


def origin_of(url: str) -> str | None:
    """Return the origin of an absolute http(s) URL (RFC 6454), None for anything else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return None
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    default = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, default) else "")


@dataclass(frozen=True)
class ReturnUrls:
    """The places `next` may name: paths of the service itself and pages of the site's origins."""

    own_origin: str
    allowed_origins: frozenset[str]

    def safe(self, url: str | None) -> str | None:
        """Return `url` when it may be followed, else None."""
        if not url or len(url) > LONGEST_URL or SUSPICIOUS.search(url):
            return None
        if url.startswith("/"):
            return None if url.startswith("//") else url
        if not url.startswith(("http://", "https://")):
            return None
        origin = origin_of(url)
        return (
            url
            if origin is not None and (origin == self.own_origin or origin in self.allowed_origins)
            else None
        )
