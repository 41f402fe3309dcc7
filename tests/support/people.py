"""Accounts and signed-in browsers, made without waiting for letters."""

from typing import TYPE_CHECKING, Any

from service.core.values import User, Visit

if TYPE_CHECKING:
    from tests.support.service import Client, Service

ADDRESS = "reader@example.org"
PASSWORD = "sepia lantern forty-two"
ANOTHER = "quiet harbour at noon"
VISIT = Visit(ip="192.0.2.7", agent="curl/8.5", locale="en")


def add_reader(
    service: "Service", email: str = ADDRESS, password: str | None = PASSWORD, **details: Any
) -> User:
    """Make an account as staff would; by default its address is proven."""
    user: User = service.parts.flows.accounts.create(email=email, password=password, visit=VISIT, **details)
    return user


def signed_in(service: "Service", email: str = ADDRESS, password: str = PASSWORD) -> "Client":
    """A browser that has signed in to an account that is there already."""
    client = service.client()
    answer = client.post("/api/v1/login", {"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    return client
