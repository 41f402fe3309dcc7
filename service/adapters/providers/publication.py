"""What an issuer publishes: its discovery document and its keys (OpenID Connect Discovery 1.0)."""

import logging
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx2

from service.adapters.calls import TIMEOUT, json_object
from service.adapters.providers.documents import KeptDocument
from service.adapters.providers.id_tokens import Key, usable_keys
from service.core.errors import ProviderUnavailable

logger = logging.getLogger(__name__)

ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Publication:
    """Fetched when first needed, then kept. Its issuer must be the one we are configured with."""

    def __init__(self, issuer: str, transport: httpx2.BaseTransport) -> None:
        self._issuer, self._transport = issuer, transport
        self.metadata: KeptDocument[dict[str, Any]] = KeptDocument(
            lambda: self._read_metadata(self._discover())
        )
        self.keys: KeptDocument[tuple[Key, ...]] = KeptDocument(self._fetch_keys)

    def check(self) -> datetime | None:
        """Fetch both anew; return the time by the issuer's clock, if it tells. Raises `ProviderUnavailable`."""
        try:
            answer = self._discover()
            keys = usable_keys(json_object(self._fetch(self._read_metadata(answer)["jwks_uri"])))
            if not keys:
                raise ValueError("no usable keys")
            told = answer.headers.get("Date")
            return parsedate_to_datetime(told) if told else None
        except (httpx2.HTTPError, ValueError) as error:
            raise ProviderUnavailable from error

    def fetch_object(self, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
        """Return the JSON object at one of the issuer's addresses. Raises `ProviderUnavailable`."""
        try:
            return json_object(self._fetch(url, headers))
        except (httpx2.HTTPError, ValueError) as error:
            raise ProviderUnavailable from error

    def _discover(self) -> httpx2.Response:
        return self._fetch(f"{self._issuer.rstrip('/')}/.well-known/openid-configuration")

    def _read_metadata(self, answer: httpx2.Response) -> dict[str, Any]:
        found = json_object(answer)
        if found.get("issuer") != self._issuer:
            about = {"event": "provider.mismatch", "issuer": self._issuer}
            logger.error("a provider's discovery names another issuer", extra=about)
            raise ValueError("another issuer")
        scheme = "https://" if self._issuer.startswith("https://") else "http"
        if not all(str(found.get(name, "")).startswith(scheme) for name in ENDPOINTS):
            raise ValueError("endpoints are missing, or less safe than their issuer")
        return found

    def _fetch_keys(self) -> tuple[Key, ...]:
        return usable_keys(json_object(self._fetch(self.metadata.get()["jwks_uri"])))

    def _fetch(self, url: str, headers: Mapping[str, str] | None = None) -> httpx2.Response:
        with httpx2.Client(transport=self._transport, timeout=TIMEOUT) as client:
            return client.get(url, headers=headers)
