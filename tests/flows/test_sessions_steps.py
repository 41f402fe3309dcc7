"""Sessions step by step, by a clock that stands: what a session is made of, how long it lives, what is noted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from service.core.errors import InvalidCredentials, NotFound
from service.core.guesses import Guesser, Patience
from service.core.values import Session, User, Visit, digest, new_id
from service.flows.devices import Devices
from service.flows.sessions import Sessions, SignedIn, carry_over
from service.store.database import open_engine
from service.store.schema import AuditRow, SessionRow
from service.store.store import SqlStore

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
IDLE, ABSOLUTE, SHORT = timedelta(days=14), timedelta(days=90), timedelta(hours=12)
VISIT = Visit(ip="192.0.2.7", agent="curl/8.5", locale="en")
ELSEWHERE = Visit(ip="2001:db8::1", agent="curl/8.6", locale="en")
READER = User(
    id=new_id(),
    email="Reader@example.org",
    canonical="reader@example.org",
    created_at=NOON,
    credential_epoch=3,
)
OTHER = User(id=new_id(), email=None, canonical=None, created_at=NOON)


class Clock:
    """Stands at noon until a test sets it."""

    def __init__(self):
        self.now = NOON

    def __call__(self):
        return self.now


class Generous:
    """Throttles that never have enough."""

    def allows(self, rule, key):
        return True


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def store(database):
    engine = open_engine(database)
    store = SqlStore(engine)
    with store.write() as uow:
        assert uow.users.add(READER)
        assert uow.users.add(OTHER)
    yield store
    engine.dispose()


@pytest.fixture
def sessions(store, clock):
    return Sessions(store, clock, IDLE, ABSOLUTE, SHORT, Devices(Generous()))


def begin(sessions, user=READER, *, amr=("pwd",), remember=True, visit=VISIT, previous=None):
    with sessions.store.write() as uow:
        return sessions.begin(uow, user, amr=amr, remember=remember, visit=visit, previous=previous)


def audited(store, *kinds):
    """The audit trail of sessions: what, of whom, when, from where, and what else."""
    columns = (AuditRow.kind, AuditRow.user_id, AuditRow.at, AuditRow.ip, AuditRow.data)
    with store.engine.connect() as connection:
        found = connection.execute(select(*columns).where(AuditRow.kind.in_(kinds)).order_by(AuditRow.id))
        return [tuple(row) for row in found]


@pytest.mark.case("SES-06")
@pytest.mark.parametrize(
    ("remember", "lives", "idles"), [(True, ABSOLUTE, IDLE), (False, SHORT, SHORT)], ids=["kept", "not kept"]
)
def test_a_session_begins_with_what_is_known_and_is_noted(store, sessions, remember, lives, idles):
    begun = begin(sessions, amr=("pwd", "email"), remember=remember)
    expected = Session(
        id=begun.session.id,
        user_id=READER.id,
        created_at=NOON,
        last_seen_at=NOON,
        expires_at=NOON + lives,
        idle_until=NOON + idles,
        auth_time=NOON,
        amr=("pwd", "email"),
        epoch=3,
        remember=remember,
        ip="192.0.2.7",
        agent="curl/8.5",
    )
    assert begun == SignedIn(READER, expected, begun.secret, kept=False, browser=begun.browser)
    assert len({begun.secret, begun.browser, ""}) == 3
    assert store.signed_in(digest(begun.secret), NOON) == (READER, expected)
    noted = {"session": str(expected.id), "amr": ["pwd", "email"]}
    assert audited(store, "session.created", "device.new") == [
        ("session.created", READER.id, NOON, "192.0.2.7", noted)
    ]


def test_a_browser_that_comes_back_is_no_new_device(store, sessions, clock):
    first = begin(sessions)
    clock.now = NOON + timedelta(hours=1)
    again = begin(sessions, visit=replace(VISIT, browser=first.browser))
    assert again.browser == first.browser
    assert audited(store, "device.new") == []
    begin(sessions, visit=ELSEWHERE)
    assert audited(store, "device.new") == [("device.new", READER.id, clock.now, "2001:db8::1", {})]


@pytest.mark.case("SES-01")
def test_the_browser_s_session_before_ends_and_no_other(store, sessions):
    before, bystander = begin(sessions), begin(sessions)
    now = begin(sessions, previous=before.secret)
    assert sessions.resolve(before.secret, VISIT) is None
    assert {session.id for session in sessions.list(READER.id)} == {bystander.session.id, now.session.id}


def test_signing_in_keeps_an_account_that_was_to_be_erased_unless_it_is_too_late(store, sessions):
    with store.write() as uow:
        assert uow.holdings.plan_erasure(READER.id, erases_at=NOON + timedelta(days=1), if_epoch=3)
    with store.read() as uow:
        leaving = uow.users.by_id(READER.id)
    assert leaving.erases_at
    begun = begin(sessions, leaving)
    assert begun.kept
    assert begun.user == replace(leaving, erases_at=None)
    found, _ = store.signed_in(digest(begun.secret), NOON)
    assert found == begun.user
    with pytest.raises(InvalidCredentials):
        begin(sessions, leaving, previous=begun.secret)
    assert sessions.resolve(begun.secret, VISIT)
    assert audited(store, "user.deletion_undone") == [
        ("user.deletion_undone", READER.id, NOON, "192.0.2.7", {})
    ]


@pytest.mark.parametrize(
    ("amr", "forgotten"),
    [(("pwd",), False), (("pwd", "email"), True), (("email",), True), (("google",), True)],
)
def test_guesses_are_forgotten_once_more_than_the_password_shows_the_owner(store, sessions, amr, forgotten):
    guesser, another = Guesser(READER.canonical), Guesser("another@example.org")
    with store.write() as uow:
        for one in (guesser, another):
            uow.guesses.add(one, Patience(), at=NOON)
    begin(sessions, amr=amr)
    begin(sessions, OTHER, amr=amr)
    with store.read() as uow:
        assert (uow.guesses.of(guesser) is None) is forgotten
        assert uow.guesses.of(another)


@pytest.mark.parametrize("secret", [None, "", "made-up"])
def test_a_cookie_without_a_session_is_nobody_s_and_ends_nothing(store, sessions, secret):
    begin(sessions)
    assert sessions.resolve(secret, VISIT) is None
    sessions.sign_out(secret, VISIT)
    assert len(sessions.list(READER.id)) == 1
    assert audited(store, "session.ended") == []


@pytest.mark.case("SES-06")
def test_that_a_session_is_in_use_is_noted_every_five_minutes(store, sessions, clock):
    begun = begin(sessions)
    clock.now = NOON + timedelta(minutes=5, microseconds=-1)
    assert sessions.resolve(begun.secret, ELSEWHERE) == SignedIn(READER, begun.session)
    clock.now = NOON + timedelta(minutes=5)
    used = replace(begun.session, last_seen_at=clock.now, idle_until=clock.now + IDLE, ip="2001:db8::1")
    assert sessions.resolve(begun.secret, ELSEWHERE) == SignedIn(READER, used)
    assert sessions.list(READER.id) == [used]


@pytest.mark.case("SES-06")
def test_use_carries_no_session_beyond_its_end(sessions, clock):
    begun = begin(sessions, remember=False)
    clock.now = NOON + timedelta(hours=11)
    used = sessions.resolve(begun.secret, VISIT)
    assert used.session.idle_until == used.session.expires_at == NOON + SHORT
    clock.now = NOON + SHORT
    assert sessions.resolve(begun.secret, VISIT) is None
    assert list(sessions.list(READER.id)) == []


def test_a_session_that_may_idle_for_minutes_only_is_noted_ten_times_in_them(store, clock):
    sessions = Sessions(store, clock, timedelta(minutes=10), ABSOLUTE, SHORT, Devices(Generous()))
    assert not sessions.touch_due(NOON, NOON + timedelta(seconds=59))
    assert sessions.touch_due(NOON, NOON + timedelta(seconds=60))


@pytest.mark.case("SES-08")
def test_one_s_own_session_is_ended_and_nobody_else_s(store, sessions):
    mine, here, theirs = begin(sessions), begin(sessions), begin(sessions, OTHER)
    for session_id in (theirs.session.id, new_id()):
        with pytest.raises(NotFound):
            sessions.end(session_id, user_id=READER.id, visit=ELSEWHERE)
    sessions.end(mine.session.id, user_id=READER.id, visit=ELSEWHERE)
    assert [session.id for session in sessions.list(READER.id)] == [here.session.id]
    assert sessions.resolve(theirs.secret, VISIT)
    assert audited(store, "session.revoked") == [
        ("session.revoked", READER.id, NOON, "2001:db8::1", {"session": str(mine.session.id)})
    ]


@pytest.mark.case("SES-03")
def test_signing_out_ends_the_session_behind_the_cookie_and_says_so(store, sessions):
    leaving, staying = begin(sessions), begin(sessions)
    sessions.sign_out(leaving.secret, ELSEWHERE)
    assert sessions.resolve(leaving.secret, VISIT) is None
    assert sessions.resolve(staying.secret, VISIT)
    assert audited(store, "session.ended") == [
        ("session.ended", READER.id, NOON, "2001:db8::1", {"session": str(leaving.session.id)})
    ]


@pytest.mark.case("SES-08")
def test_everywhere_else_is_over_and_here_goes_on_under_a_new_secret(store, sessions):
    here, elsewhere, theirs = begin(sessions), begin(sessions), begin(sessions, OTHER)
    renewed = sessions.end_others(here, ELSEWHERE)
    assert renewed == replace(here, secret=renewed.secret)
    assert renewed.secret not in ("", here.secret)
    assert [sessions.resolve(one.secret, VISIT) for one in (here, elsewhere)] == [None, None]
    found = sessions.resolve(renewed.secret, VISIT)
    assert (found.session.id, found.session.epoch, found.user.credential_epoch) == (here.session.id, 4, 4)
    assert sessions.resolve(theirs.secret, VISIT)
    with store.engine.connect() as connection:
        kept = set(connection.execute(select(SessionRow.id)).scalars())
    assert kept == {here.session.id, theirs.session.id}
    assert audited(store, "session.revoked_others") == [
        ("session.revoked_others", READER.id, NOON, "2001:db8::1", {})
    ]


def test_nothing_is_carried_over_for_an_account_that_is_gone(store):
    gone = replace(READER, id=new_id())
    session = Session(new_id(), gone.id, NOON, NOON, NOON, NOON, NOON, ("pwd",), 3, remember=True)
    with store.write() as uow:
        assert carry_over(uow, SignedIn(gone, session)).session == session
    assert store.signed_in(digest(""), NOON) is None
