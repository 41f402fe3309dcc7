"""Signed tokens of our own: ES256 (RFC 7518) by joserfc."""

from functools import lru_cache
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet

LONGEST = 8192


class Es256Signer:
    """Keys on P-256, a signature of 64 bytes. The private part of a key travels as PEM."""

    algorithm = "ES256"

    def new_key(self) -> tuple[str, dict[str, Any], str]:
        key = ECKey.generate_key("P-256", private=True)
        kid = key.thumbprint()
        public = {"kid": kid, "use": "sig", "alg": self.algorithm}
        return kid, dict(key.as_dict(private=False)) | public, key.as_pem(private=True).decode()

    def sign(self, claims: dict[str, Any], *, kid: str, private: str, kind: str) -> str:
        header = {"alg": self.algorithm, "kid": kid, "typ": kind}
        return jwt.encode(header, claims, _opened(private), [self.algorithm])

    def read(self, token: str, keys: list[dict[str, Any]], *, kind: str) -> dict[str, Any] | None:
        if not token.isascii() or len(token) > LONGEST:
            return None
        try:
            found = jwt.decode(token, KeySet.import_key_set({"keys": keys}), [self.algorithm])
        except (JoseError, ValueError, TypeError, KeyError):
            return None
        return found.claims if found.header.get("typ") == kind else None


@lru_cache(maxsize=4)
def _opened(private: str) -> ECKey:
    """Read a key's PEM once: that takes longer than signing."""
    return ECKey.import_key(private)
