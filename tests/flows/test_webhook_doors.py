"""Whatever happens to an account, through whichever door, services hear of it: all of it, once, in order."""

import json

import pytest

from service.api.webhooks import DATA
from service.core.webhooks import WebhookType
from tests.flows.people import PASSWORD
from tests.flows.webhook_doors import DOORS, World
from tests.support.webhook_receiver import register

FACTS = {
    "user.created": {"user_id", "email", "email_verified", "locale", "roles"},
    "user.updated": {"user_id", "fields"},
    "user.email_changed": {"user_id", "email", "email_verified"},
    "user.password_changed": {"user_id"},
    "user.disabled": {"user_id"},
    "user.deleted": {"user_id"},
    "identity.linked": {"user_id", "provider"},
    "identity.unlinked": {"user_id", "provider"},
    "session.created": {"user_id", "session_id", "amr"},
    "session.revoked": {"user_id", "session_id"},
    "newsletter.subscribed": {"user_id", "email", "email_verified", "locale"},
    "newsletter.unsubscribed": {"user_id", "email"},
}


def as_described(event):
    """Whether an event is what `/openapi.json` says of its kind."""
    model = DATA[WebhookType(event["type"])][1]
    model.model_validate(event["data"], strict=True, extra="forbid")
    return set(event) == {"type", "timestamp", "data"}


@pytest.fixture
def world(clock, make_service, database, google, apple, issuer):
    settings = {**google.settings, **apple.settings, **issuer.settings}
    return World(make_service(database, **settings), google, apple, issuer, clock)


@pytest.mark.case("WHK-09")
def test_every_door_tells_what_happened_and_nothing_more(world, receiver):
    register(world.service, receiver)
    heard, seen = {}, 0
    for door in DOORS:
        door(world, f"{door.__name__}@example.org")
        world.service.deliver()
        heard[door.__name__] = receiver.types[seen:]
        seen = len(receiver.types)
    assert heard == {door.__name__: [str(kind) for kind in expected] for door, expected in DOORS.items()}
    assert set(receiver.types) == {str(kind) for kind in WebhookType}
    assert {event["type"]: set(event["data"]) for event in receiver.events} == FACTS
    assert all(as_described(event) for event in receiver.events)
    assert len({call.id for call in receiver.taken}) == len(receiver.calls)
    told = json.dumps(receiver.events)
    assert PASSWORD not in told
    assert "argon2" not in told
    assert [event["data"]["email"] for event in receiver.events if event["type"] == "user.email_changed"] == [
        "new.by_another_address_and_back@example.org",
        "by_another_address_and_back@example.org",
    ]
