"""The user API: what a service finds, makes, changes and ends, and what readers and the audit trail see of it."""

from uuid import uuid4

import pytest
from sqlalchemy import update

from service.store.schema import AuditRow, SessionRow, UserRow
from service.store.schema_mail import OutboxTable
from tests.api.conftest import USER, field_errors, refusal
from tests.flows.people import change, count_of, is_in, letters_to, log_in, token_in, user_row
from tests.support.caller import USERS, Caller
from tests.support.hashes import FOREIGN
from tests.support.pages import text_of
from tests.support.people import ADDRESS, ANOTHER, PASSWORD, VISIT, add_reader, signed_in

# "sepia lantern forty-two" with 4 MiB in one pass, as another system might have kept it
HASH = "$argon2id$v=19$m=4096,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$gFE+BsPuMyBjiY72HozD0RqfT1w+FvVivC8OC827pb0"


@pytest.fixture
def desk(service):
    return Caller(service, "users:read", "users:write")


def event_of(service, kind):
    """The one audit event of a kind."""
    with service.parts.store.engine.connect() as connection:
        table = AuditRow.__table__
        return connection.execute(table.select().where(table.c.kind == kind)).mappings().one()


def test_an_account_is_created_found_and_shown(service, desk):
    answer = desk.post(
        USERS,
        {"email": "Ada@Example.org", "password": PASSWORD, "name": " Ada ", "locale": "de-AT"}
        | {"roles": ["editor", "editor"], "email_verified": True},
    )
    user = answer.json["user"]
    assert answer.status_code == 201
    assert tuple(user) == (*USER, "disabled", "erases_at")
    assert (user["email"], user["name"], user["locale"]) == ("Ada@example.org", "Ada", "de-AT")
    assert (user["roles"], user["email_verified"], user["has_password"]) == (["editor"], True, True)
    assert desk.get(f"{USERS}/{user['id']}").json == {"user": user}
    found = desk.get(f"{USERS}?email=ada%40EXAMPLE.org")
    assert found.json == {"users": [user], "next_cursor": None}
    assert desk.get(f"{USERS}?email=nobody%40example.org").json == {"users": [], "next_cursor": None}
    assert log_in(service.client(), "ada@example.org").status_code == 200
    assert refusal(desk.post(USERS, {"email": "ADA@example.org"})) == (409, "email_taken")
    created = event_of(service, "user.created")
    assert (created["data"], created["agent"]) == ({"by": desk.name}, "newsroom/1.0")
    assert service.mailbox.messages == []


def test_an_address_is_not_proven_unless_the_service_says_so(service, desk):
    user = desk.post(USERS, {"email": ADDRESS, "password": PASSWORD}).json["user"]
    assert user["email_verified"] is False
    assert refusal(log_in(service.client())) == (403, "email_unverified")


@pytest.mark.parametrize("kind", ["Argon2id", "WordPress 6.8", "Django PBKDF2"])
def test_a_hash_from_elsewhere_is_taken_and_renewed_at_the_first_sign_in(service, desk, kind):
    password_hash = FOREIGN.get(kind, HASH)
    desk.post(USERS, {"email": ADDRESS, "password_hash": password_hash, "email_verified": True})
    assert user_row(service)["password_hash"] == password_hash
    assert log_in(service.client(), password=ANOTHER).status_code == 401
    assert log_in(service.client()).status_code == 200
    assert user_row(service)["password_hash"] != password_hash


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"email": "nobody"}, ("email", "invalid_email")),
        ({"email": "josé@example.org"}, ("email", "invalid_email")),
        ({"password": "short"}, ("password", "password_too_short")),
        ({"password": PASSWORD, "password_hash": HASH}, ("password_hash", "password_given_twice")),
        ({"password_hash": "$2y$10$abcdefghijklmnopqrstuv"}, ("password_hash", "unsupported_hash")),
        ({"password_hash": "$2y$15$" + "a" * 53}, ("password_hash", "unsupported_hash")),
        ({"password_hash": HASH.replace("m=4096", "m=999999")}, ("password_hash", "unsupported_hash")),
        ({"password_hash": HASH + "A" * 60}, ("password_hash", "unsupported_hash")),
        ({"roles": ["a,b"]}, ("roles", "invalid_role")),
        ({"roles": [f"role{number}" for number in range(51)]}, ("roles", "invalid_role")),
        ({"roles": "editor"}, ("roles", "invalid_type")),
        ({"locale": "klingon!"}, ("locale", "invalid_locale")),
        ({"id": "x"}, ("id", "unknown_field")),
        ({"credential_epoch": 7}, ("credential_epoch", "unknown_field")),
    ],
    ids=lambda value: None if isinstance(value, tuple) else "-".join(value),
)
def test_what_cannot_be_an_account_is_refused(make_service, sqlite_url, body, problem):
    desk = Caller(make_service(sqlite_url), "users:write")
    assert field_errors(desk.post(USERS, {"email": ADDRESS} | body)) == [problem]


