"""The errand that gives a grant back: done by the worker, tried again while the provider is away."""

from collections.abc import Mapping
from dataclasses import dataclass

from service.core.identities import IdentityProvider, Vault
from service.core.mail import DeliveryRefused
from service.core.values import OutboxRow


@dataclass(frozen=True)
class GrantRevocation:
    """Finds the provider and opens the token that an outbox row names."""

    providers: Mapping[str, IdentityProvider]
    vault: Vault

    def __call__(self, row: OutboxRow) -> str:
        """Revoke. Raises `TransportTrouble`, and `DeliveryRefused` for what nobody can revoke any more."""
        provider = self.providers.get(row.context["provider"])
        token = self.vault.unlock(row.context["token"])
        if provider is None or token is None:
            raise DeliveryRefused(
                "the provider is configured no more" if provider is None else "no key opens it"
            )
        return provider.revoke(token)
