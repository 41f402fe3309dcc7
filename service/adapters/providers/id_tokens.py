"""Checking what a provider has signed, more strictly than libraries do by themselves.

The algorithm, the issuer and the audience come from our configuration, never from the token (RFC 8725);
keys come from the issuer's own JWKS, never from a header; everything the token may leave out is listed here.
"""

import hashlib
import hmac
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, RSAKey

from service.adapters.providers.documents import KeptDocument
from service.core.errors import InvalidIdToken

LEEWAY = 60  # seconds
LONGEST_TOKEN = 16 * 1024
LONGEST_SUBJECT = 255  # OpenID Connect Core, section 2
LONGEST_KEY_ID = 256
MOST_KEYS = 20
SMALLEST_RSA = 2048  # bits
DIGESTS = {"RS256": hashlib.sha256, "ES256": hashlib.sha256}

Key = RSAKey | ECKey


@dataclass(frozen=True)
class Expected:
    """What a token must say. `issuers` and `audiences` hold at least one each; `algorithms` are asymmetric."""

    issuers: frozenset[str]
    audiences: frozenset[str]
    algorithms: tuple[str, ...]


@dataclass(frozen=True)
class Signatures:
    """Tells whether a provider has signed something."""

    keys: KeptDocument[tuple[Key, ...]]
    algorithms: tuple[str, ...]

    def claims(self, token: str) -> dict[str, Any]:
        """Return the claims of a compact JWS. Raises `InvalidIdToken` and `ProviderUnavailable`."""
        header = self._header(token)
        known = self.keys.get()
        candidates = _matching(known, header)
        if not candidates and "kid" in header:
            candidates = _matching(self.keys.fetch_again(known), header)
        for key in candidates:
            claims = self._verified(token, key)
            if claims is not None:
                return claims
        raise InvalidIdToken

    def _header(self, token: str) -> Mapping[str, Any]:
        if len(token) > LONGEST_TOKEN or not token.isascii():
            raise InvalidIdToken
        try:
            header = jws.extract_compact(token.encode("ascii")).headers()
        except (JoseError, ValueError, RecursionError) as error:
            raise InvalidIdToken from error
        key_id = header.get("kid", "")
        # a `crit` asks for extensions, of which we have none (RFC 7515, section 4.1.11)
        if header.get("alg") not in self.algorithms or "crit" in header:
            raise InvalidIdToken
        if not isinstance(key_id, str) or len(key_id) > LONGEST_KEY_ID:
            raise InvalidIdToken
        return header

    def _verified(self, token: str, key: Key) -> dict[str, Any] | None:
        registry = jws.JWSRegistry(algorithms=self.algorithms, strict_check_header=False)
        try:
            return dict(jwt.decode(token, key, algorithms=self.algorithms, registry=registry).claims)
        except (JoseError, ValueError, RecursionError):
            return None


def check_claims(claims: Mapping[str, Any], expected: Expected, now: Callable[[], float] = time.time) -> None:
    """Check who says it, to whom, about whom and when. Raises `InvalidIdToken`."""
    subject = claims.get("sub")
    good = claims.get("iss") in expected.issuers if isinstance(claims.get("iss"), str) else False
    good = good and _is_for_us(claims, expected.audiences)
    good = good and isinstance(subject, str) and 0 < len(subject) <= LONGEST_SUBJECT and subject.isprintable()
    if not good or not _is_of_now(claims, now()):
        raise InvalidIdToken


def check_nonce(claims: Mapping[str, Any], accepted: Iterable[str]) -> None:
    """Require one of the accepted nonces. Raises `InvalidIdToken`; nothing in a token can switch this off."""
    nonce = claims.get("nonce")
    if not isinstance(nonce, str) or not any(_same(nonce, expected) for expected in accepted):
        raise InvalidIdToken


def check_access_token(token: str, claims: Mapping[str, Any], access_token: str) -> None:
    """Compare `at_hash`, where there is one, with the access token that came along (OpenID Connect Core, 3.1.3.6)."""
    if "at_hash" not in claims:
        return
    algorithm = jws.extract_compact(token.encode("ascii")).headers().get("alg", "")
    digest = DIGESTS[algorithm](access_token.encode()).digest()
    expected = urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
    if not isinstance(claims["at_hash"], str) or not _same(claims["at_hash"], expected):
        raise InvalidIdToken


def usable_keys(document: Mapping[str, Any]) -> tuple[Key, ...]:
    """Return the signing keys of a JWKS, leaving out what is weak or of no use to us. Raises `ValueError`."""
    entries = document.get("keys")
    if not isinstance(entries, list):
        raise ValueError("no keys")
    found: list[Key] = []
    for entry in entries[:MOST_KEYS]:
        if isinstance(entry, dict) and entry.get("use", "sig") == "sig":
            found += _imported(entry)
    return tuple(found)


def _imported(entry: dict[str, Any]) -> list[Key]:
    public = {name: value for name, value in entry.items() if name not in ("d", "p", "q", "dp", "dq", "qi")}
    try:
        keys = KeySet.import_key_set({"keys": [public]}).keys
    except (JoseError, ValueError, TypeError, KeyError):
        return []
    return [
        key
        for key in keys
        if isinstance(key, ECKey) or (isinstance(key, RSAKey) and key.public_key.key_size >= SMALLEST_RSA)
    ]


def _matching(keys: Collection[Key], header: Mapping[str, Any]) -> list[Key]:
    """Keys that could have signed: by key id where the token names one, by kind of algorithm always."""
    kind = RSAKey if str(header["alg"]).startswith("RS") else ECKey
    named = [key for key in keys if isinstance(key, kind) and key.get("alg", header["alg"]) == header["alg"]]
    return [key for key in named if key.get("kid") == header["kid"]] if "kid" in header else named


def _is_for_us(claims: Mapping[str, Any], ours: frozenset[str]) -> bool:
    """One of ours is the audience; further ones, or another client's request, need an `azp` that is ours, too."""
    audience = claims.get("aud")
    audiences = [audience] if isinstance(audience, str) else audience
    if not isinstance(audiences, list) or not all(isinstance(one, str) for one in audiences):
        return False
    if ours.isdisjoint(audiences):
        return False
    party = claims.get("azp")
    return party in ours if isinstance(party, str) else party is None and len(audiences) == 1


def _is_of_now(claims: Mapping[str, Any], now: float) -> bool:
    expires, issued, starts = claims.get("exp"), claims.get("iat"), claims.get("nbf", 0)
    if not all(isinstance(at, int | float) and not isinstance(at, bool) for at in (expires, issued, starts)):
        return False
    return bool(expires > now - LEEWAY and issued <= now + LEEWAY and starts <= now + LEEWAY)  # type: ignore[operator]


def _same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode("utf-8", "surrogatepass"), right.encode("utf-8", "surrogatepass"))
