"""ID tokens that must not be believed: what is wrong with each, told through the browser's flow and by an app."""

import base64
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey

from tests.support.forged_tokens import token

OWN, ATTACKER = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())


def claims_of(id_token: str) -> dict[str, Any]:
    """What a token says, believed or not."""
    payload = id_token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))))


@dataclass(frozen=True)
class Lie:
    """Changes to an honest token. Values may be functions of the issuer; MISSING leaves a field out."""

    claims: Mapping[str, Any] = field(default_factory=dict)
    header: Mapping[str, Any] = field(default_factory=dict)
    key: Callable[[Any], Any] | None = None

    def told(self, issuer: Any, honest: str) -> str:
        said = {name: _value(value, issuer) for name, value in self.claims.items()}
        claims = {name: value for name, value in (claims_of(honest) | said).items() if value is not MISSING}
        header = issuer.issuer.header() | {name: _value(v, issuer) for name, v in self.header.items()}
        header = {name: value for name, value in header.items() if value is not MISSING}
        key = self.key(issuer) if self.key else issuer.issuer.key_for(issuer.issuer.header())
        return token(header, claims, key)


class _Missing:
    def __repr__(self) -> str:
        return "missing"


MISSING = _Missing()


def _value(value: Any, issuer: Any) -> Any:
    return value(issuer) if callable(value) else value


def now(seconds: int) -> Callable[[Any], int]:
    return lambda _: int(time.time()) + seconds


def pem(issuer: Any, form: PublicFormat = PublicFormat.SubjectPublicKeyInfo) -> bytes:
    return issuer.issuer.keys[0].public_key.public_bytes(Encoding.PEM, form)


def jwk_of(key: Any) -> dict[str, Any]:
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return dict(ECKey.import_key(public).as_dict(private=False))


