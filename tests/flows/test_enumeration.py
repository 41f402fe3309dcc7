"""Nothing an outsider can ask says whether an address has an account."""

import itertools
import re
import uuid

import pytest
from sqlalchemy import insert

from service.core.values import new_id
from service.store.schema import IdentityRow
from service.store.schema_mail import OutboxTable
from tests.flows.people import (
    ADDRESS,
    OTHER_PASSWORD,
    PASSWORD,
    STAFF,
    change,
    code_of,
    count_of,
    join,
    letters_to,
    log_in,
    secret_of,
    sessions_in_store,
    signed_in,
)

# addresses of one length, so that answers that show the typed one can be compared byte by byte
WHO = {
    "unknown": "nobody1@example.org",
    "known": "reader1@example.org",
    "unproven": "reader2@example.org",
    "banned": "reader3@example.org",
    "passwordless": "reader4@example.org",
    "federated": "reader5@example.org",
    "pending": "reader6@example.org",
    "editor": "reader7@example.org",
}
CHANGING = [
    (r'"request_id":"[^"]+"', '"request_id":""'),
    (r'nonce="[^"]+"', 'nonce=""'),
    (r"'nonce-[^']+'", "'nonce-'"),
    (r'(name="csrf_token"[^>]*value=")[^"]+', r"\1"),
    (r"reader\d@|nobody\d@", "typed@"),
    (r"(masthead(?:-\w+)?=)[^;]+", r"\1"),
    (r"Expires=[^;]+", "Expires="),
]


@pytest.fixture
def crowd(service):
    """A service where every kind of account there is has an address of `WHO`."""
    return populate(service)


def populate(service):
    join(service, WHO["known"])
    join(service, WHO["unproven"], verified=False)
    banned = join(service, WHO["banned"])
    service.parts.flows.accounts.disable(banned.id, STAFF)
    join(service, WHO["passwordless"], password=None)
    federated = join(service, WHO["federated"], password=None)
    columns = {
        "id": new_id(),
        "user_id": federated.id,
        "provider": "google",
        "created_at": federated.created_at,
    }
    about = {"issuer": "https://accounts.google.com", "subject": "42", "email": WHO["federated"]}
    change(service, insert(IdentityRow).values(columns | about))
    service.client().post("/api/v1/signup", {"email": WHO["pending"], "password": PASSWORD})
    join(service, WHO["editor"], roles=("editor",))
    service.deliver()
    service.mailbox.clear()
    return service


def masked(text):
    for pattern, replacement in CHANGING:
        text = re.sub(pattern, replacement, text)
    return text


def seen(answer):
    """All an outsider sees of an answer: status, headers in their order, body; only what is random is masked."""
    headers = [(name, masked(value)) for name, value in answer.headers if name != "X-Request-Id"]
    return answer.status, headers, masked(answer.text)


def by_api(path, **more):
    return lambda service, email: service.client().post(path, {"email": email} | more)


def by_page(path, **more):
    return lambda service, email: service.client().form(path, email=email, **more)


ASKING = {
    "reset": by_api("/api/v1/password/forgot", next="/account"),
    "reset page": by_page("/forgot-password"),
    "sign-in link": by_api("/api/v1/login/link", next="/account"),
    "sign-in link page": by_page("/login/link"),
    "sign-up": by_api("/api/v1/signup", password=OTHER_PASSWORD, name="Ada"),
    "sign-up page": by_page("/signup", password=OTHER_PASSWORD),
    "sign-in": by_api("/api/v1/login", password=OTHER_PASSWORD),
    "sign-in page": by_page("/login", password=OTHER_PASSWORD),
}


@pytest.mark.case("ENU-01", "ENU-02", "ENU-05", "ENU-08")
@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
def test_every_kind_of_account_and_none_get_one_answer(crowd, ask):
    answers = {who: seen(ask(crowd, email)) for who, email in WHO.items()}
    unlike = {who: answer for who, answer in answers.items() if answer != answers["unknown"]}
    assert unlike == {}
    names = {name.lower() for name, _ in answers["known"][1]}
    assert not names & {"etag", "server-timing", "retry-after", "x-runtime", "last-modified", "server"}
    assert not [name for name in names if "ratelimit" in name]


@pytest.mark.case("ENU-01", "ENU-05")
def test_only_the_mailbox_learns_what_there_is(crowd):
    for email in WHO.values():
        assert ASKING["sign-up"](crowd, email).status_code == 202
    crowd.deliver()
    subjects = {who: crowd.mailbox.to(email)[0].message["Subject"] for who, email in WHO.items()}
    assert subjects["known"] == subjects["passwordless"] == subjects["federated"] == subjects["editor"]
    assert subjects["unknown"] == subjects["pending"] == subjects["unproven"]
    assert len({subjects["known"], subjects["unknown"], subjects["banned"]}) == 3


