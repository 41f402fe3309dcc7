"""Any OpenID Connect issuer: code with PKCE, ID tokens, revocation. Google and Apple are this with their quirks.

A further provider needs no code when `AUTH_OIDC_<NAME>_*` describes it; one with quirks is a file like
`google.py` and a line in `service.adapters.providers`.
"""

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import httpx2
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client

from service.adapters.calls import TIMEOUT
from service.adapters.providers.id_tokens import (
    Expected,
    Signatures,
    check_access_token,
    check_claims,
    check_nonce,
)
from service.adapters.providers.publication import Publication
from service.core.addresses import Address, parse_own_address
from service.core.errors import InvalidIdToken, ProviderUnavailable, SignInRefused, ValidationFailed
from service.core.identities import ExternalProfile, Notification, Redemption
from service.core.mail import DeliveryRefused, TransportTrouble
from service.core.profile import LONGEST_NAME, accept_name
from service.core.service_errors import InvalidNotification

logger = logging.getLogger(__name__)

LONGEST_TOKEN = 4096


@dataclass(frozen=True)
class Registration:
    """How we are known to a provider. `native_clients` are our apps: further audiences of ID tokens."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    redirect_uri: str = ""
    native_clients: Collection[str] = ()


class OpenIdProvider:
    """An issuer found by its discovery document (OpenID Connect Discovery 1.0)."""

    algorithms: ClassVar[tuple[str, ...]] = ("RS256", "ES256")
    scope: ClassVar[str] = "openid email profile"
    extra_parameters: Mapping[str, str] = {}

    def __init__(
        self, name: str, label: str, registration: Registration, transport: httpx2.BaseTransport
    ) -> None:
        self.name, self.label, self.registration = name, label, registration
        self._transport = transport
        self.publication = Publication(registration.issuer, transport)
        self._signatures = Signatures(self.publication.keys, self.algorithms)

    def authorization_url(self, *, state: str, nonce: str, verifier: str) -> str:
        """Where the reader is sent: code, S256, state and nonce, and the scope we need."""
        with self._client() as client:
            url, _ = client.create_authorization_url(
                self.publication.metadata.get()["authorization_endpoint"],
                state=state,
                code_verifier=verifier,
                nonce=nonce,
                **self.extra_parameters,
            )
        return str(url).replace("+", "%20")  # Apple reads a plus as a plus

    def check_issuer(self, issuer: str | None) -> None:
        """Refuse an answer from another issuer, or without one where the provider promises it (RFC 9207)."""
        promised = (
            self.publication.metadata.get().get("authorization_response_iss_parameter_supported") is True
        )
        if issuer is None and not promised:
            return
        if issuer != self.registration.issuer:
            raise InvalidIdToken

    def redeem(self, redemption: Redemption) -> ExternalProfile:
        """Exchange a code for tokens and check them."""
        answer = self._exchange(redemption)
        token, access_token = answer.get("id_token"), answer.get("access_token")
        if not isinstance(token, str):
            raise InvalidIdToken  # libraries let a missing one pass
        if isinstance(access_token, str) and not _is_visible(access_token):
            raise InvalidIdToken
        claims = self._signatures.claims(token)
        check_claims(claims, self._expected(frozenset({self.registration.client_id})))
        check_nonce(claims, [redemption.nonce])
        if isinstance(access_token, str):
            check_access_token(token, claims, access_token)
            claims = self._completed(claims, access_token)
        refresh_token = answer.get("refresh_token")
        kept = (
            isinstance(refresh_token, str)
            and len(refresh_token) <= LONGEST_TOKEN
            and _is_visible(refresh_token)
        )
        return self._profile(claims, user=redemption.user, refresh_token=refresh_token if kept else None)

    def read_id_token(self, token: str, *, nonce: str | None) -> ExternalProfile:
        """Check a token that a page or one of our apps was given."""
        claims = self._signatures.claims(token)
        audiences = frozenset({self.registration.client_id, *self.registration.native_clients})
        check_claims(claims, self._expected(audiences))
        if nonce is not None or "nonce" in claims:
            check_nonce(claims, self._accepted_nonces(nonce) if nonce else [])
        return self._profile(claims)

    def read_notification(self, body: str) -> Notification:
        """Only some providers send any. Raises `InvalidNotification`."""
        raise InvalidNotification

    def revoke(self, refresh_token: str) -> str:
        """Give a grant back (RFC 7009). Raises `TransportTrouble` or `DeliveryRefused`."""
        try:
            endpoint = self.publication.metadata.get().get("revocation_endpoint")
            if not isinstance(endpoint, str):
                return "the provider has no revocation"
            with self._client() as client:
                hint = {"token_type_hint": "refresh_token"}
                answer = client.revoke_token(endpoint, token=refresh_token, **hint)
        except (httpx2.HTTPError, ProviderUnavailable) as error:
            raise TransportTrouble(type(error).__name__) from error
        if answer.status_code >= 500 or answer.status_code == 429:
            raise TransportTrouble(str(answer.status_code))
        if answer.status_code != 200:
            raise DeliveryRefused(str(answer.status_code))
        return "200"

    # what a provider with quirks says differently

    def credential_troubles(self) -> list[str]:
        """What looks wrong with what the operator gave us, before anybody is asked."""
        return []

    def _issuers(self) -> frozenset[str]:
        return frozenset({self.registration.issuer})

    def _secret(self) -> str:
        return self.registration.client_secret

    def _authentication(self) -> str:
        """How we show that we are the client: as the provider says, by header if it says nothing."""
        if not self.registration.client_secret:
            return "none"
        offered = self.publication.metadata.get().get(
            "token_endpoint_auth_methods_supported", ["client_secret_basic"]
        )
        basic = not isinstance(offered, list) or "client_secret_basic" in offered
        return "client_secret_basic" if basic else "client_secret_post"

    def _accepted_nonces(self, nonce: str) -> list[str]:
        return [nonce]

    def _verified(self, claims: Mapping[str, Any]) -> bool:
        return claims.get("email_verified") is True

    def _authoritative(self, claims: Mapping[str, Any], address: Address) -> bool:
        return False

    def _name(self, claims: Mapping[str, Any], user: str) -> str | None:
        return acceptable_name(claims.get("name"))

    # what all have in common

    def _expected(self, audiences: frozenset[str]) -> Expected:
        return Expected(self._issuers(), audiences, self.algorithms)

    def _profile(
        self, claims: Mapping[str, Any], *, user: str = "", refresh_token: str | None = None
    ) -> ExternalProfile:
        address = acceptable_address(claims.get("email"))
        verified = address is not None and self._verified(claims)
        return ExternalProfile(
            provider=self.name,
            issuer=self.registration.issuer,
            subject=claims["sub"],
            address=address,
            verified=verified,
            authoritative=verified and address is not None and self._authoritative(claims, address),
            name=self._name(claims, user),
            refresh_token=refresh_token,
        )

    def _completed(self, claims: dict[str, Any], access_token: str) -> dict[str, Any]:
        """Ask the userinfo endpoint for an address the ID token leaves out; it must speak of the same subject."""
        endpoint = self.publication.metadata.get().get("userinfo_endpoint")
        if "email" in claims or not isinstance(endpoint, str):
            return claims
        told = self.publication.fetch_object(endpoint, {"Authorization": f"Bearer {access_token}"})
        if told.get("sub") != claims["sub"]:
            raise InvalidIdToken
        return {name: told[name] for name in ("email", "email_verified", "name") if name in told} | claims

    def _exchange(self, redemption: Redemption) -> Mapping[str, Any]:
        try:
            with self._client() as client:
                answer = client.fetch_token(
                    self.publication.metadata.get()["token_endpoint"],
                    grant_type="authorization_code",
                    code=redemption.code,
                    redirect_uri=self.registration.redirect_uri,
                    code_verifier=redemption.verifier,
                )
            return dict(answer)
        except OAuthError as error:
            raise self._refusal(str(error.error)) from error
        except (httpx2.HTTPError, ValueError, TypeError, RecursionError) as error:
            raise ProviderUnavailable from error

    def _refusal(self, code: str) -> Exception:
        """Our fault or the operator's is not the reader's: only a refused grant is worth starting again for."""
        about = {"event": "provider.refused", "provider": self.name, "code": code[:40]}
        logger.error("a provider refused a code", extra=about)
        return SignInRefused() if code in ("invalid_grant", "access_denied") else ProviderUnavailable()

    def _client(self) -> OAuth2Client:
        return OAuth2Client(
            client_id=self.registration.client_id,
            client_secret=self._secret(),
            token_endpoint_auth_method=self._authentication(),
            revocation_endpoint_auth_method=self._authentication(),
            scope=self.scope,
            redirect_uri=self.registration.redirect_uri,
            code_challenge_method="S256",
            transport=self._transport,
            timeout=TIMEOUT,
        )


def _is_visible(token: str) -> bool:
    """Tokens are printable ASCII (RFC 6749, appendix A): nothing else fits into a header, or into UTF-8."""
    return token.isascii() and token.isprintable()


def acceptable_address(claim: object) -> Address | None:
    """Read an address a provider tells by the rules of our own; one we would not take is none."""
    if not isinstance(claim, str):
        return None
    try:
        return parse_own_address(claim)
    except ValidationFailed:
        return None


def acceptable_name(claim: object) -> str | None:
    """Return a name as we would take it from the reader, cut to length; None for what is no name."""
    if not isinstance(claim, str):
        return None
    try:
        return accept_name(claim[:LONGEST_NAME])
    except ValidationFailed:
        return None
