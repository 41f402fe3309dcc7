"""Amazon SNS messages: whose they are, by a signature and a certificate from Amazon and from nowhere else.

https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
"""

import base64
import binascii
import re
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

import httpx2
from cryptography import x509
from cryptography.exceptions import InvalidSignature as WrongSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from service.adapters.mail_events.reading import require_recent, text
from service.core.errors import Unavailable
from service.core.service_errors import InvalidNotification

HOST = r"https://sns\.[a-z0-9-]{1,32}\.amazonaws\.com(?:\.cn)?"
CERTIFICATE = re.compile(rf"{HOST}/SimpleNotificationService-[A-Za-z0-9]{{1,64}}\.pem")
SUBSCRIPTION = re.compile(rf"{HOST}/\?[A-Za-z0-9=&%:_.-]{{1,2000}}")
NOTIFICATION_FIELDS = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
CONFIRMATION_FIELDS = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
HASHES = {"1": SHA1, "2": SHA256}
MOST_BYTES = 64 * 1024
TIMEOUT = 5.0  # seconds
MOST_CERTIFICATES = 8

Fetch = Callable[[str], bytes]


def fetch(url: str) -> bytes:
    """Read a small file over HTTPS, following nobody elsewhere. Raises `Unavailable`."""
    try:
        with httpx2.stream("GET", url, timeout=TIMEOUT, follow_redirects=False) as answer:
            if answer.status_code != 200:
                raise Unavailable
            return next(answer.iter_bytes(MOST_BYTES), b"")
    except httpx2.HTTPError as error:
        raise Unavailable from error


class SnsSignatures:
    """Check messages against Amazon's certificates, each fetched once. One fetch at a time: callers are strangers."""

    def __init__(self, read: Fetch) -> None:
        self._fetch = read
        self._fetching = threading.Lock()
        self._certificates: dict[str, x509.Certificate] = {}

    def require(self, message: dict[str, Any], now: datetime) -> None:
        """Raise `InvalidNotification` unless Amazon signed it lately, `Unavailable` where that cannot be told."""
        self._require_recent(message, now)
        hashing = HASHES.get(text(message, "SignatureVersion"))
        url = text(message, "SigningCertURL") or text(message, "SigningCertUrl")
        if hashing is None or not CERTIFICATE.fullmatch(url):
            raise InvalidNotification
        certificate = self._certificate(url)
        key = certificate.public_key()
        if not isinstance(key, RSAPublicKey):
            raise InvalidNotification
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise InvalidNotification
        try:
            signature = base64.b64decode(text(message, "Signature"), validate=True)
            # SHA-1 is what Amazon signs by default; a second message with the hash of a known one is out of reach
            key.verify(signature, signed_text(message), PKCS1v15(), hashing())
        except (WrongSignature, binascii.Error, ValueError) as error:
            raise InvalidNotification from error

    def confirm(self, message: dict[str, Any]) -> None:
        """Follow the link that confirms a subscription. Raises `InvalidNotification` and `Unavailable`."""
        url = text(message, "SubscribeURL")
        if not SUBSCRIPTION.fullmatch(url):
            raise InvalidNotification
        self._fetch(url)

    def _certificate(self, url: str) -> x509.Certificate:
        if url in self._certificates:
            return self._certificates[url]
        if not self._fetching.acquire(blocking=False):
            raise Unavailable
        try:
            certificate = x509.load_pem_x509_certificate(self._fetch(url))
        except ValueError as error:
            raise InvalidNotification from error
        finally:
            self._fetching.release()
        if len(self._certificates) >= MOST_CERTIFICATES:
            self._certificates.clear()
        self._certificates[url] = certificate
        return certificate

    @staticmethod
    def _require_recent(message: dict[str, Any], now: datetime) -> None:
        try:
            sent_at = datetime.fromisoformat(text(message, "Timestamp"))
        except ValueError as error:
            raise InvalidNotification from error
        if sent_at.tzinfo is None:
            raise InvalidNotification
        require_recent(str(int(sent_at.timestamp())), now)


def signed_text(message: dict[str, Any]) -> bytes:
    """Return what Amazon signs: names and values of certain fields, a line each."""
    fields = NOTIFICATION_FIELDS if message.get("Type") == "Notification" else CONFIRMATION_FIELDS
    present = [name for name in fields if message.get(name) is not None]
    return "".join(f"{name}\n{text(message, name)}\n" for name in present).encode("utf-8", "surrogatepass")
