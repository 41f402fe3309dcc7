"""From settings to the assembled service. The only place that knows every part."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formataddr, parseaddr
from os import cpu_count
from pathlib import Path
from typing import TYPE_CHECKING

from config.kinds import BreachCheck, MailUnknown
from config.settings import Settings
from service.adapters.limits import LimitThrottles, open_throttles
from service.adapters.passwords.argon2id import Argon2id
from service.adapters.passwords.pool import HashPool
from service.adapters.providers import ProviderSettings, open_provider
from service.adapters.providers.openid import OpenIdProvider, Registration
from service.adapters.providers.revocation import GrantRevocation
from service.adapters.transports import open_transport
from service.adapters.transports.devbox import DevMailbox
from service.adapters.vault import FernetVault
from service.core.brand import Brand, readable_ink
from service.core.identities import IdentityProvider, Vault
from service.core.mail import Transport, TransportTrouble
from service.core.passwords import PasswordPolicy
from service.core.ports import Prepare
from service.core.return_urls import ReturnUrls, origin_of
from service.core.tokens import Tokens
from service.delivery.gallery import Gallery
from service.delivery.letters import Letters
from service.delivery.worker import Worker
from service.flows import Flows, identities, notices, password_reset, proof, provider_events, signup
from service.flows.accounts import Accounts
from service.flows.linking import Linking
from service.flows.links import Links
from service.flows.login import Login
from service.flows.notices import Notices
from service.flows.password_change import PasswordChange
from service.flows.password_reset import PasswordReset
from service.flows.proof import Proof
from service.flows.provider_events import ProviderEvents
from service.flows.sessions import Sessions
from service.flows.signup import Signup
from service.flows.social import Social
from service.languages import Languages, catalogue, choose
from service.stand_ins import StandIns
from service.store.database import open_engine
from service.store.migrations import require_current
from service.store.store import SqlStore

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

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
    providers: Sequence[OpenIdProvider]
    stand_ins: Mapping[str, "WSGIApplication"]
    languages: Languages
    gallery: Gallery

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
    languages = choose(settings.default_locale, settings.locales)
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
    stand_ins = StandIns(settings.public_url) if settings.stands_in else None
    providers = assemble_providers(settings, stand_ins)
    vault = FernetVault(secrets_of(settings))
    flows = assemble_flows(settings, store, throttles, return_urls, providers, vault)
    try:
        transports = [open_transport(url.get_secret_value()) for url in settings.mail_urls]
    except ValueError as error:
        raise ValueError(f"AUTH_MAIL_URLS: {error}") from None
    letters = Letters(
        TEMPLATES, settings.templates_dir, brand, locales=languages.offered, translations=catalogue
    )
    worker = Worker(
        store=store,
        prepare=letter_book(flows),
        errands={identities.REVOKE: GrantRevocation(providers, vault)},
        letters=letters,
        transports=transports,
        clock=utc_now,
        sender=formataddr(parseaddr(settings.mail_from)),
        reply_to=settings.mail_reply_to,
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
        list(providers.values()),
        stand_ins.mounts if stand_ins else {},
        languages,
        Gallery(letters, languages.offered),
    )


def assemble_providers(settings: Settings, stand_ins: StandIns | None) -> dict[str, OpenIdProvider]:
    """Open the providers that are configured, in the order their buttons are shown. Raises `ValueError`."""
    try:
        opened = [open_provider(found) for found in configured_providers(settings)]
        if stand_ins is not None:
            opened += [open_provider(found, stand_ins.transport()) for found in stand_ins.settings()]
    except (ValueError, TypeError) as error:
        raise ValueError("AUTH_APPLE_PRIVATE_KEY: this is no private key that Apple gives out") from error
    return {provider.name: provider for provider in opened}


def configured_providers(settings: Settings) -> Iterator[ProviderSettings]:
    """Say how each provider is to be opened."""
    links = Links(settings.public_url)
    if settings.apple_client_id and settings.apple_private_key:
        registration = Registration(
            settings.apple_issuer,
            settings.apple_client_id,
            redirect_uri=links.provider_callback("apple"),
            native_clients=settings.apple_native_client_ids,
        )
        key = {
            "team_id": settings.apple_team_id,
            "key_id": settings.apple_key_id,
            "private_key": settings.apple_private_key.get_secret_value(),
        }
        yield ProviderSettings("apple", "apple", "Apple", registration, key)
    if settings.google_client_id and settings.google_client_secret:
        registration = Registration(
            settings.google_issuer,
            settings.google_client_id,
            settings.google_client_secret.get_secret_value(),
            links.provider_callback("google"),
            settings.google_native_client_ids,
        )
        domain = {"hosted_domain": settings.google_hosted_domain}
        yield ProviderSettings("google", "google", "Google", registration, domain)
    for one in settings.oidc_issuers:
        registration = Registration(
            one.issuer,
            one.client_id,
            one.client_secret.get_secret_value(),
            links.provider_callback(one.name),
        )
        yield ProviderSettings("openid", one.name, one.label, registration)


def secrets_of(settings: Settings) -> list[bytes]:
    """The service's secrets, newest first."""
    return [key.get_secret_value().encode() for key in settings.secret_keys]


def assemble_flows(
    settings: Settings,
    store: SqlStore,
    throttles: LimitThrottles,
    return_urls: ReturnUrls,
    providers: Mapping[str, IdentityProvider],
    vault: Vault,
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
    labels = {name: provider.label for name, provider in providers.items()}
    proof = Proof(store, utc_now, tokens, passwords, throttles, sessions, links, labels, settings.signup_ttl)
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
        notices=Notices(links, labels),
        social=Social(store, utc_now, providers, throttles, sessions, return_urls, vault, proof),
        proof=proof,
        linking=Linking(store, utc_now, labels),
        provider_events=ProviderEvents(store, utc_now, providers, staff_address(settings)),
    )


def staff_address(settings: Settings) -> str | None:
    """Where staff read mail, as far as the settings tell."""
    if settings.support_url.startswith("mailto:"):
        return settings.support_url.removeprefix("mailto:").partition("?")[0]
    return parseaddr(settings.mail_reply_to or "")[1] or None


def letter_book(flows: Flows) -> Mapping[str, Prepare]:
    """Which story writes which kind of letter. A new letter is one line here and one folder of templates."""
    return {
        signup.LETTER: flows.signup.letter,
        password_reset.LETTER: flows.password_reset.letter,
        notices.PASSWORD_CHANGED: flows.notices.password_changed,
        proof.LETTER: flows.proof.letter,
        identities.LINKED: flows.notices.identity_changed,
        identities.UNLINKED: flows.notices.identity_changed,
        identities.JOINED: flows.notices.identity_changed,
        provider_events.STAFF_NOTICE: flows.notices.account_closed,
    }