@pytest.mark.case("ENU-06", "FLT-09")
@pytest.mark.parametrize("trouble", ["down", "refuses", "drops"])
@pytest.mark.parametrize("path", ["/api/v1/password/forgot", "/api/v1/signup"])
def test_trouble_with_the_mail_server_shows_nowhere(crowd, smtp, trouble, path):
    more = {"password": OTHER_PASSWORD} if path.endswith("signup") else {}
    calm = seen(crowd.client().post(path, {"email": WHO["unknown"]} | more))
    if trouble == "down":
        smtp.stop()
    else:
        smtp.fault("rcpt", "550 5.1.1 no such mailbox") if trouble == "refuses" else smtp.fault(
            "any", drop=True
        )
    for email in (WHO["known"], WHO["unknown"]):
        assert seen(crowd.client().post(path, {"email": email} | more)) == calm
    assert crowd.deliver() > 0
    for email in (WHO["known"], WHO["unknown"]):
        assert seen(crowd.client().post(path, {"email": email} | more)) == calm
    assert crowd.mailbox.messages == []


# path, further fields, answer, requests until a client and until an address is refused (None: silently)
ENDURANCE = {
    "reset": ("/api/v1/password/forgot", {}, 202, 10, None),
    "sign-up": ("/api/v1/signup", {"password": OTHER_PASSWORD}, 202, 10, None),
    "sign-in": ("/api/v1/login", {"password": OTHER_PASSWORD}, 401, 10, 10),
}


@pytest.mark.case("ENU-07", "RST-35")
@pytest.mark.parametrize("from_everywhere", [False, True])
@pytest.mark.parametrize(
    ("path", "more", "status", "client_limit", "address_limit"), ENDURANCE.values(), ids=ENDURANCE
)
def test_throttling_begins_at_the_same_count_for_everybody(
    make_service, sqlite_url, path, more, status, client_limit, address_limit, from_everywhere
):
    service = populate(make_service(sqlite_url, rate_limit_scale=1, argon2_memory_kib=64))
    limit = (address_limit if from_everywhere else client_limit) or 20
    for number, (who, email) in enumerate(WHO.items()):
        answers = [
            service.client().post(
                path,
                {"email": email} | more,
                environ_overrides={"REMOTE_ADDR": f"198.51.{100 + number}.{count if from_everywhere else 1}"},
            )
            for count in range(20)
        ]
        assert [answer.status_code for answer in answers] == [status] * limit + [429] * (20 - limit), who


@pytest.mark.case("ENU-07", "RST-35")
def test_the_throttle_of_an_address_stays_silent(make_service, database):
    service = make_service(database, rate_limit_scale=1)
    join(service)
    spellings = [ADDRESS, "READER@example.org", "reader@EXAMPLE.org", " reader@example.org"]
    answers = [seen(ASKING["reset"](service, spelling)) for spelling in spellings * 2]
    assert all(answer == answers[0] for answer in answers)
    assert len(letters_to(service)) == 3
    assert count_of(service, OutboxTable, OutboxTable.outcome == "throttled") == 5


@pytest.mark.case("ENU-08", "SGN-07")
@pytest.mark.parametrize(("who", "code"), [("banned", "account_disabled"), ("unproven", "email_unverified")])
def test_what_is_particular_about_an_account_is_said_after_its_right_password_only(crowd, who, code):
    wrong = log_in(crowd.client(), WHO[who], OTHER_PASSWORD)
    assert seen(wrong) == seen(log_in(crowd.client(), WHO["unknown"], OTHER_PASSWORD))
    browser = crowd.client()
    right = log_in(browser, WHO[who])
    assert (right.status_code, code_of(right)) == (403, code)
    assert secret_of(browser) is None
    assert sessions_in_store(crowd) == 0


@pytest.mark.case("ENU-12")
def test_ids_are_random_and_nothing_counts_up(service):
    ids = []
    for number in range(6):
        user = join(service, f"reader{number}@example.org")
        ids.append(
            (user.id, uuid.UUID(signed_in(service, user.email).get("/api/v1/session").json["session"]["id"]))
        )
    for one in (one for pair in ids for one in pair):
        assert (one.version, one.variant) == (7, uuid.RFC_4122)
    randoms = [one.int & (1 << 62) - 1 for pair in ids for one in pair]
    gaps = [abs(after - before) for before, after in itertools.pairwise(randoms)]
    assert min(gaps) > 1 << 40
    assert len({one >> 42 for one in randoms}) == len(randoms)


@pytest.mark.case("ENU-12")
@pytest.mark.parametrize("ask", ASKING.values(), ids=ASKING)
def test_an_answer_to_an_outsider_has_no_number_that_grows(service, ask):
    first = seen(ask(service, "nobody1@example.org"))
    for number in range(2, 6):
        assert seen(ask(service, f"nobody{number}@example.org")) == first
