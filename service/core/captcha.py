"""Captchas: where one is asked for, what a page needs to show it, and what its answer is worth."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from service.core.values import Visit

LONGEST_TOKEN = 2048  # Turnstile's limit; nobody's tokens are longer


class Place(StrEnum):
    """What a captcha stands in front of. A sign-in link is asked for as a forgotten password is: by address."""

    SIGNUP = "signup"
    FORGOT = "forgot"
    LOGIN = "login"


class When(StrEnum):
    """Whether a place asks everybody, or those alone who behave like a robot."""

    ALWAYS = "always"
    SUSPICION = "suspicion"


class WhenAway(StrEnum):
    """What a place does while nobody can say whether an answer is right."""

    OPEN = "open"
    CLOSED = "closed"


@dataclass(frozen=True)
class Widget:
    """What a page needs to show a captcha.

    `field` is the form's field that brings the answer, `script` the vendor's, None where ours is enough.
    `sources` are what the page's policy must let in besides, by directive (Content Security Policy).
    """

    kind: str
    field: str
    site_key: str = ""
    script: str | None = None
    sources: Mapping[str, tuple[str, ...]] = dataclasses.field(default_factory=dict)


@dataclass(frozen=True)
class Solved:
    """A right answer: `key` is what may come once, and `lifetime` how long it could come again."""

    key: str = dataclasses.field(repr=False)
    lifetime: timedelta


class VerifierAway(Exception):
    """Nobody can say whether an answer is right: the verifier is away or broken, or refuses our key."""


class Captcha(Protocol):
    """One kind of captcha."""

    @property
    def widget(self) -> Widget: ...

    def verify(self, token: str, place: Place, visit: Visit) -> Solved:
        """Look at an answer. Raises `CaptchaFailed`, and `VerifierAway` where the fault is not the answer's."""

    def check(self) -> None:
        """Ask the verifier whether it knows us. Raises `VerifierAway`, saying what is wrong."""

    def challenge(self) -> Mapping[str, object] | None:
        """Return a fresh task in the JSON its widget reads, None where the vendor hands them out."""
