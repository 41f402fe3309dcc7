"""Make JSON Web Tokens by hand, so that header, claims and signature can contradict each other."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

Key = RSAPrivateKey | ec.EllipticCurvePrivateKey | bytes | None


def encoded(content: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def token(header: Mapping[str, Any], claims: Mapping[str, Any] | bytes, key: Key) -> str:
    """Sign with what the key can do, whatever the header says; without a key the signature is empty."""
    payload = claims if isinstance(claims, bytes) else json.dumps(claims).encode()
    content = f"{encoded(json.dumps(header).encode())}.{encoded(payload)}"
    return f"{content}.{encoded(signature(content.encode(), key))}"


def signature(content: bytes, key: Key) -> bytes:
    """RS256, ES256 or HS256 by the type of the key."""
    if isinstance(key, RSAPrivateKey):
        return key.sign(content, padding.PKCS1v15(), hashes.SHA256())
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(content, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)
    return hmac.digest(key, content, hashlib.sha256) if key is not None else b""


def with_broken_signature(whole: str) -> str:
    """Change one character in the middle of the signature."""
    content, _, sealed = whole.rpartition(".")
    middle = len(sealed) // 2
    other = "A" if sealed[middle] != "A" else "B"
    return f"{content}.{sealed[:middle]}{other}{sealed[middle + 1 :]}"
