"""What several stories share: made once, handed to each."""

from collections.abc import Mapping
from dataclasses import dataclass

from config import cores
from config.settings import Settings
from service.adapters import metrics
from service.adapters.limits import LimitThrottles, room
from service.adapters.passwords.pool import HashPool
from service.core.guesses import Patience
from service.core.identities import IdentityProvider, Vault
from service.core.ports import Clock
from service.core.return_urls import ReturnUrls
from service.core.throttles import Rule
from service.core.tokens import Tokens
from service.flows.captcha import Captchas
from service.flows.devices import Devices
from service.flows.links import Links
from service.flows.new_passwords import NewPasswords
from service.flows.password_check import PasswordCheck
from service.flows.sessions import Sessions
from service.store.store import SqlStore
from service.wiring.basics import secrets_of
from service.wiring.captcha import assemble_captchas
from service.wiring.passwords import Blocklists, new_passwords, schemes


@dataclass(frozen=True)
class Tools:
    """What several stories share."""

    clock: Clock
    store: SqlStore
    throttles: LimitThrottles
    captchas: Captchas
    return_urls: ReturnUrls
    providers: Mapping[str, IdentityProvider]
    vault: Vault
    tokens: Tokens
    passwords: HashPool
    new_passwords: NewPasswords
    links: Links
    sessions: Sessions
    check_password: PasswordCheck

    @property
    def labels(self) -> dict[str, str]:
        """The providers' names as readers know them."""
        return {name: provider.label for name, provider in self.providers.items()}


def open_tools(
    settings: Settings,
    clock: Clock,
    store: SqlStore,
    throttles: LimitThrottles,
    return_urls: ReturnUrls,
    providers: Mapping[str, IdentityProvider],
    vault: Vault,
    lists: Blocklists,
) -> Tools:
    """Make what stories share."""
    links = Links(settings.public_url)
    hashes = HashPool(
        schemes(settings),
        settings.hash_concurrency or cores.count(),
        cores=cores.allowed(),
        count=metrics.hashing.inc,
    )
    spans = (settings.session_idle, settings.session_absolute, settings.session_short)
    return Tools(
        clock,
        store,
        throttles,
        assemble_captchas(settings, clock, store, throttles, return_urls),
        return_urls,
        providers,
        vault,
        Tokens(secrets_of(settings), clock),
        hashes,
        new_passwords(settings, hashes, lists),
        links,
        Sessions(store, clock, *spans, Devices(throttles)),
        PasswordCheck(store, clock, hashes, throttles, _patience(settings)),
    )


def _patience(settings: Settings) -> Patience:
    """The pauses begin where the throttle's window ends, however wide it was set."""
    free = room(Rule.LOGIN_PER_ACCOUNT, settings.rate_limits, settings.rate_limit_scale)
    return Patience(free, max(1, round(Patience.most * settings.rate_limit_scale)))