SIGNATURES = {
    "OAC-08 none": Lie(header={"alg": "none"}, key=lambda _: None),
    "OAC-08 None": Lie(header={"alg": "None"}, key=lambda _: None),
    "OAC-08 NoNe": Lie(header={"alg": "NoNe"}, key=lambda _: None),
    "OAC-08 empty signature": Lie(key=lambda _: None),
    "OAC-08 no algorithm": Lie(header={"alg": MISSING}),
    "OAC-09 public key as PEM": Lie(header={"alg": "HS256"}, key=pem),
    "OAC-09 public key as PEM, stripped": Lie(header={"alg": "HS256"}, key=lambda i: pem(i).strip()),
    "OAC-09 public key as PKCS1": Lie(header={"alg": "HS256"}, key=lambda i: pem(i, PublicFormat.PKCS1)),
    "OAC-09 public key as JWK": Lie(header={"alg": "HS256"}, key=lambda i: json.dumps(i.public_jwk).encode()),
    "OAC-10 client secret": Lie(header={"alg": "HS256"}, key=lambda i: (i.client_secret or "x").encode()),
    "OAC-10 client secret without key id": Lie(
        header={"alg": "HS256", "kid": MISSING}, key=lambda i: (i.client_secret or "x").encode()
    ),
    "OAC-11 unknown algorithm and bad at_hash": Lie(header={"alg": "XY256"}, claims={"at_hash": "wrong"}),
    "OAC-11 algorithm is a list": Lie(header={"alg": ["RS256"]}),
    "OAC-11 algorithm is a number": Lie(header={"alg": 256}),
    "OAC-12 jwk": Lie(header={"jwk": jwk_of(ATTACKER), "alg": "ES256"}, key=lambda _: ATTACKER),
    "OAC-12 jwk, same key id": Lie(header={"jwk": jwk_of(ATTACKER)}, key=lambda _: OWN),
    "OAC-12 jku": Lie(header={"jku": lambda i: f"{i.url}/attacker-keys", "kid": "new"}, key=lambda _: OWN),
    "OAC-12 x5u": Lie(header={"x5u": lambda i: f"{i.url}/attacker-keys"}, key=lambda _: OWN),
    "OAC-12 x5c": Lie(header={"x5c": ["MIIB"]}, key=lambda _: OWN),
    "OAC-13 unknown crit": Lie(header={"crit": ["exp"], "exp": 1}),
    "OAC-13 made-up crit": Lie(header={"crit": ["https://attacker.example/ext"]}),
    "OAC-13 empty crit": Lie(header={"crit": []}),
    "OAC-13 crit b64": Lie(header={"crit": ["b64"], "b64": False}),
    "OAC-16 another key": Lie(key=lambda _: OWN),
    "OAC-16 another kind of key": Lie(header={"alg": "ES256"}, key=lambda _: ATTACKER),
    "OAC-14 key id is a number": Lie(header={"kid": 1}),
    "OAC-14 key id is null": Lie(header={"kid": None}),
    "OAC-14 key id is a path": Lie(header={"kid": "../../../../dev/null"}, key=lambda _: b""),
    "OAC-14 key id is SQL": Lie(header={"kid": "x' UNION SELECT 'a' --"}, key=lambda _: OWN),
    "OAC-14 key id is an address": Lie(header={"kid": lambda i: f"{i.url}/attacker-keys"}, key=lambda _: OWN),
    "OAC-14 key id of 10 KB": Lie(header={"kid": "x" * 10_000}),
    "OAC-14 no key id, another key": Lie(header={"kid": MISSING}, key=lambda _: OWN),
}
CLAIMS = {
    "OAC-04 no nonce": Lie({"nonce": MISSING}),
    "OAC-04 no nonce, not supported": Lie({"nonce": MISSING, "nonce_supported": False}),
    "OAC-04 wrong nonce": Lie({"nonce": "another"}),
    "OAC-04 wrong nonce, not supported": Lie({"nonce": "another", "nonce_supported": False}),
    "OAC-04 empty nonce": Lie({"nonce": ""}),
    "OAC-04 null": Lie({"nonce": None}),
    "OAC-04 list of nonces": Lie({"nonce": ["the-nonce-of-the-app"]}),
    "OAC-17 attacker": Lie({"iss": "https://attacker.example"}),
    "OAC-17 slash": Lie({"iss": lambda i: f"{i.url}/"}),
    "OAC-17 https": Lie({"iss": lambda i: i.url.replace("http:", "https:")}),
    "OAC-17 no scheme": Lie({"iss": lambda i: i.url.removeprefix("http://")}),
    "OAC-17 upper case": Lie({"iss": lambda i: i.url.upper()}),
    "OAC-17 the real Google": Lie({"iss": "https://accounts.google.com"}),
    "OAC-17 the real Apple": Lie({"iss": "https://appleid.apple.com"}),
    "OAC-17 missing": Lie({"iss": MISSING}),
    "OAC-17 list": Lie({"iss": lambda i: [i.url]}),
    "OAC-18 another client": Lie({"aud": "another", "azp": MISSING}),
    "OAC-18 another client, our azp": Lie({"aud": "another", "azp": lambda i: i.client_id}),
    "OAC-18 our audience, another azp": Lie({"azp": "another"}),
    "OAC-18 azp is a list": Lie({"azp": lambda i: [i.client_id]}),
    "OAC-18 extras without azp": Lie({"aud": lambda i: [i.client_id, "another"], "azp": MISSING}),
    "OAC-18 extras with another azp": Lie({"aud": lambda i: [i.client_id, "another"], "azp": "another"}),
    "OAC-18 missing": Lie({"aud": MISSING, "azp": MISSING}),
    "OAC-18 empty list": Lie({"aud": [], "azp": MISSING}),
    "OAC-18 object": Lie({"aud": lambda i: {i.client_id: 1}}),
    "OAC-18 prefix": Lie({"aud": lambda i: i.client_id[:-1], "azp": MISSING}),
    "OAC-19 over for 61 seconds": Lie({"exp": now(-61)}),
    "OAC-19 never over": Lie({"exp": MISSING}),
    "OAC-19 over, as text": Lie({"exp": lambda _: str(int(time.time()) + 600)}),
    "OAC-19 exp is true": Lie({"exp": True}),
    "OAC-19 exp is no number": Lie({"exp": float("nan")}),
    "OAC-19 no iat": Lie({"iat": MISSING}),
    "OAC-19 from the future": Lie({"iat": now(90)}),
    "OAC-19 not yet": Lie({"nbf": now(90)}),
    "OAC-19 nbf is text": Lie({"nbf": "now"}),
    "OAC-20 missing": Lie({"sub": MISSING}),
    "OAC-20 empty": Lie({"sub": ""}),
    "OAC-20 number": Lie({"sub": 117700000000000000001}),
    "OAC-20 list": Lie({"sub": ["117700000000000000001"]}),
    "OAC-20 300 characters": Lie({"sub": "1" * 300}),
    "OAC-20 NUL": Lie({"sub": "1177\x00"}),
    "OAC-20 half a character": Lie({"sub": "1177\ud800"}),
    "OAC-20 line break": Lie({"sub": "1177\n"}),
}