def test_all_accounts_come_page_by_page_once_each(service, desk):
    ids = [str(add_reader(service, f"reader{number}@example.org", None).id) for number in range(5)]
    seen, cursor = [], ""
    while cursor is not None:
        page = desk.get(f"{USERS}?limit=2{cursor and '&cursor=' + cursor}").json
        seen += [user["id"] for user in page["users"]]
        cursor = page["next_cursor"]
    assert seen == ids
    assert len(desk.get(USERS).json["users"]) == 5


@pytest.mark.case("ADM-07", "ADM-08")
def test_only_what_is_offered_can_be_asked(service, desk):
    for query, problem in {
        "password_hash=x": ("password_hash", "unknown_field"),
        "sort=password_hash": ("sort", "unknown_field"),
        "limit=0": ("limit", "out_of_range"),
        "limit=101": ("limit", "out_of_range"),
        "limit=1;drop": ("limit", "invalid_type"),
        "limit=1&limit=2": ("limit", "duplicate_field"),
        "cursor='": ("cursor", "invalid_cursor"),
        "cursor=%00": ("cursor", "invalid_text"),
        "cursor=AAAA": ("cursor", "invalid_cursor"),
        "email=%00@x": ("email", "invalid_text"),
        "email=' OR 1=1": ("email", "invalid_email"),
    }.items():
        assert field_errors(desk.get(f"{USERS}?{query}")) == [problem], query


@pytest.mark.case("ADM-09")
def test_what_is_no_account_is_not_found(service, desk):
    for wrong in (uuid4(), "1", "%00", "..", "x" * 3000, "'"):
        assert refusal(desk.get(f"{USERS}/{wrong}")) == (404, "not_found"), wrong
    user = add_reader(service)
    for other_spelling in (user.id.hex, str(user.id).upper(), f"{{{user.id}}}"):
        assert refusal(desk.get(f"{USERS}/{other_spelling}")) == (404, "not_found")
    nobody = f"{USERS}/{uuid4()}"
    for answer in (
        desk.patch(nobody, {"name": "Ada"}),
        desk.delete(nobody),
        desk.post(f"{nobody}/password-reset"),
        desk.post(f"{nobody}/sessions/revoke"),
    ):
        assert refusal(answer) == (404, "not_found")


def test_a_change_is_made_only_to_what_was_seen(service, desk):
    path = f"{USERS}/{add_reader(service, name='Ada', roles=('author',)).id}"
    seen = desk.get(path).headers["ETag"]
    assert desk.get(path).headers["ETag"] == seen
    answer = desk.patch(path, {"name": "Grace", "roles": ["editor"]}, If_Match=seen)
    assert (answer.json["user"]["name"], answer.json["user"]["roles"]) == ("Grace", ["editor"])
    newer = answer.headers["ETag"]
    assert newer != seen
    for stale in (seen, f"W/{newer}", '"x"'):
        assert refusal(desk.patch(path, {"name": "Eve"}, If_Match=stale)) == (412, "precondition_failed")
    assert desk.patch(path, {"locale": "fr"}, If_Match=f'"x", {newer}').json["user"]["locale"] == "fr"
    assert desk.patch(path, {"locale": None}, If_Match="*").json["user"]["locale"] is None
    assert desk.patch(path, {}).json["user"]["name"] == "Grace"
    assert count_of(service, AuditRow, AuditRow.kind == "user.updated") == 3
    assert field_errors(desk.patch(path, {"email": "eve@example.org"})) == [("email", "unknown_field")]
    assert field_errors(desk.patch(path, {"disabled": None})) == [("disabled", "invalid_type")]


