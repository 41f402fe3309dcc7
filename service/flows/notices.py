"""Letters that tell an owner what was changed, so that they can undo what was not theirs."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from service.core.ports import UnitOfWork
from service.core.values import Letter, OutboxRow, Outcome, Priority, User, Visit
from service.flows.links import Links

PASSWORD_CHANGED = "password_changed"
PASSWORD_STOPPED = "password_stopped"
GRANT_ENDED = "grant_ended"
SECOND_FACTOR_CHANGED = "second_factor_changed"
LIFETIME = timedelta(days=3)


def tell_password_changed(uow: UnitOfWork, user: User, *, at: datetime, visit: Visit) -> None:
    """Put "your password was changed" into the outbox, in the commit that changes it."""
    tell(uow, user, PASSWORD_CHANGED, at=at, visit=visit)


def tell_second_factor(
    uow: UnitOfWork, user: User, change: str, *, at: datetime, visit: Visit | None, **more: str
) -> None:
    """Tell of a change to second factors or passkeys: `app_added`, `passkey_removed` and so on."""
    tell(uow, user, SECOND_FACTOR_CHANGED, at=at, visit=visit, change=change, **more)


def tell_password_stopped(uow: UnitOfWork, canonical: str, *, at: datetime, visit: Visit) -> None:
    """Have the worker tell whoever has an account at an address; that nobody has is found out there, not here."""
    uow.outbox.add(
        PASSWORD_STOPPED,
        address=canonical,
        canonical=canonical,
        at=at,
        expires_in=LIFETIME,
        priority=Priority.NOTICE,
        context={"locale": visit.locale},
    )


def tell(
    uow: UnitOfWork, user: User, letter: str, *, at: datetime, visit: Visit | None, **context: str | None
) -> None:
    """Put a notice about a change, with its time and place, into the outbox; an account without address gets none.

    `visit` is None for what no reader did, such as a provider's notification.
    """
    if user.email is None or user.canonical is None:
        return
    uow.outbox.add(
        letter,
        address=user.email,
        canonical=user.canonical,
        at=at,
        expires_in=LIFETIME,
        priority=Priority.NOTICE,
        user_id=user.id,
        context={
            "at": at.isoformat(),
            "device": visit.device if visit else None,
            "ip": visit.ip if visit else None,
            "locale": user.locale or (visit.locale if visit else "en"),
            "name": user.name,
            **context,
        },
    )


def circumstances(row: OutboxRow) -> dict[str, Any]:
    """What a notice says of a change: to whom, when, from which device and network address."""
    at = datetime.fromisoformat(row.context["at"])
    return {
        "name": row.context["name"],
        "when_text": at,  # written out in the language of the letter
        "device": row.context["device"],
        "ip": row.context["ip"],
    }


@dataclass(frozen=True)
class Notices:
    """Prepare the letters about changes. `labels` are the providers' names as readers know them."""

    links: Links
    labels: Mapping[str, str]

    def password_changed(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        """Say when and from where, and what to do if it was somebody else."""
        return self._letter(row, forgot_link=self.links.forgot_password())

    def password_stopped(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        """Say that guesses have stopped the password, and how to get another."""
        user = uow.users.by_address(row.canonical)
        if user is None:
            return Outcome.NO_ACCOUNT
        if user.disabled or not user.has_password:
            return Outcome.SUPERSEDED
        context = {"name": user.name, "forgot_link": self.links.forgot_password()}
        return Letter(row.letter, user.mailbox.email, user.locale or row.context["locale"], context)

    def identity_changed(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        """Say which provider was connected or disconnected, or brought the reader here first."""
        return self._letter(
            row,
            provider=self._label(row),
            account_link=self.links.sign_in_methods(),
            forgot_link=self.links.forgot_password(),
        )

    def second_factor_changed(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        """Say what was changed about the second factor or the passkeys, and what to do if it was somebody else."""
        passkey, left = row.context.get("passkey"), row.context.get("left")
        return self._letter(
            row,
            change=row.context["change"],
            passkey=passkey,
            left=int(left) if left is not None else None,
            account_link=self.links.passkeys() if passkey is not None else self.links.second_factor(),
            forgot_link=self.links.forgot_password(),
        )

    def grant_ended(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        """Say which service the reader was signed out of, because its key was used twice."""
        return self._letter(row, client=row.context["client"], forgot_link=self.links.forgot_password())

    def account_closed(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        """Tell staff that a provider's notification has closed an account."""
        context = {"user": row.context["user"], "provider": self._label(row)}
        return Letter(row.letter, row.address, "en", context)

    def _letter(self, row: OutboxRow, **context: str | int | None) -> Letter:
        return Letter(row.letter, row.address, row.context["locale"], circumstances(row) | context)

    def _label(self, row: OutboxRow) -> str:
        provider: str = row.context["provider"]
        return self.labels.get(provider, provider)
