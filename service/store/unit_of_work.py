"""One transaction and the repositories that work in it."""

from functools import cached_property

from sqlalchemy import Connection

from service.store.addresses import AddressRepository
from service.store.announcements import Announcements
from service.store.answers import AnswerRepository
from service.store.audit import AuditRepository
from service.store.devices import DeviceRepository
from service.store.directory import DirectoryRepository
from service.store.guesses import GuessRepository
from service.store.holdings import HoldingsRepository
from service.store.identities import (
    AttemptRepository,
    IdentityRepository,
    PendingIdentityRepository,
    SpentRepository,
)
from service.store.mail_events import MailEventRepository
from service.store.openid_clients import ClientRepository, ConsentRepository, SigningKeyRepository
from service.store.openid_grants import AccessTokenRepository, GrantRepository
from service.store.outbox import OutboxRepository
from service.store.passkeys import CeremonyRepository, PasskeyRepository
from service.store.second_factors import (
    AuthenticatorAppRepository,
    RecoveryCodeRepository,
    SecondStepRepository,
)
from service.store.sessions import SessionRepository
from service.store.signups import SignupRepository
from service.store.suppressions import SuppressionRepository
from service.store.users import UserRepository
from service.store.webhooks import WebhookRepository


class SqlUnitOfWork:
    """What happens on one connection between its BEGIN and its COMMIT."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def announcements(self) -> Announcements:
        return Announcements(self._connection)

    @cached_property
    def users(self) -> UserRepository:
        return UserRepository(self._connection)

    @cached_property
    def addresses(self) -> AddressRepository:
        return AddressRepository(self._connection)

    @cached_property
    def signups(self) -> SignupRepository:
        return SignupRepository(self._connection)

    @cached_property
    def sessions(self) -> SessionRepository:
        return SessionRepository(self._connection, self.announcements)

    @cached_property
    def identities(self) -> IdentityRepository:
        return IdentityRepository(self._connection, self.announcements)

    @cached_property
    def attempts(self) -> AttemptRepository:
        return AttemptRepository(self._connection)

    @cached_property
    def pending_identities(self) -> PendingIdentityRepository:
        return PendingIdentityRepository(self._connection)

    @cached_property
    def spent(self) -> SpentRepository:
        return SpentRepository(self._connection)

    @cached_property
    def second_steps(self) -> SecondStepRepository:
        return SecondStepRepository(self._connection)

    @cached_property
    def authenticator_apps(self) -> AuthenticatorAppRepository:
        return AuthenticatorAppRepository(self._connection)

    @cached_property
    def recovery_codes(self) -> RecoveryCodeRepository:
        return RecoveryCodeRepository(self._connection)

    @cached_property
    def passkeys(self) -> PasskeyRepository:
        return PasskeyRepository(self._connection)

    @cached_property
    def ceremonies(self) -> CeremonyRepository:
        return CeremonyRepository(self._connection)

    @cached_property
    def devices(self) -> DeviceRepository:
        return DeviceRepository(self._connection)

    @cached_property
    def guesses(self) -> GuessRepository:
        return GuessRepository(self._connection)

    @cached_property
    def holdings(self) -> HoldingsRepository:
        return HoldingsRepository(self._connection)

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
        return AuditRepository(self._connection, self.announcements)

    @cached_property
    def directory(self) -> DirectoryRepository:
        return DirectoryRepository(self._connection)

    @cached_property
    def answers(self) -> AnswerRepository:
        return AnswerRepository(self._connection)

    @cached_property
    def clients(self) -> ClientRepository:
        return ClientRepository(self._connection)

    @cached_property
    def consents(self) -> ConsentRepository:
        return ConsentRepository(self._connection)

    @cached_property
    def grants(self) -> GrantRepository:
        return GrantRepository(self._connection)

    @cached_property
    def access_tokens(self) -> AccessTokenRepository:
        return AccessTokenRepository(self._connection)

    @cached_property
    def signing_keys(self) -> SigningKeyRepository:
        return SigningKeyRepository(self._connection)

    @cached_property
    def webhooks(self) -> WebhookRepository:
        return WebhookRepository(self._connection)
