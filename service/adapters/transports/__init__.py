"""Ways a letter can leave: one line per URL scheme, one file per way."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from service.adapters.transports.devbox import DEFAULT_FOLDER, DevboxTransport
from service.adapters.transports.message import Sign, unsigned
from service.adapters.transports.smtp import CONNECT_TIMEOUT, LETTER_TIMEOUT, SmtpTransport
from service.adapters.transports.smtp_url import parse_smtp_url
from service.core.mail import Transport


@dataclass(frozen=True)
class TransportOptions:
    """What a URL does not say: where the dev mailbox is, how long a mail server may take, who signs letters."""

    devbox: Path = DEFAULT_FOLDER
    connect_timeout: timedelta = CONNECT_TIMEOUT
    letter_timeout: timedelta = LETTER_TIMEOUT
    sign: Sign = unsigned


def _smtp(url: str, options: TransportOptions) -> Transport:
    return SmtpTransport(
        parse_smtp_url(url),
        connect_timeout=options.connect_timeout,
        letter_timeout=options.letter_timeout,
        sign=options.sign,
    )


def _devbox(url: str, options: TransportOptions) -> Transport:
    if url != "devbox:":
        raise ValueError("devbox: takes nothing more; its folder is a setting of its own")
    return DevboxTransport(options.devbox, sign=options.sign)


TRANSPORTS: dict[str, Callable[[str, TransportOptions], Transport]] = {
    "smtp": _smtp,
    "smtps": _smtp,
    "devbox": _devbox,
}


def open_transport(
    url: str,
    *,
    devbox: Path = DEFAULT_FOLDER,
    connect_timeout: timedelta = CONNECT_TIMEOUT,
    letter_timeout: timedelta = LETTER_TIMEOUT,
    sign: Sign = unsigned,
) -> Transport:
    """Return the transport a URL of `AUTH_MAIL_URLS` names. Nothing is connected yet.

    Raises `ValueError` saying what is wrong without repeating the URL, which may hold a password.
    """
    scheme, colon, _ = url.strip().partition(":")
    factory = TRANSPORTS.get(scheme.lower()) if colon else None
    if factory is None:
        raise ValueError(f"a mail URL begins with one of: {', '.join(f'{name}:' for name in TRANSPORTS)}")
    return factory(url.strip(), TransportOptions(devbox, connect_timeout, letter_timeout, sign))
