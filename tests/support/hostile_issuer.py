"""The stand-in provider turned against its client: every answer can be changed before it is sent."""

from collections.abc import Callable
from typing import Any

from joserfc.jwk import RSAKey

from service.fake_provider.authorization import AuthorizationRequest
from service.fake_provider.issuer import Issuer, Json
from service.fake_provider.ledger import Grant
from service.fake_provider.people import CAST, Person
from tests.support.forged_tokens import Key, token

Mutation = Callable[[Json], Any]


class HostileIssuer(Issuer):
    """An issuer whose answers pass through `mutations`, and which offers `person` before its own cast."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.person = CAST[self.kind][0]
        self.mutations: dict[str, Mutation] = {}
        self.revoked: list[str] = []

    def people(self) -> tuple[Person, ...]:
        return (self.person, *(person for person in CAST[self.kind] if person.subject != self.person.subject))

    def discovery(self) -> Json:
        return self._mutated("discovery", super().discovery())

    def jwks(self) -> Json:
        return self._mutated("jwks", super().jwks())

    def claims(self, person: Person, request: AuthorizationRequest, access_token: str) -> Json:
        return self._mutated("claims", super().claims(person, request, access_token))

    def token_response(self, grant: Grant, *, refreshed: bool = False) -> Json:
        return self._mutated("token_response", super().token_response(grant, refreshed=refreshed))

    def userinfo(self, grant: Grant) -> Json:
        return self._mutated("userinfo", super().userinfo(grant))

    def answer(self, person: Person, request: AuthorizationRequest) -> dict[str, str]:
        return self._mutated("answer", super().answer(person, request))

    def sign(self, claims: Json) -> str:
        header = self._mutated("header", self.header())
        return token(header, claims, self.key_for(header))

    def revoke(self, token: str) -> None:
        self.revoked.append(token)
        super().revoke(token)

    def header(self) -> Json:
        return {"alg": "RS256", "kid": self.keys[0].kid, "typ": "JWT"}

    def key_for(self, header: Json) -> Key:
        """The key a liar would use: none for alg none, the client's secret for HS256."""
        algorithm = str(header.get("alg"))
        if algorithm.lower() == "none":
            return None
        if algorithm.startswith("HS"):
            return (self.client.secret or "").encode()
        return private_key(self.keys[0])

    def _mutated(self, name: str, answer: dict[str, Any]) -> dict[str, Any]:
        """Let a mutation change the answer in place, or return another dictionary instead."""
        changed = self.mutations[name](answer) if name in self.mutations else None
        return changed if isinstance(changed, dict) else answer


def private_key(key: RSAKey) -> Key:
    private = key.private_key
    assert private is not None
    return private
