"""One transaction and the repositories that work in it."""

from functools import cached_property

from sqlalchemy import Connection

from service.store.audit import AuditRepository
from service.store.mail_events import MailEventRepository
from service.store.outbox import OutboxRepository
from service.store.sessions import SessionRepository
from service.store.signups import SignupRepository
from service.store.suppressions import SuppressionRepository
from service.store.users import UserRepository


class SqlUnitOfWork:
    """What happens on one connection between its BEGIN and its COMMIT."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def users(self) -> UserRepository:
        return UserRepository(self._connection)

    @cached_property
    def signups(self) -> SignupRepository:
        return SignupRepository(self._connection)

    @cached_property
    def sessions(self) -> SessionRepository:
        return SessionRepository(self._connection)

    @cached_property
    def outbox(self) -> OutboxRepository:
        return OutboxRepository(self._connection)

    @cached_property
    def suppressions(self) -> SuppressionRepository:
        return SuppressionRepository(self._connection)

    @cached_property
    def mail_events(self) -> MailEventRepository:
        return MailEventRepository(self._connection)

    @cached_property
    def audit(self) -> AuditRepository:
        return AuditRepository(self._connection)
