"""Sign in with Google (developers.google.com/identity/openid-connect) and its security events (RISC)."""

from collections.abc import Mapping
from typing import Any, ClassVar

import httpx2

from service.adapters.providers.notifications import read_notification, risc_events
from service.adapters.providers.openid import OpenIdProvider, Registration
from service.core.addresses import Address
from service.core.errors import InvalidIdToken
from service.core.identities import ExternalProfile, Notification

ISSUER = "https://accounts.google.com"
MAILBOXES = ("gmail.com", "googlemail.com")


class Google(OpenIdProvider):
    """`hosted_domain` admits the members of one Workspace only."""

    algorithms: ClassVar[tuple[str, ...]] = ("RS256",)

    def __init__(
        self,
        name: str,
        label: str,
        registration: Registration,
        transport: httpx2.BaseTransport,
        *,
        hosted_domain: str | None = None,
    ) -> None:
        super().__init__(name, label, registration, transport)
        self._hosted_domain = hosted_domain
        # a grant for offline use brings the refresh token by which it can be given back; `hd` is a hint for
        # Google's page, the claim is what counts
        hint = {"hd": hosted_domain} if hosted_domain else {}
        self.extra_parameters = {"access_type": "offline", **hint}

    def read_notification(self, body: str) -> Notification:
        """Read a security event token (RFC 8417); its issuer is Google's with a slash at the end."""
        return read_notification(
            self._signatures,
            body,
            issuers={f"{issuer}/" for issuer in self._issuers()},
            audiences={self.registration.client_id, *self.registration.native_clients},
            events=lambda claims: risc_events(claims, self.registration.issuer),
        )

    def credential_troubles(self) -> list[str]:
        """Compare with what Google's console hands out."""
        if self.registration.issuer != ISSUER:
            return []
        expected = {
            "AUTH_GOOGLE_CLIENT_ID should end in .apps.googleusercontent.com": self.registration.client_id.endswith(
                ".apps.googleusercontent.com"
            ),
            "AUTH_GOOGLE_CLIENT_SECRET should begin with GOCSPX-": self.registration.client_secret.startswith(
                "GOCSPX-"
            ),
        }
        return [trouble for trouble, fine in expected.items() if not fine]

    def _issuers(self) -> frozenset[str]:
        issuer = self.registration.issuer
        return (
            frozenset({issuer, issuer.removeprefix("https://")}) if issuer == ISSUER else frozenset({issuer})
        )

    def _authentication(self) -> str:
        return "client_secret_post"

    def _authoritative(self, claims: Mapping[str, Any], address: Address) -> bool:
        """Google runs Gmail and the mailboxes of a Workspace; every other address is only one it was told."""
        domain = address.canonical.rpartition("@")[2]
        return domain in MAILBOXES or (isinstance(claims.get("hd"), str) and bool(claims["hd"]))

    def _profile(
        self, claims: Mapping[str, Any], *, user: str = "", refresh_token: str | None = None
    ) -> ExternalProfile:
        if self._hosted_domain and claims.get("hd") != self._hosted_domain:
            raise InvalidIdToken
        return super()._profile(claims, user=user, refresh_token=refresh_token)
