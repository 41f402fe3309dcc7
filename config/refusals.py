"""What must not run outside development, and what `AUTH_ENV=test` lifts (`http-contract.md`, "Running it")."""

from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from config.kinds import Environment

if TYPE_CHECKING:
    from config.settings import Settings

LIFETIMES = (
    *("reset_ttl", "signup_ttl", "login_link_ttl", "email_change_ttl", "deletion_grace"),
    *("session_idle", "session_absolute", "session_short"),
)
SHORTEST = timedelta(minutes=1)


def refusals(settings: "Settings") -> list[str]:
    """Return a sentence for every setting that is refused, with its mend."""
    mistakes = []
    if (settings.mail_dkim_selector is None) != (settings.mail_dkim_private_key is None):
        mistakes.append(
            "AUTH_MAIL_DKIM_SELECTOR: signing takes it and AUTH_MAIL_DKIM_PRIVATE_KEY; set both or none"
        )
    if settings.development:
        return mistakes
    if not settings.secret_keys:
        mistakes.append("AUTH_SECRET_KEYS: set at least one key of 32 bytes or more: openssl rand -hex 32")
    mail = [urlsplit(url.get_secret_value()) for url in settings.mail_urls]
    if any(url.scheme == "devbox" for url in mail):
        mistakes.append(
            "AUTH_MAIL_URLS: the dev mailbox delivers nothing; give smtp:// or smtps:// addresses"
        )
    if settings.env is Environment.TEST:
        return mistakes
    if not settings.public_url.startswith("https://"):
        mistakes.append("AUTH_PUBLIC_URL: readers' passwords need https://; give the address readers use")
    if any(url.scheme == "smtp" and "tls=starttls" not in url.query for url in mail):
        mistakes.append(
            "AUTH_MAIL_URLS: letters carry links that open accounts; use smtps:// or ?tls=starttls"
        )
    if not settings.password_hibp_url.startswith("https://"):
        mistakes.append(
            "AUTH_PASSWORD_HIBP_URL: it learns a part of passwords' hashes; give an https:// address"
        )
    mistakes += [
        f"AUTH_{name.upper()}: nobody can use that in a few seconds; give at least 60"
        for name in LIFETIMES
        if getattr(settings, name) < SHORTEST
    ]
    if settings.processes > 1 and settings.redis_url is None:
        mistakes.append(
            "AUTH_REDIS_URL: several web processes need shared throttles; set it, or start one (WEB_CONCURRENCY=1)"
        )
    return mistakes
