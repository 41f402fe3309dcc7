"""One letter names one address: what a request may look like, and that only its body counts."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from werkzeug.datastructures import MultiDict

from service.flows.notices import tell_password_changed
from tests.flows.forgotten import FORGOT, OTHER, READER, STAFF, is_problem

case = pytest.mark.case


@case("RST-06")
@pytest.mark.parametrize(
    "body",
    [
        *(
            json.dumps({"email": value})
            for value in ({}, {"a": READER}, 1, 1.5, True, None, "", [], [READER])
        ),
        '{"email": NaN}',
        '{"email": 1e999}',
        "{}",
        "[]",
        f'["{READER}"]',
        "null",
        f'"{READER}"',
        "",
        "{",
        '{"email": "\xff"}',
        '{"email":' * 30 + "1" + "}" * 30,
    ],
)
def test_a_body_of_the_wrong_shape_is_refused_in_the_one_form_of_errors(forgotten_on_sqlite, body):
    forgotten = forgotten_on_sqlite
    answer = forgotten.service.client().post(
        FORGOT, data=body.encode("latin-1"), content_type="application/json"
    )
    assert answer.status_code in (400, 422)
    assert is_problem(answer)
    assert forgotten.rows("outbox") == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"email": [READER, OTHER]}, marks=case("RST-01"), id="list"),
        pytest.param(f'{{"email": "{READER}", "email": "{OTHER}"}}', marks=case("RST-03"), id="name_twice"),
        pytest.param(
            f'{{"email": "{READER}", "\\u0065mail": "{OTHER}"}}',
            marks=case("RST-03"),
            id="name_twice_escaped",
        ),
        pytest.param({"email": READER, "Email": OTHER}, marks=case("RST-03"), id="name_in_two_cases"),
        pytest.param(
            {"email": READER, "redirect_to": "https://evil.example"}, marks=case("RST-29"), id="extra"
        ),
    ],
)
def test_a_body_with_two_addresses_or_more_than_asked_for_mails_nobody(forgotten_on_sqlite, body):
    forgotten = forgotten_on_sqlite
    forgotten.join()
    forgotten.join(OTHER)
    data = body if isinstance(body, str) else json.dumps(body)
    answer = forgotten.service.client().post(FORGOT, data=data, content_type="application/json")
    assert answer.status_code == 422
    assert is_problem(answer)
    assert forgotten.nobody_heard()


@case("RST-02")
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ([("email", READER), ("email", OTHER)], 400),
        ([("email", OTHER), ("email", READER)], 400),
        ([("email[]", READER), ("email[]", OTHER)], 422),
        ([("user[email][]", READER), ("user[email][]", OTHER)], 422),
        ([("email", READER), ("email[]", OTHER), ("email[0]", OTHER)], 200),
    ],
)
def test_a_form_never_mails_a_second_address(forgotten_on_sqlite, fields, status):
    forgotten = forgotten_on_sqlite
    forgotten.join()
    forgotten.join(OTHER)
    assert forgotten.ask_by_page(*fields).status_code == status
    forgotten.service.deliver()
    reached = [letter.recipients for letter in forgotten.mailbox.messages]
    assert reached == ([(READER,)] if status == 200 else [])
    assert forgotten.service.client().post(FORGOT, data=MultiDict(fields)).status_code == 415


@case("RST-04")
def test_only_the_address_in_the_body_counts(forgotten):
    forgotten.join()
    forgotten.join(OTHER)
    client = forgotten.service.client()
    client.inner.set_cookie("email", OTHER)
    headers = {"X-Email": OTHER, "Email": OTHER, "X-User-Email": OTHER}
    answer = client.post(f"{FORGOT}?email={OTHER}", {"email": READER}, headers=headers)
    assert answer.status_code == 202
    client.get(f"/forgot-password?email={OTHER}")
    assert client.form(f"/forgot-password?email={OTHER}", email=READER).status_code == 200
    forgotten.service.deliver()
    assert [letter.recipients for letter in forgotten.mailbox.messages] == [(READER,)] * 2


@case("RST-08")
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\0", ", "])
def test_a_poisoned_row_reaches_no_server_and_holds_nobody_up(forgotten_on_sqlite, end):
    forgotten = forgotten_on_sqlite
    forgotten.join()
    poisoned = f"{READER}{end}Bcc: {OTHER}"
    with forgotten.service.parts.store.write() as uow:
        user = replace(uow.users.by_address(READER), email=poisoned)
        tell_password_changed(uow, user, at=datetime.now(UTC), visit=STAFF)
    assert forgotten.ask().status_code == 202
    forgotten.service.deliver()
    assert forgotten.outcomes() == ["broken", "sent"]
    (letter,) = forgotten.mailbox.messages
    assert letter.recipients == (READER,)
    assert b"Bcc" not in letter.raw
