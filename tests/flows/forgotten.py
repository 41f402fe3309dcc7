"""The steps of a forgotten password, as its reader takes them and as somebody else might try to."""

import json
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from sqlalchemy import Row, select
from werkzeug.test import TestResponse

from service.core.values import User, Visit
from service.store.schema import Table
from tests.support.pages import hidden_fields, text_of
from tests.support.service import Client, Service
from tests.support.smtp import Letter

READER, OTHER = "reader@example.org", "other@example.net"
OLD, NEW, NEWER = "sepia lantern forty-two", "quiet harbour at noon", "nine green umbrellas"
STAFF = Visit(ip="127.0.0.1")

FORGOT, RESET = "/api/v1/password/forgot", "/api/v1/password/reset"


class Forgotten:
    """One service and what people do there. Every call comes from a new browser unless one is given."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.mailbox = service.mailbox

    def join(self, email: str = READER, password: str | None = OLD, **details: Any) -> User:
        """An account, made by staff; `verified=False` and `roles=["staff"]` go here."""
        return self.service.parts.flows.accounts.create(
            email=email, password=password, visit=STAFF, **details
        )

    def ask(self, email: object = READER, **options: Any) -> TestResponse:
        """Ask by API for a letter."""
        return self.service.client().post(FORGOT, {"email": email}, **options)

    def ask_by_page(self, *fields: tuple[str, str], next: str = "") -> TestResponse:
        """Ask by the form, with any bytes in it and any field more than once."""
        client = self.service.client()
        hidden = hidden_fields(client.get(f"/forgot-password?{urlencode({'next': next})}").text)
        body = urlencode([*hidden.items(), *fields], errors="surrogatepass")
        return client.post("/forgot-password", data=body, content_type="application/x-www-form-urlencoded")

    def nobody_heard(self) -> bool:
        """Whether the worker, given its turn, had no reason to call the mail server at all."""
        self.service.deliver()
        return self.mailbox.connections == 0

    def token_of(self, email: str = READER) -> str:
        """Let the worker work and read the token in the newest reset letter."""
        self.service.deliver()
        letters = [letter for letter in self.mailbox.to(email) if "/reset-password?" in letter_text(letter)]
        return parse_qs(urlsplit(letters[-1].link("/reset-password")).query)["token"][0]

    def token(self, email: str = READER) -> str:
        """Ask, and read the token in the letter that comes."""
        assert self.ask(email).status_code == 202
        return self.token_of(email)

    def reset(self, token: str, password: str = NEW, client: Client | None = None) -> TestResponse:
        """Spend a token by API."""
        return (client or self.service.client()).post(RESET, {"token": token, "password": password})

    def opened(self, token: str) -> Client:
        """A browser that has followed the link and shows the form."""
        client = self.service.client()
        assert client.follow(client.get(f"/reset-password?token={token}")).status_code == 200
        return client

    def sign_in(self, password: str, email: str = READER, **more: Any) -> Client:
        """A browser that has just signed in."""
        client = self.service.client()
        answer = client.post("/api/v1/login", {"email": email, "password": password, **more})
        assert answer.status_code == 200, answer.text
        return client

    def opens(self, password: str, email: str = READER) -> bool:
        """Whether the account opens with a password."""
        answer = self.service.client().post("/api/v1/login", {"email": email, "password": password})
        assert answer.status_code in (200, 401), answer.text
        return answer.status_code == 200

    def rows(self, table: str) -> list[Row[Any]]:
        """Everything in a table."""
        with self.service.parts.store.engine.connect() as connection:
            return list(connection.execute(select(Table.metadata.tables[table])))

    def outcomes(self) -> list[str | None]:
        """What became of every letter, oldest first."""
        return [row.outcome for row in sorted(self.rows("outbox"), key=lambda row: row.id.hex)]

    def audit(self, kind: str) -> list[Row[Any]]:
        return [row for row in self.rows("audit_events") if row.kind == kind]


def letter_text(letter: Letter) -> str:
    return text_of(letter.message)


def refused_token(answer: TestResponse) -> bool:
    """Whether this is the one answer to every link that does not work."""
    return answer.status_code == 400 and answer.json["code"] == "invalid_token"


def field_codes(answer: TestResponse) -> list[str]:
    """The codes of a 422, in order."""
    assert answer.status_code == 422, answer.text
    assert answer.json["code"] == "validation_failed"
    return [error["code"] for error in answer.json["errors"]]


def is_problem(answer: TestResponse) -> bool:
    """Whether an error is our RFC 9457 answer, not a framework's."""
    return (
        answer.mimetype == "application/problem+json"
        and answer.json["status"] == answer.status_code
        and not {"traceback", "exception"} & set(answer.json)
    )


def signed_in(client: Client) -> bool:
    return client.get("/api/v1/session").status_code == 200


def as_json(**fields: object) -> dict[str, Any]:
    """Options to send a body with its characters unescaped."""
    return {
        "data": json.dumps(fields, ensure_ascii=False).encode(),
        "content_type": "application/json",
    }
