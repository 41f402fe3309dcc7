"""Changed addresses: one conditional update each, and what it takes to go back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from service.core.addresses import Address
from service.core.errors import EmailTaken
from service.core.values import EmailUndo
from service.store.schema import EmailUndoRow, UserRow

# in the order of the fields of `EmailUndo`
UNDO_COLUMNS = (
    EmailUndoRow.id,
    EmailUndoRow.user_id,
    EmailUndoRow.email,
    EmailUndoRow.canonical,
    EmailUndoRow.changed_at,
    EmailUndoRow.expires_at,
)


class AddressRepository:
    """Addresses on the move, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def expect_change(self, user_id: UUID, letter: UUID) -> None:
        self._connection.execute(update(UserRow).where(UserRow.id == user_id).values(email_letter=letter))

    def change(self, user_id: UUID, to: Address, *, if_epoch: int, if_letter: UUID, at: datetime) -> bool:
        unmoved = (UserRow.credential_epoch == if_epoch, UserRow.email_letter == if_letter)
        return self._move(user_id, to.email, to.canonical, *unmoved, at=at)

    def keep_for_undo(self, undo: EmailUndo) -> None:
        self._connection.execute(insert(EmailUndoRow).values(**vars(undo)))

    def undo(self, undo_id: UUID) -> EmailUndo | None:
        row = self._connection.execute(select(*UNDO_COLUMNS).where(EmailUndoRow.id == undo_id)).one_or_none()
        return EmailUndo(*row) if row else None

    def take_undo(self, undo: EmailUndo) -> bool:
        # ids are UUIDv7: the later one is the greater one, on both databases
        later = (EmailUndoRow.user_id == undo.user_id) & (EmailUndoRow.id >= undo.id)
        taken = self._connection.execute(delete(EmailUndoRow).where(later).returning(EmailUndoRow.id))
        return undo.id in taken.scalars().all()

    def restore(self, undo: EmailUndo, *, at: datetime) -> bool:
        return self._move(undo.user_id, undo.email, undo.canonical, at=at, password_hash=None, erases_at=None)

    def purge(self, now: datetime) -> int:
        return self._connection.execute(delete(EmailUndoRow).where(EmailUndoRow.expires_at <= now)).rowcount

    def _move(
        self,
        user_id: UUID,
        email: str,
        canonical: str,
        *conditions: ColumnElement[bool],
        at: datetime,
        **more: Any,
    ) -> bool:
        with self._address_free():
            moved = self._connection.execute(
                update(UserRow)
                .where(UserRow.id == user_id, UserRow.disabled_at.is_(None), *conditions)
                .values(
                    email=email,
                    canonical=canonical,
                    email_verified_at=at,
                    credential_epoch=UserRow.credential_epoch + 1,
                    reset_letter=None,
                    login_letter=None,
                    email_letter=None,
                    updated_at=at,
                    **more,
                )
            )
        return moved.rowcount == 1

    @contextmanager
    def _address_free(self) -> Iterator[None]:
        """The unique address decides, in a savepoint so that the transaction outlives the answer."""
        try:
            with self._connection.begin_nested():
                yield
        except IntegrityError as error:
            raise EmailTaken from error
