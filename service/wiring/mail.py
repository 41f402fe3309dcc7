"""The ways letters take, who signs them, and where news of them comes from."""

from email.utils import formataddr, parseaddr
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from config.kinds import plain
from config.settings import Settings
from service.adapters.mail_events import VendorKeys
from service.adapters.transports import open_transport
from service.adapters.transports.message import unsigned
from service.core.bounce_addresses import BounceAddresses
from service.core.mail import Transport
from service.delivery.addresses import domain_of, wire_mailbox
from service.wiring.basics import secrets_of

if TYPE_CHECKING:
    from service.adapters.transports.dkim_signature import DkimSigner


def open_transports(settings: Settings, signer: "DkimSigner | None") -> list[Transport]:
    """Return the ways out, in order. Raises `ValueError` naming the setting."""
    sign = signer or unsigned
    try:
        return [open_transport(url.get_secret_value(), sign=sign) for url in settings.mail_urls]
    except ValueError as error:
        raise ValueError(f"AUTH_MAIL_URLS: {error}") from None


def sender(settings: Settings) -> str:
    """Return who letters are from, `Name <address>`."""
    return formataddr(parseaddr(settings.mail_from))


def dkim_signer(settings: Settings) -> "DkimSigner | None":
    """Return who signs letters; None leaves it to the mail server. Raises `ValueError` naming the setting."""
    pem, selector = plain(settings.mail_dkim_private_key), settings.mail_dkim_selector
    if not pem or not selector:
        return None
    from service.adapters.transports.dkim_signature import DkimSigner  # brings a whole resolver along

    domain = settings.mail_dkim_domain or domain_of(wire_mailbox(settings.mail_from))
    try:
        return DkimSigner(selector, domain, pem)
    except ValueError as error:
        raise ValueError(f"AUTH_MAIL_DKIM_PRIVATE_KEY: {error}") from None


def bounce_addresses(settings: Settings) -> BounceAddresses | None:
    """Return where bounces go, a letter each; None: to the sender."""
    if settings.mail_bounce_address is None:
        return None
    return BounceAddresses(settings.mail_bounce_address, secrets_of(settings))


def mail_hosts(settings: Settings) -> list[str]:
    """Return the names of the mail servers, in order."""
    hosts = [urlsplit(url.get_secret_value()).hostname for url in settings.mail_urls]
    return [host for host in hosts if host]


def vendor_keys(settings: Settings) -> VendorKeys:
    """Return what proves that mail vendors speak."""
    return VendorKeys(
        mailgun=plain(settings.mail_events_mailgun_key),
        sendgrid=plain(settings.mail_events_sendgrid_key),
        postmark=plain(settings.mail_events_postmark_secret),
        ses_topics=settings.mail_events_ses_topic_arn,
    )
