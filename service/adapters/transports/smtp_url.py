"""What an SMTP URL says: where the server is, who we are to it, how the connection is protected."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl, unquote, urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Protection(StrEnum):
    """How a connection is protected. There is no "TLS if the server likes": that is no protection."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


DEFAULT_PORTS = {Protection.NONE: 25, Protection.STARTTLS: 587, Protection.IMPLICIT: 465}


@dataclass(frozen=True)
class SmtpServer:
    """A mail server as the operator described it. `ca` is a file of certificates trusted for it alone."""

    host: str
    port: int
    protection: Protection
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    ca: str | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"

    def tls_context(self) -> ssl.SSLContext | None:
        """Return the context that checks the server's certificate and name, None for plain connections."""
        if self.protection is Protection.NONE:
            return None
        try:
            return ssl.create_default_context(cafile=self.ca)
        except OSError as error:
            raise ValueError(f"cannot read the certificates at ca={self.ca}: {error}") from None


def parse_smtp_url(url: str) -> SmtpServer:
    """Read `smtp://user:password@host:587?tls=starttls`, `smtps://...` or a plain `smtp://host:25`.

    Options: `tls` (`starttls`, `none`) and `ca`, a file of certificates. Credentials are refused on an
    unprotected connection to another machine unless the URL says `tls=none`. Raises `ValueError`, whose
    message never repeats the URL: it holds a password.
    """
    parts = urlsplit(url)
    try:
        port, host = parts.port, parts.hostname
    except ValueError:
        raise ValueError("the port is not a number (write / ? # @ : in a password as %XX)") from None
    if not host or parts.path not in ("", "/") or parts.fragment:
        raise ValueError("expected smtp://user:password@host:port (write / ? # @ : in a password as %XX)")
    options = _options(parts.query)
    protection = _protection(parts.scheme, options)
    user, password = _credential(parts.username), _credential(parts.password)
    if (user is None) != (password is None):
        raise ValueError("a user needs a password and a password a user")
    if user and protection is Protection.NONE and "tls" not in options and host not in LOOPBACK:
        raise ValueError("credentials would travel in clear: add ?tls=starttls (or insist with ?tls=none)")
    if options.get("ca") and protection is Protection.NONE:
        raise ValueError("ca needs tls=starttls or smtps://")
    return SmtpServer(host, port or DEFAULT_PORTS[protection], protection, user, password, options.get("ca"))


def _options(query: str) -> Mapping[str, str]:
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
    except ValueError:
        raise ValueError("the options after ? must read name=value") from None
    options = dict(pairs)
    unknown = options.keys() - {"tls", "ca"}
    if unknown or len(options) < len(pairs):
        raise ValueError("the options are tls and ca, each once")
    return options


def _protection(scheme: str, options: Mapping[str, str]) -> Protection:
    wish = options.get("tls")
    if scheme == "smtps":
        if wish is not None:
            raise ValueError("smtps:// is TLS from the first byte: leave tls out")
        return Protection.IMPLICIT
    if wish not in (None, Protection.NONE, Protection.STARTTLS):
        raise ValueError("tls is starttls or none")
    return Protection(wish or Protection.NONE)


def _credential(quoted: str | None) -> str | None:
    if quoted is None:
        return None
    plain = unquote(quoted)
    if not plain or not plain.isascii() or not plain.isprintable():
        raise ValueError("user and password must be printable ASCII")
    return plain
