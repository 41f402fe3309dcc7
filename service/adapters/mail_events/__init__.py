"""Vendors that tell of bounces and complaints: one line per vendor, one file per vendor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from service.adapters.mail_events.mailgun import Mailgun
from service.adapters.mail_events.postmark import Postmark
from service.adapters.mail_events.sendgrid import SendGrid
from service.adapters.mail_events.ses import Ses
from service.adapters.mail_events.sns import Fetch, fetch
from service.core.mail_events import MailEvents


@dataclass(frozen=True)
class VendorKeys:
    """What proves that a vendor speaks; a vendor without is not listened to. `fetch` reads SNS certificates."""

    mailgun: str = field(default="", repr=False)
    sendgrid: str = field(default="", repr=False)
    postmark: str = field(default="", repr=False)
    ses_topics: tuple[str, ...] = ()
    fetch: Fetch = fetch


VENDORS: dict[str, Callable[[VendorKeys], MailEvents | None]] = {
    "mailgun": lambda keys: Mailgun(keys.mailgun) if keys.mailgun else None,
    "postmark": lambda keys: Postmark(keys.postmark) if keys.postmark else None,
    "sendgrid": lambda keys: SendGrid(keys.sendgrid) if keys.sendgrid else None,
    "ses": lambda keys: Ses(keys.ses_topics, keys.fetch) if keys.ses_topics else None,
}


def open_mail_events(keys: VendorKeys) -> Mapping[str, MailEvents]:
    """Return the vendors that are listened to, by name. Raises `ValueError` naming a setting that is no key."""
    vendors = {name: open_vendor(keys) for name, open_vendor in VENDORS.items()}
    return {name: vendor for name, vendor in vendors.items() if vendor is not None}