@pytest.mark.case("ADM-03")
def test_a_closed_account_is_signed_out_until_it_is_opened(service, desk):
    path = f"{USERS}/{add_reader(service).id}"
    browser = signed_in(service)
    browser.post("/api/v1/password/forgot", {"email": ADDRESS})
    link = token_in(letters_to(service)[-1], "/reset-password")
    assert desk.patch(path, {"disabled": True}).json["user"]["disabled"] is True
    assert desk.patch(path, {"disabled": True}).status_code == 200
    assert not is_in(browser)
    reset = service.client().post("/api/v1/password/reset", {"token": link, "password": ANOTHER})
    assert refusal(reset) == (400, "invalid_token")
    assert refusal(log_in(service.client())) == (403, "account_disabled")
    assert event_of(service, "user.disabled")["data"] == {"by": desk.name}
    assert desk.patch(path, {"disabled": False}).json["user"]["disabled"] is False
    assert log_in(service.client()).status_code == 200
    assert event_of(service, "user.enabled")["data"] == {"by": desk.name}


@pytest.mark.case("ADM-02", "ADM-03")
def test_a_reset_mails_the_owner_what_staff_would_and_tells_the_caller_nothing(service, desk):
    user = add_reader(service)
    browser = signed_in(service)
    answer = desk.post(f"{USERS}/{user.id}/password-reset")
    assert (answer.status_code, answer.json) == (202, {"status": "accepted"})
    assert not is_in(browser)
    ours = letters_to(service)[-1]
    service.parts.flows.accounts.send_reset(user.id, VISIT)
    staffs = letters_to(service)[-1]
    assert without_token(ours) == without_token(staffs)
    link = token_in(staffs, "/reset-password")
    assert service.client().post("/api/v1/password/reset", {"token": link, "password": ANOTHER}).json
    assert log_in(service.client(), password=ANOTHER).status_code == 200
    assert field_errors(desk.patch(f"{USERS}/{user.id}", {"password": PASSWORD})) == [
        ("password", "unknown_field")
    ]


def without_token(letter):
    return text_of(letter.message).replace(token_in(letter, "/reset-password"), "")


def test_an_account_without_an_address_cannot_be_written_to(service, desk):
    user = add_reader(service)
    change(service, update(UserRow).where(UserRow.id == user.id).values(email=None, canonical=None))
    answer = desk.post(f"{USERS}/{user.id}/password-reset")
    assert field_errors(answer) == [("email", "email_required")]


def test_sessions_and_links_end_everywhere(service, desk):
    user = add_reader(service)
    browsers = [signed_in(service) for _ in range(2)]
    browsers[0].post("/api/v1/password/forgot", {"email": ADDRESS})
    link = token_in(letters_to(service)[-1], "/reset-password")
    answer = desk.post(f"{USERS}/{user.id}/sessions/revoke")
    assert (answer.status_code, answer.data) == (204, b"")
    assert not any(is_in(browser) for browser in browsers)
    reset = service.client().post("/api/v1/password/reset", {"token": link, "password": ANOTHER})
    assert refusal(reset) == (400, "invalid_token")
    assert event_of(service, "session.revoked_all")["data"] == {"by": desk.name}


@pytest.mark.case("DEL-01", "DEL-03", "DEL-05", "ADM-03")
def test_deleting_erases_at_once_and_says_goodbye(service, desk):
    user = add_reader(service, name="Ada Lovelace")
    browser = signed_in(service)
    desk.post(f"{USERS}/{user.id}/password-reset", Idempotency_Key="once")
    assert desk.delete(f"{USERS}/{user.id}").status_code == 204
    assert not is_in(browser)
    assert refusal(desk.get(f"{USERS}/{user.id}")) == (404, "not_found")
    assert refusal(desk.delete(f"{USERS}/{user.id}")) == (404, "not_found")
    assert (count_of(service, UserRow), count_of(service, SessionRow)) == (0, 0)
    assert count_of(service, OutboxTable, OutboxTable.user_id == user.id) == 0
    (letter,) = letters_to(service)
    assert letter.message["Subject"] == "Your account at The Masthead is deleted"
    assert event_of(service, "user.deleted")["data"] == {"by": desk.name}
    assert event_of(service, "user.created")["data"] == {}
    again = desk.post(USERS, {"email": ADDRESS}).json["user"]
    assert (again["id"] != str(user.id), again["name"]) == (True, None)
