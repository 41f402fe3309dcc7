"""Google, Apple and the others, as the settings name them."""

from collections.abc import Iterator

from config.settings import Settings
from service.adapters.providers import ProviderSettings, open_provider
from service.adapters.providers.openid import OpenIdProvider, Registration
from service.flows.links import Links
from service.stand_ins import StandIns


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
