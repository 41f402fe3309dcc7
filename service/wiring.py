"""From settings to the assembled service. The only place that knows every part."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formataddr, parseaddr
from os import cpu_count
from pathlib import Path
from urllib.parse import urlsplit

from config.kinds import BreachCheck, MailUnknown, plain
from config.settings import Settings
from service.adapters.limits import LimitThrottles, open_throttles
from service.adapters.mail_events import VendorKeys, open_mail_events
from service.adapters.passwords.argon2id import Argon2id
from service.adapters.passwords.pool import HashPool
from service.adapters.transports import open_transport
from service.adapters.transports.devbox import DevMailbox
from service.adapters.transports.dkim_signature import DkimSigner
from service.adapters.transports.message import unsigned
from service.core.bounce_addresses import BounceAddresses
from service.core.brand import Brand, readable_ink
from service.core.mail import Transport, TransportTrouble
from service.core.mail_events import MailEvents
from service.core.passwords import PasswordPolicy
from service.core.ports import Prepare
from service.core.return_urls import ReturnUrls, origin_of
from service.core.tokens import Tokens
from service.delivery.addresses import domain_of, wire_mailbox
from service.delivery.letters import Letters
from service.delivery.trial import Trial
from service.delivery.worker import Worker
from service.flows import Flows, notices, password_reset, signup
from service.flows.accounts import Accounts
from service.flows.links import Links
from service.flows.login import Login
from service.flows.mail_timeline import MailTimeline
from service.flows.notices import Notices
from service.flows.password_change import PasswordChange
from service.flows.password_reset import PasswordReset
from service.flows.sessions import Sessions
from service.flows.signup import Signup
from service.flows.suppressions import Suppressions
from service.store.database import open_engine
from service.store.migrations import require_current
from service.store.store import SqlStore

TEMPLATES = Path(__file__).parent.parent / "templates"


@dataclass(frozen=True)
class Masthead:
    """The service without its web: everything a front end, the worker and the command line need."""

    settings: Settings
    store: SqlStore
    flows: Flows
    worker: Worker
    throttles: LimitThrottles
    transports: Sequence[Transport]
    brand: Brand
    return_urls: ReturnUrls
    dev_mailbox: DevMailbox
    mail_events: Mapping[str, MailEvents]
    trial: Trial
    signer: DkimSigner | None
    bounces: BounceAddresses | None

    def require_ready(self) -> None:
        """Raise `Unavailable` unless migrations are current and the database (and Redis, if set) answers."""
        require_current(self.store.engine)
        self.throttles.require_answer()

    def mail_troubles(self) -> list[str]:
        """Connect to every transport; say what is wrong with those that do not let us in."""
        troubles = []
        for transport in self.transports:
            try:
                transport.check()
            except TransportTrouble as trouble:
                troubles.append(f"{transport!r}: {trouble.answer}")
        return troubles


def utc_now() -> datetime:
    return datetime.now(UTC)


def assemble(settings: Settings) -> Masthead:
    """Build the service. Connects to nothing yet. Raises `ValueError` naming a setting a part cannot use."""
    store = SqlStore(open_engine(settings.database_url.get_secret_value()))
    return_urls = ReturnUrls(
        origin_of(settings.public_url) or settings.public_url, frozenset(settings.allowed_origins)
    )
    brand = Brand(
        settings.site_name,
        settings.site_url,
        settings.support_url,
        settings.logo_url,
        settings.accent_color,
        readable_ink(settings.accent_color),
    )
    redis_url = settings.redis_url.get_secret_value() if settings.redis_url else None
    throttles = open_throttles(redis_url, settings.rate_limits, settings.rate_limit_scale)
    flows = assemble_flows(settings, store, throttles, return_urls)
    letters = Letters(TEMPLATES, brand=brand, overrides=settings.templates_dir)
    signer, bounces = dkim_signer(settings), bounce_addresses(settings)
    transports = open_transports(settings, signer)
    sender = formataddr(parseaddr(settings.mail_from))
    worker = Worker(
        store=store,
        prepare=letter_book(flows),
        letters=letters,
        transports=transports,
        clock=utc_now,
        sender=sender,
        reply_to=settings.mail_reply_to,
        senders=settings.mail_senders,
        domain_senders=settings.mail_domain_senders,
        domain_rate=settings.mail_domain_rate,
        on_refusal=flows.suppressions.refused,
        bounces=bounces,
    )
    return Masthead(
        settings,
        store,
        flows,
        worker,
        throttles,
        transports,
        brand,
        return_urls,
        DevMailbox(),
        open_mail_events(vendor_keys(settings)),
        Trial(letters, transports, utc_now, sender, settings.mail_reply_to, bounces),
        signer,
        bounces,
    )


def open_transports(settings: Settings, signer: DkimSigner | None) -> list[Transport]:
    """Return the ways out, in order. Raises `ValueError` naming the setting."""
    sign = signer or unsigned
    try:
        return [open_transport(url.get_secret_value(), sign=sign) for url in settings.mail_urls]
    except ValueError as error:
        raise ValueError(f"AUTH_MAIL_URLS: {error}") from None


def dkim_signer(settings: Settings) -> DkimSigner | None:
    """Return who signs letters; None leaves it to the mail server. Raises `ValueError` naming the setting."""
    pem, selector = plain(settings.mail_dkim_private_key), settings.mail_dkim_selector
    if not pem or not selector:
        return None
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


def secrets_of(settings: Settings) -> list[bytes]:
    """Return the service's keys, newest first."""
    return [key.get_secret_value().encode() for key in settings.secret_keys]


