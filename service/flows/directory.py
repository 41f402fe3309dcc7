"""What services and staff look up: accounts, by address or by the page, and what happened to them."""

from dataclasses import dataclass
from uuid import UUID

from service.core.addresses import parse_address
from service.core.directory import AuditEvent, AuditQuestion
from service.core.errors import NotFound
from service.core.paging import FIRST, NOW_OR_LATER, Moment, Page, cut, read_cursor
from service.core.ports import Store
from service.core.values import User


@dataclass(frozen=True)
class Directory:
    """Look, and change nothing."""

    store: Store

    def user(self, user_id: UUID) -> User:
        """Return an account. Raises `NotFound`."""
        with self.store.read() as uow:
            user = uow.users.by_id(user_id)
        if user is None:
            raise NotFound
        return user

    def users(self, *, cursor: str | None, limit: int) -> Page[User]:
        """Return a page of all accounts, the oldest first. Raises `ValidationFailed`."""
        after = read_cursor(cursor, lambda place: UUID(bytes=place)) if cursor else FIRST
        with self.store.read() as uow:
            found = uow.directory.users(after, limit + 1)
        return cut(found, limit, lambda user: user.id.bytes)

    def at_address(self, email: str) -> Page[User]:
        """Return the account of an address, if there is one. Raises `ValidationFailed`."""
        canonical = parse_address(email).canonical
        with self.store.read() as uow:
            user = uow.users.by_address(canonical)
        return Page([user] if user else [], None)

    def events(self, question: AuditQuestion, *, cursor: str | None, limit: int) -> Page[AuditEvent]:
        """Return a page of the audit trail, the newest first. Raises `ValidationFailed`."""
        before = read_cursor(cursor, Moment.from_bytes) if cursor else NOW_OR_LATER
        with self.store.read() as uow:
            found = uow.directory.events(question, before, limit + 1)
        return cut(found, limit, lambda event: Moment(event.at, event.id).to_bytes())
