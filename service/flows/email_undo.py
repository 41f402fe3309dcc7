"""The way back after a change of address, for whoever reads the mail of the old one.

If the change was not the owner's, somebody else knew the password or held a fresh session. So going back also
retires the password, what was linked or added since, every session and every link; the owner chooses a new password
by mail.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from service.core.errors import ExpiredToken, InvalidToken
from service.core.ports import Clock, Store, Throttles, UnitOfWork
from service.core.throttles import Rule
from service.core.tokens import Purpose, Tokens
from service.core.values import EmailUndo, Letter, OutboxRow, Outcome, User, Visit, new_id
from service.flows import notices
from service.flows.identities import revoke
from service.flows.links import Links
from service.flows.notices import circumstances, tell
from service.flows.ways_in import forget_factors_since

CHANGED = "email_changed"
RESTORED = "email_restored"
LIFETIME = timedelta(days=7)


def offer_undo(uow: UnitOfWork, before: User, *, at: datetime, visit: Visit) -> None:
    """Tell the old mailbox of the change, with a link back; one that was never proven gets neither."""
    if not before.email_verified or before.email is None or before.canonical is None:
        return
    # the link's week begins when its letter leaves, which may take as long as a notice is tried
    expires_at = at + LIFETIME + notices.LIFETIME
    undo = EmailUndo(new_id(), before.id, before.email, before.canonical, at, expires_at)
    uow.addresses.keep_for_undo(undo)
    tell(uow, before, CHANGED, at=at, visit=visit, undo=undo.id.hex)


@dataclass(frozen=True)
class EmailUndoing:
    """Look at the link back, and take it."""

    store: Store
    clock: Clock
    tokens: Tokens
    throttles: Throttles
    links: Links

    def changed_letter(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        """Tell the old address, with the link back as long as there is one."""
        undo = uow.addresses.undo(UUID(row.context["undo"]))
        if undo is None:
            return Outcome.SUPERSEDED
        token = self.tokens.sign(Purpose.EMAIL_UNDO, {"undo": undo.id.hex}, at=signed_at)
        more = {"undo_link": self.links.undo_email(token), "days": LIFETIME.days}
        return Letter(CHANGED, row.address, row.context["locale"], circumstances(row) | more)

    def restored_letter(self, row: OutboxRow, uow: UnitOfWork, signed_at: datetime) -> Letter | Outcome:
        """Tell the mailbox that got its account back, and the one that lost it."""
        mine = row.context["mine"] == "yes"
        more = {"mine": mine, "forgot_link": self.links.forgot_password() if mine else None}
        return Letter(RESTORED, row.address, row.context["locale"], circumstances(row) | more)

    def check(self, token: str) -> str:
        """Look at a link without using it; return the address it brings back.

        Raises `InvalidToken` or `ExpiredToken`.
        """
        return self._offered(token).email

    def undo(self, *, token: str, visit: Visit) -> str:
        """Bring the old address back and return it; only its mailbox opens the account now.

        Raises `InvalidToken`, `ExpiredToken`, `RateLimited`, and `EmailTaken` when another account has got the
        address since.
        """
        self.throttles.take(Rule.TOKEN_PER_CLIENT, visit.network)
        offered, now = self._offered(token), self.clock()
        with self.store.write() as uow:
            before = uow.users.locked(offered.user_id)
            if before is None or not uow.addresses.take_undo(offered):
                raise InvalidToken
            revoke(uow, uow.identities.remove_since(offered.user_id, offered.changed_at), at=now)
            forget_factors_since(uow, offered.user_id, offered.changed_at)
            if not uow.addresses.restore(offered, at=now):
                raise InvalidToken
            uow.sessions.end_all(offered.user_id)
            uow.devices.forget(offered.user_id)
            restored = uow.users.by_id(offered.user_id)
            assert restored is not None
            tell(uow, restored, RESTORED, at=now, visit=visit, mine="yes")
            tell(uow, before, RESTORED, at=now, visit=visit, mine="no")
            uow.audit.record("email.change_undone", at=now, user_id=offered.user_id, visit=visit)
        return offered.email

    def _offered(self, token: str) -> EmailUndo:
        payload = self.tokens.read(Purpose.EMAIL_UNDO, token, lifetime=LIFETIME)
        try:
            undo_id = UUID(payload["undo"])
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidToken from error
        with self.store.read() as uow:
            undo = uow.addresses.undo(undo_id)
        if undo is None:
            raise InvalidToken
        if undo.expires_at <= self.clock():
            raise ExpiredToken
        return undo
