"""One question to a vendor: three seconds in all, no redirects, an answer that is a JSON object."""

from collections.abc import Container
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2

from service.adapters.calls import LONGEST_CALL, TIMEOUT, json_object, open_transport
from service.core.captcha import VerifierAway

AT_ONCE = 8


class Verifier:
    """Asks in a thread of its own: no time-out of a socket bounds a name that takes long to look up."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client = httpx2.Client(
            transport=open_transport(AT_ONCE), timeout=TIMEOUT, follow_redirects=False, trust_env=False
        )
        self._callers = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="captcha")

    def ask(self, *, statuses: Container[int] = (200,), **content: Any) -> dict[str, Any]:
        """Post `data=` or `json=`, and return what comes back. Raises `VerifierAway`."""
        call = self._callers.submit(self._client.post, self._url, **content)
        try:
            return json_object(call.result(timeout=LONGEST_CALL), statuses)
        except (TimeoutError, httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            call.cancel()
            raise VerifierAway(f"{type(error).__name__}: {error}") from error
