"""Where transactions begin."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime

from sqlalchemy import Engine, text

from service.core.errors import Detour
from service.core.openid import Caller, Client
from service.core.session_check import SessionCheck
from service.core.values import Session, User
from service.store.access_lookup import AccessLookup
from service.store.database import WriterQueue, database_errors_as_unavailable
from service.store.kept_connections import KeptConnections
from service.store.session_lookup import SessionLookup
from service.store.unit_of_work import SqlUnitOfWork


class SqlStore:
    """The database behind `service.core.ports.Store`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._writing = engine.execution_options(masthead_write=True)
        look_ups = KeptConnections(engine)
        self._sessions = SessionLookup(look_ups)
        self._access = AccessLookup(look_ups)
        self._queue: AbstractContextManager[object] = (
            WriterQueue() if engine.dialect.name == "sqlite" else nullcontext()
        )

    @contextmanager
    def write(self) -> Iterator[SqlUnitOfWork]:
        """Begin a transaction that may change things."""
        with database_errors_as_unavailable(), self._queue, self._writing.begin() as connection:
            uow, detour = SqlUnitOfWork(connection), None
            try:
                yield uow
            except Detour as found:
                detour = found
            uow.announcements.write()
        uow.audit.tell()
        if detour is not None:
            raise detour

    @contextmanager
    def read(self) -> Iterator[SqlUnitOfWork]:
        """Begin a transaction that only looks."""
        with database_errors_as_unavailable(), self.engine.begin() as connection:
            yield SqlUnitOfWork(connection)

    def signed_in(self, secret_hash: bytes, now: datetime) -> tuple[User, Session] | None:
        return self._sessions.find(secret_hash, now)

    def session_check(self, secret_hash: bytes, now: datetime) -> SessionCheck | None:
        return self._sessions.check(secret_hash, now)

    def calling(self, token_hash: bytes, now: datetime) -> Caller | None:
        return self._access.find(token_hash, now)

    def client(self, client_id: str, now: datetime) -> Client | None:
        return self._access.client(client_id, now)

    def ping(self) -> None:
        """Ask the database for an answer. Raises `Unavailable`."""
        with database_errors_as_unavailable(), self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))
