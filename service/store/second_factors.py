"""Sign-ins that wait for a second factor, authenticator apps and recovery codes."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from service.core.second_factors import TRIES, AuthenticatorApp, SecondStep
from service.store.schema_second_factors import AuthenticatorAppRow, RecoveryCodeRow, SecondStepRow

# in the order of the fields of `SecondStep` and `AuthenticatorApp`
STEP_COLUMNS = (
    *(SecondStepRow.secret_hash, SecondStepRow.user_id, SecondStepRow.epoch, SecondStepRow.amr),
    *(SecondStepRow.remember, SecondStepRow.next, SecondStepRow.expires_at, SecondStepRow.failures),
)
APP_COLUMNS = (
    *(AuthenticatorAppRow.user_id, AuthenticatorAppRow.locked_secret, AuthenticatorAppRow.created_at),
    *(AuthenticatorAppRow.confirmed_at, AuthenticatorAppRow.last_step),
)


class SecondStepRepository:
    """The sign-ins that wait, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, step: SecondStep) -> None:
        self._connection.execute(insert(SecondStepRow).values(**vars(step)))

    def get(self, secret_hash: bytes) -> SecondStep | None:
        query = select(*STEP_COLUMNS).where(SecondStepRow.secret_hash == secret_hash)
        row = self._connection.execute(query).one_or_none()
        return SecondStep(*row) if row else None

    def fail(self, secret_hash: bytes) -> None:
        mine = SecondStepRow.secret_hash == secret_hash
        self._connection.execute(
            update(SecondStepRow).where(mine).values(failures=SecondStepRow.failures + 1)
        )
        self._connection.execute(delete(SecondStepRow).where(mine, SecondStepRow.failures >= TRIES))

    def take(self, secret_hash: bytes) -> bool:
        taken = delete(SecondStepRow).where(SecondStepRow.secret_hash == secret_hash)
        return self._connection.execute(taken).rowcount == 1

    def end_all(self, user_id: UUID) -> None:
        self._connection.execute(delete(SecondStepRow).where(SecondStepRow.user_id == user_id))

    def purge(self, now: datetime) -> int:
        return self._connection.execute(delete(SecondStepRow).where(SecondStepRow.expires_at <= now)).rowcount


class AuthenticatorAppRepository:
    """The accounts' authenticator apps, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, user_id: UUID) -> AuthenticatorApp | None:
        query = select(*APP_COLUMNS).where(AuthenticatorAppRow.user_id == user_id)
        row = self._connection.execute(query).one_or_none()
        return AuthenticatorApp(*row) if row else None

    def offer(self, app: AuthenticatorApp) -> bool:
        unused = AuthenticatorAppRow.user_id == app.user_id, AuthenticatorAppRow.confirmed_at.is_(None)
        self._connection.execute(delete(AuthenticatorAppRow).where(*unused))
        if self.of(app.user_id) is not None:
            return False
        self._connection.execute(insert(AuthenticatorAppRow).values(**vars(app)))
        return True

    def confirm(self, user_id: UUID, *, step: int, at: datetime) -> bool:
        shown = update(AuthenticatorAppRow).where(
            AuthenticatorAppRow.user_id == user_id, AuthenticatorAppRow.confirmed_at.is_(None)
        )
        return self._connection.execute(shown.values(confirmed_at=at, last_step=step)).rowcount == 1

    def use(self, user_id: UUID, *, step: int) -> bool:
        newer = update(AuthenticatorAppRow).where(
            AuthenticatorAppRow.user_id == user_id,
            AuthenticatorAppRow.confirmed_at.is_not(None),
            AuthenticatorAppRow.last_step < step,
        )
        return self._connection.execute(newer.values(last_step=step)).rowcount == 1

    def remove(self, user_id: UUID, *, since: datetime | None = None) -> bool:
        mine = [AuthenticatorAppRow.user_id == user_id]
        if since is not None:
            confirmed = AuthenticatorAppRow.confirmed_at
            mine.append(or_(confirmed.is_(None), confirmed >= since))
        return self._connection.execute(delete(AuthenticatorAppRow).where(*mine)).rowcount == 1


class RecoveryCodeRepository:
    """The accounts' recovery codes, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def replace(self, user_id: UUID, hashes: Sequence[bytes], *, at: datetime) -> None:
        self.remove_all(user_id)
        rows = [{"user_id": user_id, "code_hash": code, "created_at": at} for code in hashes]
        self._connection.execute(insert(RecoveryCodeRow), rows)

    def count(self, user_id: UUID) -> int:
        mine = select(func.count()).select_from(RecoveryCodeRow).where(RecoveryCodeRow.user_id == user_id)
        return int(self._connection.execute(mine).scalar_one())

    def use(self, user_id: UUID, code_hash: bytes) -> bool:
        used = delete(RecoveryCodeRow).where(
            RecoveryCodeRow.user_id == user_id, RecoveryCodeRow.code_hash == code_hash
        )
        return self._connection.execute(used).rowcount == 1

    def remove_all(self, user_id: UUID, *, since: datetime | None = None) -> None:
        mine = [RecoveryCodeRow.user_id == user_id]
        if since is not None:
            mine.append(RecoveryCodeRow.created_at >= since)
        self._connection.execute(delete(RecoveryCodeRow).where(*mine))
