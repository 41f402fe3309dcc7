"""Who else can tell who a reader is. A provider with quirks is a file beside these and a line in `OPENERS`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import httpx2

from service.adapters.calls import open_transport
from service.adapters.providers.apple import Apple
from service.adapters.providers.google import Google
from service.adapters.providers.openid import OpenIdProvider, Registration


@dataclass(frozen=True)
class ProviderSettings:
    """What an operator says of one provider. `options` are those of its kind, such as Apple's `team_id`."""

    kind: str
    name: str
    label: str
    registration: Registration
    options: Mapping[str, str | None] = field(default_factory=dict, repr=False)


Opener = Callable[..., OpenIdProvider]
OPENERS: Mapping[str, Opener] = {"google": Google, "apple": Apple, "openid": OpenIdProvider}


def open_provider(
    settings: ProviderSettings, transport: httpx2.BaseTransport | None = None
) -> OpenIdProvider:
    """Return the provider, ready to be asked. Nothing is fetched yet. Raises `ValueError` for a key that is none."""
    opener = OPENERS[settings.kind]
    return opener(
        settings.name,
        settings.label,
        settings.registration,
        transport or open_transport(),
        **settings.options,
    )
