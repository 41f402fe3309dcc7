"""What a person who joins fills in, as it comes and once it is found good."""

from dataclasses import dataclass, field

from service.core.addresses import Address


@dataclass(frozen=True)
class SignupForm:
    """What a person who joins tells us. `newsletter_wording` is the sentence they said yes to, if any."""

    email: str
    password: str = field(repr=False)
    name: str | None = None
    locale: str | None = None
    newsletter_wording: str | None = None
    next: str | None = None
    captcha: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class AcceptedForm:
    """The same, once every field is found good."""

    address: Address
    password: str = field(repr=False)
    name: str | None
    locale: str | None
