"""From settings to the assembled service. The only place that knows every part."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from config.kinds import plain
from config.settings import Settings
from service import __version__
from service.adapters.limits import LimitThrottles, open_throttles
from service.adapters.mail_events import open_mail_events
from service.adapters.metrics import exposition
from service.adapters.providers.openid import OpenIdProvider
from service.adapters.tracing import open_tracing
from service.adapters.transports.devbox import DevMailbox
from service.adapters.vault import FernetVault
from service.core.bounce_addresses import BounceAddresses
from service.core.brand import Brand
from service.core.mail import Transport, TransportTrouble
from service.core.mail_events import MailEvents
from service.core.ports import Clock
from service.core.return_urls import ReturnUrls, origin_of
from service.core.tracing import Tracing
from service.delivery.gallery import Gallery
from service.delivery.letters import Letters
from service.delivery.trial import Trial
from service.delivery.worker import Worker
from service.flows import Flows
from service.languages import Languages, catalogue, choose
from service.stand_ins import StandIns
from service.store.database import open_engine
from service.store.migrations import require_current
from service.store.store import SqlStore
from service.wiring.basics import TEMPLATES, secrets_of, utc_now
from service.wiring.mail import bounce_addresses, dkim_signer, open_transports, sender, vendor_keys
from service.wiring.passwords import Blocklists, open_blocklists
from service.wiring.providers import assemble_providers
from service.wiring.stories import assemble_flows
from service.wiring.tools import open_tools
from service.wiring.worker import assemble_worker

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from service.adapters.transports.dkim_signature import DkimSigner


@dataclass(frozen=True)
class Masthead:
    """The service without its web: everything a front end, the worker and the command line need."""

    settings: Settings
    clock: Clock
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
    mail_events: Mapping[str, MailEvents]
    trial: Trial
    signer: "DkimSigner | None"
    bounces: BounceAddresses | None
    languages: Languages
    gallery: Gallery
    blocklists: Blocklists
    metrics: Callable[[], bytes]
    tracing: Tracing | None

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


def assemble(settings: Settings) -> Masthead:
    """Build the service. Connects to nothing yet. Raises `ValueError` naming a setting a part cannot use."""
    languages = choose(settings.default_locale, settings.locales)
    store = SqlStore(open_engine(settings.database_url.get_secret_value()))
    own_origin = origin_of(settings.public_url) or settings.public_url
    return_urls = ReturnUrls(own_origin, frozenset(settings.allowed_origins))
    brand = brand_of(settings)
    throttles = open_throttles(
        plain(settings.redis_url) or None, settings.rate_limits, settings.rate_limit_scale
    )
    stand_ins = StandIns(settings.public_url) if settings.stands_in else None
    providers = assemble_providers(settings, stand_ins)
    vault = FernetVault(secrets_of(settings))
    blocklists = open_blocklists(settings)
    tools = open_tools(settings, utc_now, store, throttles, return_urls, providers, vault, blocklists)
    flows = assemble_flows(settings, tools)
    letters = Letters(
        TEMPLATES, settings.templates_dir, brand, locales=languages.offered, translations=catalogue
    )
    signer, bounces = dkim_signer(settings), bounce_addresses(settings)
    transports = open_transports(settings, signer)
    tracing = open_tracing(plain(settings.otlp_endpoint), settings.public_url, __version__)
    worker = assemble_worker(settings, utc_now, store, flows, letters, transports, providers, vault, tracing)
    return Masthead(
        settings=settings,
        clock=utc_now,
        store=store,
        flows=flows,
        worker=worker,
        throttles=throttles,
        transports=transports,
        brand=brand,
        return_urls=return_urls,
        dev_mailbox=DevMailbox(),
        providers=list(providers.values()),
        stand_ins=stand_ins.mounts if stand_ins else {},
        mail_events=open_mail_events(vendor_keys(settings)),
        trial=Trial(letters, transports, utc_now, sender(settings), settings.mail_reply_to, bounces),
        signer=signer,
        bounces=bounces,
        languages=languages,
        gallery=Gallery(letters, languages.offered),
        blocklists=blocklists,
        metrics=exposition(store, utc_now),
        tracing=tracing,
    )


def brand_of(settings: Settings) -> Brand:
    """The publisher, as pages and letters show them."""
    return Brand(
        settings.site_name,
        settings.site_url,
        settings.support_url,
        settings.logo_url,
        settings.accent_color,
    )
