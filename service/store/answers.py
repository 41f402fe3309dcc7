"""What services were answered under an `Idempotency-Key`: the key is taken before anything is done under it."""

from datetime import datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite

from service.core.directory import Asked, Done
from service.core.values import digest
from service.store.schema_directory import AnswerRow


class AnswerRepository:
    """The answers that are kept, in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def begin(self, asked: Asked, fingerprint: bytes, *, at: datetime, expires_at: datetime) -> bool:
        self._connection.execute(delete(AnswerRow).where(_under(asked), AnswerRow.expires_at <= at))
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        taken = self._connection.execute(
            insert(AnswerRow)
            .values(
                client_id=asked.client_id,
                key_hash=digest(asked.key or ""),
                fingerprint=fingerprint,
                created_at=at,
                expires_at=expires_at,
            )
            .on_conflict_do_nothing()
            .returning(AnswerRow.client_id)
        )
        return taken.one_or_none() is not None

    def finish(self, asked: Asked, done: Done) -> None:
        self._connection.execute(update(AnswerRow).where(_under(asked)).values(**vars(done)))

    def get(self, asked: Asked) -> tuple[bytes, Done] | None:
        kept = select(AnswerRow.fingerprint, AnswerRow.status, AnswerRow.body, AnswerRow.user_id)
        row = self._connection.execute(kept.where(_under(asked))).one_or_none()
        if row is None or row.status is None or row.user_id is None:
            return None
        return row.fingerprint, Done(row.status, row.body, row.user_id)

    def purge(self, now: datetime) -> int:
        return self._connection.execute(delete(AnswerRow).where(AnswerRow.expires_at <= now)).rowcount


def _under(asked: Asked) -> ColumnElement[bool]:
    return and_(AnswerRow.client_id == asked.client_id, AnswerRow.key_hash == digest(asked.key or ""))