def assemble_flows(
    settings: Settings, store: SqlStore, throttles: LimitThrottles, return_urls: ReturnUrls
) -> Flows:
    """Give every story what it needs."""
    tokens = Tokens(secrets_of(settings), utc_now)
    scheme = Argon2id(settings.argon2_time_cost, settings.argon2_memory_kib, settings.argon2_parallelism)
    passwords = HashPool(scheme, settings.hash_concurrency or cpu_count() or 1)
    policy = PasswordPolicy(
        min_length=settings.password_min_length,
        min_strength=settings.password_min_strength,
        refuse_common=settings.password_breach_check is BreachCheck.BUNDLED,
        site_words=(settings.site_name,),
    )
    links = Links(settings.public_url)
    sessions = Sessions(
        store, utc_now, settings.session_idle, settings.session_absolute, settings.session_short
    )
    signup = Signup(
        store,
        utc_now,
        tokens,
        passwords,
        policy,
        throttles,
        sessions,
        links,
        return_urls,
        settings.signup_ttl,
    )
    return Flows(
        signup=signup,
        login=Login(store, utc_now, passwords, throttles, sessions, signup),
        sessions=sessions,
        password_reset=PasswordReset(
            store,
            utc_now,
            tokens,
            passwords,
            policy,
            throttles,
            links,
            return_urls,
            settings.reset_ttl,
            tell_unknown=settings.mail_unknown is MailUnknown.ONCE_A_DAY,
            excluded_roles=frozenset(settings.reset_excluded_roles),
        ),
        password_change=PasswordChange(store, utc_now, passwords, policy, throttles),
        accounts=Accounts(store, utc_now, passwords, policy, settings.reset_ttl),
        notices=Notices(links),
        suppressions=Suppressions(store, utc_now),
        mail_timeline=MailTimeline(store, utc_now),
    )


def vendor_keys(settings: Settings) -> VendorKeys:
    """Return what proves that mail vendors speak."""
    return VendorKeys(
        mailgun=plain(settings.mail_events_mailgun_key),
        sendgrid=plain(settings.mail_events_sendgrid_key),
        postmark=plain(settings.mail_events_postmark_secret),
        ses_topics=settings.mail_events_ses_topic_arn,
    )


def letter_book(flows: Flows) -> Mapping[str, Prepare]:
    """Which story writes which kind of letter. A new letter is one line here and one folder of templates."""
    return {
        signup.LETTER: flows.signup.letter,
        password_reset.LETTER: flows.password_reset.letter,
        notices.PASSWORD_CHANGED: flows.notices.password_changed,
    }
