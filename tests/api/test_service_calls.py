"""Who may call as a service, how often, and requests that come again."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from service.store.schema import UserRow
from service.store.schema_directory import AnswerRow
from service.store.schema_mail import OutboxTable
from tests.api.conftest import refusal
from tests.flows.people import count_of, everything_stored, is_in
from tests.support.caller import USERS, Caller
from tests.support.documented import document_of
from tests.support.people import ADDRESS, PASSWORD, VISIT, add_reader, signed_in
from tests.support.relying_party import a_service

PUBLIC = {
    *("/api/v1/signup", "/api/v1/signup/confirm", "/api/v1/login", "/api/v1/login/link"),
    *("/api/v1/login/link/confirm", "/api/v1/login/google", "/api/v1/login/apple", "/api/v1/logout"),
    *("/api/v1/password/forgot", "/api/v1/password/reset", "/api/v1/email/change/confirm"),
    *("/api/v1/login/mfa", "/api/v1/login/passkey/options", "/api/v1/login/passkey"),
    "/api/v1/captcha/challenge",
}


@pytest.fixture
def desk(service):
    return Caller(service, "users:read", "users:write")


def operations(service):
    for path, methods in document_of(service.app)["paths"].items():
        for method, operation in methods.items():
            yield path.replace("{id}", "x").replace("{provider}", "x"), path, method.upper(), operation


@pytest.mark.case("ADM-01", "ENU-11")
def test_no_call_of_the_document_answers_who_may_not_make_it(service):
    add_reader(service)
    reader = signed_in(service)
    wrong = a_service(service, "mail:read").own_token()
    other = a_service(service, "users:read").own_token()
    for concrete, path, method, operation in operations(service):
        security = operation.get("security", [])
        if not path.startswith("/api/") or (path in PUBLIC and not security):
            continue
        assert security, f"{method} {path} is for everybody"
        stranger = service.client()
        if "session" in security[0]:
            body = {"json": {}} if "requestBody" in operation else {}
            bearer = {"Authorization": f"Bearer {other}"}
            for headers in ({}, bearer):
                answer = stranger.request(method, concrete, headers=headers, **body)
                assert answer.status_code in ((204,) if path == "/api/v1/logout" else (401, 422)), path
            continue
        (scope,) = security[0]["service"]
        too_little = {"Authorization": f"Bearer {other if scope == 'mail:read' else wrong}"}
        for answer in (
            stranger.request(method, concrete),
            reader.request(method, concrete),
            stranger.request(method, concrete, headers={"Authorization": "Bearer x"}),
            stranger.request(method, f"{concrete}?access_token={other}"),
        ):
            assert refusal(answer) == (401, "invalid_token"), f"{method} {path}"
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        answer = stranger.request(method, concrete, headers=too_little)
        assert refusal(answer) == (403, "insufficient_scope"), f"{method} {path}"
        assert answer.headers["WWW-Authenticate"] == f'Bearer error="insufficient_scope", scope="{scope}"'
    assert is_in(reader)


def test_a_client_that_is_disabled_is_nobody(service, desk):
    assert desk.get(USERS).status_code == 200
    service.parts.flows.clients.disable(desk.party.client.id, VISIT)
    assert refusal(desk.get(USERS)) == (401, "invalid_token")


def test_calls_are_counted_by_client(make_service, sqlite_url):
    service = make_service(sqlite_url, rate_limits="calls_per_service=2/minute", rate_limit_scale=1)
    one, another = Caller(service, "users:read"), Caller(service, "users:read")
    answers = [one.get(USERS) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].headers["Retry-After"]
    assert another.get(USERS).status_code == 200


def test_a_request_that_comes_again_is_answered_alike_and_done_once(service, desk):
    body = {"email": ADDRESS, "password": PASSWORD}
    first = desk.post(USERS, body, Idempotency_Key="a key")
    again = desk.post(USERS, dict(reversed(body.items())), Idempotency_Key="a key")
    assert (again.status_code, again.json) == (first.status_code, first.json) == (201, first.json)
    assert count_of(service, UserRow) == 1
    other_body = desk.post(USERS, body | {"name": "Ada"}, Idempotency_Key="a key")
    path = f"{USERS}/{first.json['user']['id']}"
    other_call = desk.post(f"{path}/password-reset", Idempotency_Key="a key")
    for answer in (other_body, other_call):
        assert refusal(answer) == (409, "idempotency_key_reused")
    assert refusal(desk.post(USERS, body)) == (409, "email_taken")
    somebody_else = Caller(service, "users:write")
    assert refusal(somebody_else.post(USERS, body, Idempotency_Key="a key")) == (409, "email_taken")
    for _ in range(2):
        assert desk.post(f"{path}/password-reset", Idempotency_Key="reset").status_code == 202
        assert desk.post(f"{path}/sessions/revoke", Idempotency_Key="revoke").status_code == 204
    assert count_of(service, OutboxTable) == 1
    for wrong in ("", "x" * 256, "é", "a\tb"):
        assert refusal(desk.post(USERS, body, Idempotency_Key=wrong)) == (422, "validation_failed"), wrong
    assert "a key" not in everything_stored(service)


def test_a_refusal_uses_no_key_up(service, desk):
    assert refusal(desk.post(USERS, {"email": "x"}, Idempotency_Key="k")) == (422, "validation_failed")
    taken = add_reader(service)
    assert refusal(desk.post(USERS, {"email": ADDRESS}, Idempotency_Key="k")) == (409, "email_taken")
    assert desk.delete(f"{USERS}/{taken.id}").status_code == 204
    assert desk.post(USERS, {"email": ADDRESS}, Idempotency_Key="k").status_code == 201


def test_of_many_at_once_one_is_done_and_all_are_answered_alike(service, desk):
    together, answers = threading.Barrier(8), []

    def create():
        together.wait(10)
        answers.append(desk.post(USERS, {"email": ADDRESS}, Idempotency_Key="at once"))

    threads = [threading.Thread(target=create) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 8
    assert len({answer.data for answer in answers}) == 1
    assert (count_of(service, UserRow), count_of(service, AnswerRow)) == (1, 1)


def test_after_a_day_a_key_is_free_and_nothing_of_it_is_kept(service, desk):
    calls = service.parts.flows.service_calls
    assert desk.post(USERS, {"email": ADDRESS}, Idempotency_Key="k").status_code == 201
    late = datetime.now(UTC) + timedelta(hours=24, seconds=1)
    object.__setattr__(calls, "clock", lambda: late)
    assert desk.post(USERS, {"email": "new@example.org"}, Idempotency_Key="k").status_code == 201
    with service.parts.store.write() as uow:
        assert uow.answers.purge(late) == 0
        assert uow.answers.purge(late + timedelta(hours=24)) == 1
