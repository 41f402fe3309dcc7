"""The ways a letter can leave, in order, each with a memory of how it went lately."""

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from service.core.mail import DeliveryRefused, OutgoingMail, Transport, TransportTrouble
from service.core.ports import Clock

ENOUGH_SILENCE = 3  # letters in a row that found no server
FIRST_PAUSE = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(seconds=60)


@dataclass
class Way:
    """A transport with a circuit breaker.

    After a few letters in a row found nobody there, it is left alone for a while; then one letter tries, and
    opens it for all or doubles the pause. Trouble with one recipient or one letter does not count.
    """

    transport: Transport
    clock: Clock
    _silences: int = field(default=0, init=False)
    _pause: timedelta = field(default=FIRST_PAUSE, init=False)
    _again_at: datetime | None = field(default=None, init=False)
    _trying: bool = field(default=False, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    @property
    def again_at(self) -> datetime | None:
        """When the next letter may try; None while every letter may."""
        return self._again_at

    def admits(self) -> bool:
        """Tell whether a letter may try now. After a pause that is true for one of them."""
        with self._lock:
            if self._again_at is None:
                return True
            now = self.clock()
            if now < self._again_at:
                return False
            self._again_at, self._trying = now + self._pause, True
            return True

    def send(self, mail: OutgoingMail) -> str:
        """Hand the letter over. Raises `TransportTrouble` or `DeliveryRefused`, whatever goes wrong."""
        try:
            answer = self.transport.send(mail)
        except TransportTrouble as trouble:
            self._note(somebody_there=not trouble.about_server)
            raise
        except DeliveryRefused:
            self._note(somebody_there=True)
            raise
        except Exception as error:
            raise TransportTrouble(
                f"{type(error).__name__} in {self.transport!r}", may_have_left=True
            ) from error
        self._note(somebody_there=True)
        return answer

    def _note(self, *, somebody_there: bool) -> None:
        with self._lock:
            if somebody_there:
                self._silences, self._pause, self._again_at, self._trying = 0, FIRST_PAUSE, None, False
                return
            self._silences += 1
            closes = self._again_at is None and self._silences >= ENOUGH_SILENCE
            if closes or self._trying:  # letters that were under way when it closed say nothing new
                self._again_at, self._trying = self.clock() + self._pause, False
                self._pause = min(self._pause * 2, LONGEST_PAUSE)
