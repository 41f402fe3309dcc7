"""The people who can sign in at the stand-in, each a case the sign-in side has to tell apart."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from service.fake_provider.kinds import Kind


@dataclass(frozen=True)
class Person:
    """Somebody with an account. `email_verified` is the claim as it is sent: Apple sends texts, others booleans."""

    subject: str
    given_name: str = ""
    family_name: str = ""
    email: str | None = None
    email_verified: bool | str | None = True
    hosted_domain: str | None = None
    private_email: bool = False
    about: str = ""

    @property
    def name(self) -> str:
        return f"{self.given_name} {self.family_name}".strip()


CAST: dict[Kind, tuple[Person, ...]] = {
    Kind.GOOGLE: (
        Person(
            "117700000000000000001",
            "Ada",
            "Gmail",
            "ada.reader@gmail.com",
            about="A Gmail address. Google speaks for it.",
        ),
        Person(
            "117700000000000000002",
            "Ben",
            "Workspace",
            "ben@newsroom.example",
            hosted_domain="newsroom.example",
            about="A Workspace address, with the claim hd. Google speaks for it.",
        ),
        Person(
            "117700000000000000003",
            "Cleo",
            "Elsewhere",
            "cleo@mail.example",
            about="Verified once, at another mail provider. Google does not speak for it.",
        ),
        Person(
            "117700000000000000004",
            "Dan",
            "Unverified",
            "dan@mail.example",
            email_verified=False,
            about="An address Google has not verified.",
        ),
    ),
    Kind.APPLE: (
        Person(
            "001701.0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a01.0001",
            "Ada",
            "Apple",
            "ada.reader@icloud.com",
            email_verified="true",
            about="Shares the address. The name is sent the first time only.",
        ),
        Person(
            "001701.0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a02.0002",
            "Ben",
            "Hidden",
            "b4x7relay1@privaterelay.appleid.com",
            email_verified="true",
            private_email=True,
            about="Hide My Email: an address that forwards.",
        ),
        Person(
            "001701.0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a03.0003",
            "Cleo",
            "Managed",
            about="A managed account of a school: no address at all.",
        ),
        Person(
            "001701.0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a04.0004",
            "Dan",
            "Unverified",
            "dan@mail.example",
            email_verified="false",
            about='An address Apple has not verified: the text "false".',
        ),
    ),
    Kind.PLAIN: (
        Person("reader-1", "Ada", "Member", "ada@members.example", about="A verified address."),
        Person(
            "reader-2",
            "Ben",
            "Unverified",
            "ben@members.example",
            email_verified=False,
            about="An address that is not verified.",
        ),
        Person("reader-3", "Cleo", "Silent", about="No address at all."),
    ),
}


def own_person(kind: Kind, fields: Mapping[str, str]) -> Person:
    """Read the form for somebody else. The same address, or without one the same name, is the same account."""
    email = fields.get("email", "").strip() or None
    given_name, _, family_name = fields.get("name", "").strip().partition(" ")
    subject = _subject(kind, email or f"{given_name} {family_name}")
    verified = fields.get("verified") == "yes"
    hidden = kind is Kind.APPLE and email is not None and fields.get("hidden") == "yes"
    if hidden:
        email = f"{hashlib.sha256(subject.encode()).hexdigest()[:10]}@privaterelay.appleid.com"
    return Person(
        subject,
        given_name,
        family_name,
        email,
        email_verified=str(verified).lower() if kind is Kind.APPLE else verified,
        hosted_domain=fields.get("hosted_domain", "").strip() or None,
        private_email=hidden,
    )


def _subject(kind: Kind, seed: str) -> str:
    """Make a subject of the shape the kind uses."""
    digest = hashlib.sha256(seed.encode("utf-8", "replace")).hexdigest()
    if kind is Kind.GOOGLE:
        return f"1{int(digest, 16) % 10**20:020}"
    if kind is Kind.APPLE:
        return f"001999.{digest[:32]}.0000"
    return digest[:20]
