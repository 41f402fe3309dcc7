"""Long work in many short transactions, while readers go on signing in."""

from collections.abc import Callable
from time import sleep
from typing import TypeVar

from service.core.errors import Unavailable

T = TypeVar("T")
TRIES = 5
PAUSE = 1.0  # seconds before another try


def patiently(work: Callable[[], T]) -> T:
    """Do one transaction of it. Somebody may hold a row for longer than we wait for it."""
    for _ in range(TRIES - 1):
        try:
            return work()
        except Unavailable:
            sleep(PAUSE)
    return work()
