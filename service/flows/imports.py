"""Bring accounts along from another system: made by the rules of all accounts, nobody is written to.

What is there already is never changed, so an import that broke off is run again and goes on where it was.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import partial

from service.core.errors import EmailTaken, FieldError, ValidationFailed
from service.core.imports import Account, Found, Refused, Unreadable
from service.core.ports import Clock, Store, UnitOfWork
from service.core.values import User, Visit
from service.flows.accounts import Accounts
from service.flows.trying_again import patiently

BATCH = 200
"""Accounts in one transaction: readers who sign in meanwhile wait for no more."""

IMPORT = "import"  # who has made an account, in the audit trail
FIRST_YEAR = 1970
TAKEN = FieldError("email", EmailTaken.code, EmailTaken.message)
NO_INSTANT = FieldError("created_at", "invalid_instant", "An account was made after 1969 and before now.")


@dataclass(frozen=True)
class Terms:
    """How an import is done.

    `verified` counts addresses as proven of which the source does not say; `without_unknown_passwords` takes accounts
    whose hash cannot be verified here without it; a `dry_run` changes nothing.
    """

    source: str
    verified: bool = False
    without_unknown_passwords: bool = False
    dry_run: bool = False


@dataclass
class Tally:
    """What became of the rows. `broken` says where an export ended before its end."""

    rows: int = 0
    made: int = 0
    without_password: int = 0
    already_here: int = 0
    refused: int = 0
    broken: str | None = None


class Outcome(Enum):
    MADE = auto()
    ALREADY_HERE = auto()
    TAKEN = auto()


@dataclass(frozen=True)
class Draft:
    """An account that is in no database yet, and the row it comes from."""

    found: Found
    user: User


@dataclass(frozen=True)
class Imports:
    """From the rows of an export to accounts."""

    store: Store
    clock: Clock
    accounts: Accounts

    def run(
        self,
        rows: Iterable[Found | Refused],
        terms: Terms,
        visit: Visit,
        *,
        tell: Callable[[Refused], object],
    ) -> Tally:
        """Take every row; `tell` hears of each that is refused. Raises `Unavailable`; running it again goes on."""
        import_ = _Import(self, terms, visit, tell)
        try:
            for row in rows:
                import_.take(row)
        except Unreadable as trouble:
            import_.tally.broken = str(trouble)
        import_.flush()
        return import_.tally

    def draft(self, account: Account, terms: Terms) -> User:
        """Judge a row by the rules of all accounts. Raises `ValidationFailed`."""
        password_hash, passwords = account.password_hash, self.accounts.new_passwords.passwords
        if (
            terms.without_unknown_passwords
            and password_hash is not None
            and not passwords.knows(password_hash)
        ):
            password_hash = None
        user = self.accounts.draft(
            email=account.email,
            password=None,
            password_hash=password_hash,
            name=account.name,
            locale=account.locale,
            roles=account.roles,
            verified=terms.verified if account.email_verified is None else account.email_verified,
        )
        made_at = account.created_at or user.created_at
        if made_at.year < FIRST_YEAR or made_at > user.created_at:
            raise ValidationFailed([NO_INSTANT])
        return replace(user, created_at=made_at)

    def keep(self, drafts: Sequence[Draft], terms: Terms, visit: Visit) -> list[Outcome]:
        """Add those that are new, in one transaction; nobody who has the address already is touched."""
        with self.store.read() if terms.dry_run else self.store.write() as uow:
            holders = uow.users.holders({draft.user.mailbox.canonical for draft in drafts})
            imported = uow.audit.made_by(IMPORT, list(holders.values()))
            by_us = {canonical: user_id in imported for canonical, user_id in holders.items()}
            outcomes = []
            for draft in drafts:
                canonical = draft.user.mailbox.canonical
                if canonical in by_us:
                    outcomes.append(Outcome.ALREADY_HERE if by_us[canonical] else Outcome.TAKEN)
                    continue
                by_us[canonical] = terms.dry_run or self._add(uow, draft, terms, visit)
                outcomes.append(Outcome.MADE if by_us[canonical] else Outcome.TAKEN)
            return outcomes

    def _add(self, uow: UnitOfWork, draft: Draft, terms: Terms, visit: Visit) -> bool:
        try:
            user = self.accounts.add(uow, draft.user, visit, by=IMPORT, source=terms.source)
        except EmailTaken:
            return False  # somebody joined while we looked
        if draft.found.account.disabled:
            self.accounts.set_disabled(uow, user.id, visit, IMPORT, disabled=True)
        return True


@dataclass
class _Import:
    """One run: what it has counted, and the accounts that wait for their transaction."""

    story: Imports
    terms: Terms
    visit: Visit
    tell: Callable[[Refused], object]
    tally: Tally = field(default_factory=Tally)
    waiting: list[Draft] = field(default_factory=list)

    def take(self, row: Found | Refused) -> None:
        self.tally.rows += 1
        if isinstance(row, Refused):
            self._refuse(row)
            return
        try:
            self.waiting.append(Draft(row, self.story.draft(row.account, self.terms)))
        except ValidationFailed as refusal:
            self._refuse(Refused.because(refusal.errors[0], row.number, row.account.email))
        if len(self.waiting) == BATCH:
            self.flush()

    def flush(self) -> None:
        drafts, self.waiting = self.waiting, []
        if not drafts:
            return
        outcomes = patiently(partial(self.story.keep, drafts, self.terms, self.visit))
        for draft, outcome in zip(drafts, outcomes, strict=True):
            if outcome is Outcome.TAKEN:
                self._refuse(Refused.because(TAKEN, draft.found.number, draft.found.account.email))
            elif outcome is Outcome.ALREADY_HERE:
                self.tally.already_here += 1
            else:
                self.tally.made += 1
                self.tally.without_password += not draft.user.has_password

    def _refuse(self, refused: Refused) -> None:
        self.tally.refused += 1
        self.tell(refused)
