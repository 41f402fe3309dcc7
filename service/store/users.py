"""Accounts. Every change of a credential is one conditional update that also raises the epoch."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
    update,
)

from service.core.values import User
from service.store.schema import CommaSeparated, IdentityRow, UserRow
from service.store.schema_second_factors import AuthenticatorAppRow
from service.store.written import Written

PROVIDERS = type_coerce(
    select(func.aggregate_strings(IdentityRow.provider, literal_column("','")))  # type: ignore[arg-type]
    .where(IdentityRow.user_id == UserRow.id)
    .correlate(UserRow)
    .scalar_subquery(),
    CommaSeparated,
).label("providers")
# not EXISTS: PostgreSQL may then read the whole table to look its rows up in a hash
SECOND_FACTOR = (
    select(AuthenticatorAppRow.confirmed_at)
    .where(AuthenticatorAppRow.user_id == UserRow.id)
    .correlate(UserRow)
    .scalar_subquery()
    .is_not(None)
    .label("second_factor")
)
# in the order of the fields of `User`
USER_COLUMNS = (
    UserRow.id,
    UserRow.email,
    UserRow.canonical,
    UserRow.created_at,
    UserRow.email_verified_at,
    UserRow.name,
    UserRow.locale,
    UserRow.roles,
    UserRow.password_hash,
    UserRow.credential_epoch,
    UserRow.reset_letter,
    UserRow.newsletter,
    UserRow.disabled_at,
    PROVIDERS,
    UserRow.login_letter,
    UserRow.email_letter,
    UserRow.erases_at,
    SECOND_FACTOR,
)


# written out once: nearly everything asks one of them
BY_ID = Written(select(*USER_COLUMNS).where(UserRow.id == bindparam("user")))
BY_ADDRESS = Written(select(*USER_COLUMNS).where(UserRow.canonical == bindparam("address")))
PAGE = Written(
    select(*USER_COLUMNS)
    .where(UserRow.id > bindparam("after"))
    .order_by(UserRow.id)
    .limit(bindparam("most", type_=Integer))
)
ADD = Written(
    lambda insert: insert(UserRow).on_conflict_do_nothing(index_elements=["canonical"]).returning(UserRow.id)
)
# what an account has only after something happened to it
LATER = dict.fromkeys(("reset_letter", "login_letter", "email_letter", "disabled_at", "erases_at"))
# letters are UUIDv7: the later one is the greater one, on both databases
NEWEST_RESET_LETTER = Written(
    update(UserRow)
    .where(
        UserRow.id == bindparam("user"),
        or_(UserRow.reset_letter.is_(None), UserRow.reset_letter <= bindparam("letter")),
    )
    .values(reset_letter=bindparam("letter"))
)


class UserRepository:
    """The accounts, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def by_id(self, user_id: UUID) -> User | None:
        return self._one(BY_ID, user=user_id)

    def by_address(self, canonical: str) -> User | None:
        return self._one(BY_ADDRESS, address=canonical)

    def holders(self, canonicals: Collection[str]) -> Mapping[str, UUID]:
        if not canonicals:
            return {}
        found = select(UserRow.canonical, UserRow.id).where(UserRow.canonical.in_(canonicals))
        return {row.canonical: row.id for row in self._connection.execute(found) if row.canonical}

    def page(self, after: UUID, *, limit: int) -> Sequence[User]:
        return [User(*row) for row in PAGE.all(self._connection, after=after, most=limit)]

    def add(self, user: User) -> bool:
        added = ADD.one(
            self._connection,
            id=user.id,
            email=user.email,
            canonical=user.canonical,
            email_verified_at=user.email_verified_at,
            name=user.name,
            locale=user.locale,
            roles=user.roles,
            password_hash=user.password_hash,
            credential_epoch=user.credential_epoch,
            newsletter=user.newsletter,
            created_at=user.created_at,
            updated_at=user.created_at,
            **LATER,
        )
        return added is not None

    def set_password(
        self,
        user_id: UUID,
        password_hash: str,
        *,
        if_epoch: int,
        at: datetime,
        if_reset_letter: UUID | None = None,
    ) -> bool:
        unmoved = [UserRow.credential_epoch == if_epoch, UserRow.disabled_at.is_(None)]
        if if_reset_letter is not None:
            unmoved.append(UserRow.reset_letter == if_reset_letter)
        return self._change(
            user_id,
            *unmoved,
            password_hash=password_hash,
            credential_epoch=UserRow.credential_epoch + 1,
            reset_letter=None,
            updated_at=at,
        )

    def locked(self, user_id: UUID) -> User | None:
        # on SQLite a writing transaction is alone from its beginning
        self._connection.execute(select(UserRow.id).where(UserRow.id == user_id).with_for_update())
        return self.by_id(user_id)

    def reclaim(self, user_id: UUID, *, at: datetime) -> bool:
        return self._change(
            user_id,
            UserRow.email_verified_at.is_(None),
            UserRow.disabled_at.is_(None),
            password_hash=None,
            credential_epoch=UserRow.credential_epoch + 1,
            reset_letter=None,
            email_verified_at=at,
            updated_at=at,
        )

    def verify_email(self, user_id: UUID, *, at: datetime) -> bool:
        return self._change(user_id, UserRow.email_verified_at.is_(None), email_verified_at=at, updated_at=at)

    def rehash(self, user_id: UUID, password_hash: str, *, if_hash: str) -> bool:
        return self._change(user_id, UserRow.password_hash == if_hash, password_hash=password_hash)

    def retire_password(self, user_id: UUID, *, at: datetime) -> bool:
        return self._change(
            user_id,
            UserRow.disabled_at.is_(None),
            password_hash=None,
            credential_epoch=UserRow.credential_epoch + 1,
            reset_letter=None,
            login_letter=None,
            email_letter=None,
            erases_at=None,
            updated_at=at,
        )

    def raise_epoch(self, user_id: UUID) -> int | None:
        return self._connection.execute(
            update(UserRow)
            .where(UserRow.id == user_id)
            .values(credential_epoch=UserRow.credential_epoch + 1, reset_letter=None)
            .returning(UserRow.credential_epoch)
        ).scalar_one_or_none()

    def raise_epochs(self, after: UUID, *, limit: int) -> Sequence[UUID]:
        page = select(UserRow.id).where(UserRow.id > after).order_by(UserRow.id).limit(limit)
        ids = self._connection.execute(page).scalars().all()
        raised = {"credential_epoch": UserRow.credential_epoch + 1, "reset_letter": None}
        self._connection.execute(update(UserRow).where(UserRow.id.in_(ids)).values(**raised))
        return ids

    def newest_reset_letter(self, user_id: UUID, letter: UUID) -> bool:
        return NEWEST_RESET_LETTER.run(self._connection, user=user_id, letter=letter) == 1

    def newest_login_letter(self, user_id: UUID, letter: UUID) -> bool:
        older = or_(UserRow.login_letter.is_(None), UserRow.login_letter <= letter)
        return self._change(user_id, older, login_letter=letter)

    def spend_login_letter(self, user_id: UUID, letter: UUID, *, if_epoch: int) -> bool:
        unmoved = (UserRow.credential_epoch == if_epoch, UserRow.disabled_at.is_(None))
        return self._change(user_id, UserRow.login_letter == letter, *unmoved, login_letter=None)

    def set_profile(self, user: User, *, at: datetime) -> bool:
        return self._change(
            user.id, name=user.name, locale=user.locale, newsletter=user.newsletter, updated_at=at
        )

    def set_roles(self, user_id: UUID, roles: tuple[str, ...], *, at: datetime) -> bool:
        return self._change(user_id, roles=roles, updated_at=at)

    def set_disabled(self, user_id: UUID, at: datetime | None) -> bool:
        if at is None:
            return self._change(user_id, UserRow.disabled_at.is_not(None), disabled_at=None)
        return self._change(
            user_id,
            UserRow.disabled_at.is_(None),
            disabled_at=at,
            updated_at=at,
            credential_epoch=UserRow.credential_epoch + 1,
            reset_letter=None,
        )

    def _one(self, statement: Written, **values: object) -> User | None:
        row = statement.one(self._connection, **values)
        return User(*row) if row else None

    def _change(self, user_id: UUID, *conditions: ColumnElement[bool], **values: Any) -> bool:
        result = self._connection.execute(
            update(UserRow).where(UserRow.id == user_id, *conditions).values(**values)
        )
        return result.rowcount == 1
