"""Have I Been Pwned, asked over the network: it learns five digits of a hash that over a thousand passwords share.

A sign-up never fails because of it: when it cannot be asked within a second, the answer is no, the log says why, and
for half a minute nobody asks again.
"""

import logging
import time
from concurrent.futures import ThreadPoolExecutor

import httpx2

from service import __version__
from service.adapters.breach.ranges import LONGEST_RANGE, cut, holds
from service.adapters.calls import trusted

log = logging.getLogger(__name__)
LONGEST_WAIT = 1.0  # seconds, for everything: a name server that is silent counts as well
PAUSE = 30.0  # seconds after a failure
AT_ONCE = 8
HEADERS = {
    "User-Agent": f"Masthead/{__version__}",
    "Add-Padding": "true",
    "Accept": "text/plain",
    "Accept-Encoding": "identity",  # so that the answer's size is what we read
}
EVERYBODYS = "password"


class BreachListAway(Exception):
    """The service cannot be asked, or says something that is no range. The text is for the log."""


class RangeService:
    """The ranges behind an address. Redirects are not followed; certificates are checked."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._client = httpx2.Client(
            transport=httpx2.HTTPTransport(verify=trusted()),  # no proxy of the environment's
            headers=HEADERS,
            timeout=LONGEST_WAIT,
        )
        self._threads = ThreadPoolExecutor(AT_ONCE, "breach")
        self._away_until = 0.0

    def __str__(self) -> str:
        return self._url

    def knows(self, password: str) -> bool:
        if time.monotonic() < self._away_until:
            return False
        try:
            return self._ask(password)
        except BreachListAway as error:
            self._away_until = time.monotonic() + PAUSE
            log.warning("breach_list_away", extra={"cause": str(error)})
            return False

    def check(self) -> None:
        """Ask now for a password that every list has. Raises `BreachListAway`."""
        if not self._ask(EVERYBODYS):
            raise BreachListAway("does not know the commonest password")

    def _ask(self, password: str) -> bool:
        prefix, suffix = cut(password)
        answer = self._threads.submit(self._fetch, prefix, time.monotonic() + LONGEST_WAIT)
        try:
            return holds(answer.result(LONGEST_WAIT), suffix)
        except TimeoutError as error:
            answer.cancel()
            raise BreachListAway(f"no answer within {LONGEST_WAIT:g} s") from error
        except httpx2.HTTPError as error:
            # The text of an error may hold the address, and with it a part of the password's hash.
            raise BreachListAway(type(error).__name__) from error
        except ValueError as error:
            raise BreachListAway(str(error)) from error

    def _fetch(self, prefix: str, deadline: float) -> bytes:
        """Read one range on a thread of its own, which ends by itself soon after nobody waits for it any more."""
        body = bytearray()
        with self._client.stream("GET", f"{self._url}/{prefix}") as answer:
            if answer.status_code != 200:
                raise ValueError(f"status {answer.status_code}")
            for chunk in answer.iter_raw():
                body += chunk
                if len(body) > LONGEST_RANGE or time.monotonic() > deadline:
                    raise ValueError("too long or too slow")
        return bytes(body)
