"""What `flask doctor` looks at for sign-in with other providers."""

from datetime import UTC, datetime, timedelta

from service.adapters.providers.openid import OpenIdProvider
from service.core.errors import ProviderUnavailable
from service.wiring import Masthead
from service.wiring.basics import utc_now

MOST_SKEW = timedelta(seconds=30)


def provider_troubles(service: Masthead) -> list[str]:
    """Say what is wrong: credentials of an odd shape, an issuer that is away or another one, a clock that is off."""
    return [
        f"{provider.label}: {trouble}"
        for provider in service.providers
        for trouble in [*provider.credential_troubles(), *_answers(provider, utc_now())]
    ]


def redirect_addresses(service: Masthead) -> list[str]:
    """What must be registered at each provider, to the letter."""
    return [f"{provider.label}: {provider.registration.redirect_uri}" for provider in service.providers]


def _answers(provider: OpenIdProvider, now: datetime) -> list[str]:
    try:
        theirs = provider.publication.check()
    except ProviderUnavailable as error:
        return [f"discovery or keys of {provider.registration.issuer} cannot be used ({error.__cause__})"]
    if theirs is not None and abs(theirs.astimezone(UTC) - now) > MOST_SKEW:
        return [f"its clock and ours differ by {abs(theirs - now).total_seconds():.0f} s: correct ours (NTP)"]
    return []
