"""The provider itself, without HTTP: what it says of itself, of a person, and how it signs that.

Every answer is made by a method of its own, so that a test can make a provider that lies.
"""

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from service.fake_provider.authorization import AuthorizationRequest
from service.fake_provider.clients import Client
from service.fake_provider.kinds import TRAITS, Kind
from service.fake_provider.ledger import ACCESS_LIFE, Grant, Ledger
from service.fake_provider.people import CAST, Person

Clock = Callable[[], datetime]
Json = dict[str, Any]
ID_TOKEN_LIFE = timedelta(hours=1)


def utc_now() -> datetime:
    return datetime.now(UTC)


def new_key() -> RSAKey:
    """Generate a signing key; its id is the thumbprint (RFC 7638)."""
    return RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)


class Issuer:
    """One provider with one client. `url` is the issuer exactly as tokens name it."""

    def __init__(
        self, kind: Kind, url: str, client: Client, *, key: RSAKey | None = None, clock: Clock = utc_now
    ) -> None:
        if kind is Kind.APPLE and client.public_key is None:
            raise ValueError("Apple's client needs a public key")
        if kind is Kind.GOOGLE and client.secret is None:
            raise ValueError("Google's client needs a secret")
        self.kind = kind
        self.traits = TRAITS[kind]
        self.url = url
        self.client = client
        self.clock = clock
        self.ledger = Ledger()
        self.keys = [key or new_key()]

    def rotate_keys(self) -> None:
        """Sign with a new key from now on; the keys before stay published."""
        self.keys = [new_key(), *self.keys]

    def people(self) -> tuple[Person, ...]:
        """Who is offered on the page."""
        return CAST[self.kind]

    def endpoint(self, name: str) -> str:
        return self.url.rstrip("/") + self.traits.paths[name]

    def discovery(self) -> Json:
        """The metadata of OpenID Connect Discovery 1.0, section 3."""
        names = {
            "authorization_endpoint": "authorize",
            "token_endpoint": "token",
            "userinfo_endpoint": "userinfo",
            "revocation_endpoint": "revoke",
            "jwks_uri": "jwks",
        }
        metadata: Json = {"issuer": self.url}
        metadata |= {key: self.endpoint(name) for key, name in names.items() if name in self.traits.paths}
        metadata |= {
            "response_types_supported": ["code"],
            "response_modes_supported": list(self.traits.response_modes),
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": list(self.traits.scopes),
            "token_endpoint_auth_methods_supported": self._client_authentication(),
            "code_challenge_methods_supported": ["S256"],
            "claims_supported": "iss sub aud exp iat nonce email email_verified".split(),
        }
        if self.traits.names_itself:
            metadata["authorization_response_iss_parameter_supported"] = True
        return metadata

    def risc_configuration(self) -> Json:
        """Google's metadata for security events: there the issuer ends with a slash."""
        return {"issuer": f"{self.url}/", "jwks_uri": self.endpoint("jwks")}

    def jwks(self) -> Json:
        return {"keys": [key.as_dict(private=False) for key in self.keys]}

    def answer(self, person: Person, request: AuthorizationRequest) -> dict[str, str]:
        """What the browser carries back after a yes. Apple adds the name, at the first time only."""
        code = self.ledger.write_code(Grant(person, request, self.clock()))
        answer = {"code": code, "state": request.state} | self._own_name()
        first = self.ledger.is_first(person)
        if self.kind is Kind.APPLE and first and (user := _apple_user(person, request.scope)):
            answer["user"] = json.dumps(user)
        return answer

    def refusal(self, error: str, description: str, state: str) -> dict[str, str]:
        """What the browser carries back after a no."""
        answer = {"error": error, "error_description": description, "state": state} | self._own_name()
        return {name: value for name, value in answer.items() if value}

    def token_response(self, grant: Grant, *, refreshed: bool = False) -> Json:
        """The answer of the token endpoint (OpenID Connect Core 3.1.3.3)."""
        access_token = self.ledger.write_access_token(grant, self.clock())
        response: Json = {
            "access_token": access_token,
            "token_type": "Bearer",
            "expires_in": int(ACCESS_LIFE.total_seconds()),
            "id_token": self.sign(self.claims(grant.person, grant.request, access_token)),
        }
        if grant.request.offline and not refreshed:
            response["refresh_token"] = self.ledger.write_refresh_token(grant)
        if self.kind is not Kind.APPLE:
            response["scope"] = " ".join(sorted(grant.request.scope))
        return response

    def claims(self, person: Person, request: AuthorizationRequest, access_token: str) -> Json:
        """The claims of an ID token."""
        now = int(self.clock().timestamp())
        claims: Json = {
            "iss": self.url,
            "sub": person.subject,
            "aud": self.client.client_id,
            "iat": now,
            "exp": now + int(ID_TOKEN_LIFE.total_seconds()),
            "nonce": request.nonce,
            "at_hash": _half_hash(access_token),
        }
        if self.kind is Kind.GOOGLE:
            claims["azp"] = self.client.client_id
        else:
            claims["auth_time"] = now
        if self.kind is Kind.APPLE:
            claims["nonce_supported"] = True
        return claims | self.personal_claims(person, request.scope)

    def personal_claims(self, person: Person, scope: frozenset[str]) -> Json:
        """What the scope lets the client know of a person."""
        claims: Json = {}
        if "email" in scope and person.email is not None:
            claims["email"] = person.email
            if person.email_verified is not None:
                claims["email_verified"] = person.email_verified
            if person.private_email:
                claims["is_private_email"] = "true"
        if person.hosted_domain and self.kind is Kind.GOOGLE:
            claims["hd"] = person.hosted_domain
        if "profile" in scope:
            names = {"name": person.name, "given_name": person.given_name, "family_name": person.family_name}
            claims |= {key: value for key, value in names.items() if value}
        return claims

    def userinfo(self, grant: Grant) -> Json:
        return {"sub": grant.person.subject} | self.personal_claims(grant.person, grant.request.scope)

    def sign(self, claims: Json) -> str:
        """Sign with the newest key."""
        return jwt.encode({"alg": "RS256", "kid": self.keys[0].kid}, claims, self.keys[0])

    def revoke(self, token: str) -> None:
        self.ledger.revoke(token)

    def _client_authentication(self) -> list[str]:
        public = self.client.secret is None and self.client.public_key is None
        return ["none"] if public else list(self.traits.client_authentication)

    def _own_name(self) -> dict[str, str]:
        return {"iss": self.url} if self.traits.names_itself else {}


def _apple_user(person: Person, scope: frozenset[str]) -> Json:
    user: Json = {}
    if "name" in scope and person.name:
        user["name"] = {"firstName": person.given_name, "lastName": person.family_name}
    if "email" in scope and person.email:
        user["email"] = person.email
    return user


def _half_hash(token: str) -> str:
    """`at_hash`: the left half of the SHA-256 (OpenID Connect Core 3.1.3.6)."""
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()[:16]).rstrip(b"=").decode()
