"""The services that sign readers in here or are told of accounts, and the keys: listed, stopped, started."""

import pytest

from service.flows.clients import ClientDetails
from tests.admin.people import Staff, events
from tests.support.people import VISIT, add_reader
from tests.support.service import Service
from tests.support.webhook_receiver import WebhookReceiver, register

DETAILS = ClientDetails(
    name="<b>Newsroom</b>", redirect_uris=("https://cms.example.org/back",), scopes=("openid",)
)


def test_an_empty_house_says_how_to_begin(staff: Staff) -> None:
    for path, said in (
        ("/admin/clients", "flask --app wsgi clients create"),
        ("/admin/webhooks", "flask --app wsgi webhooks create"),
        ("/admin/keys", "No key yet"),
    ):
        page = staff.get(path)
        assert page.status_code == 200
        assert said in page.text
        assert 'class="empty"' in page.text


@pytest.mark.case("WEB-11")
def test_clients_are_listed_without_what_proves_them(staff: Staff, service: Service) -> None:
    client, secret = service.parts.flows.clients.create(DETAILS, VISIT)
    page = staff.get("/admin/clients").text
    assert client.id in page
    assert "https://cms.example.org/back" in page
    assert "&lt;b&gt;Newsroom&lt;/b&gt;" in page
    assert "<b>Newsroom" not in page
    assert secret not in page


def test_a_client_is_disabled(staff: Staff, service: Service) -> None:
    client, _ = service.parts.flows.clients.create(DETAILS, VISIT)
    path = f"/admin/clients/{client.id}/disable"
    done = staff.press(path, on="/admin/clients")
    assert "The client is disabled." in staff.browser.follow(done).text
    assert service.parts.flows.clients.open(client.id) is None
    (audited,) = events(service, "client.disabled")
    assert audited.data == {"client": client.id, "by": str(staff.user.id)}
    assert path not in staff.get("/admin/clients").text


def test_webhooks_are_listed_by_their_host(staff: Staff, service: Service) -> None:
    url = "https://hooks.example.org/a/path/with-a-secret?key=1"
    webhook, secret = service.parts.flows.webhooks.create(url, ["user.created"], VISIT)
    page = staff.get("/admin/webhooks").text
    assert str(webhook.id) in page
    assert "https://hooks.example.org" in page
    assert "user.created" in page
    assert "with-a-secret" not in page
    assert secret not in page


def test_a_webhook_is_disabled_enabled_and_told_again(
    staff: Staff, service: Service, receiver: WebhookReceiver
) -> None:
    webhook = register(service, receiver, "user.created")
    add_reader(service)
    service.deliver()
    assert receiver.types == ["user.created"]
    here = "/admin/webhooks"
    done = staff.press(f"{here}/{webhook.id}/replay", on=here, hours="24")
    assert "Deliveries queued: 1" in staff.browser.follow(done).text
    service.deliver()
    assert receiver.types == ["user.created"] * 2
    staff.press(f"{here}/{webhook.id}/disable", on=here)
    add_reader(service, "other@example.org")
    service.deliver()
    assert len(receiver.types) == 2
    refused = staff.send(f"{here}/{webhook.id}/replay", hours="1")
    assert "enable the webhook first" in staff.browser.follow(refused).text
    staff.press(f"{here}/{webhook.id}/enable", on=here)
    staff.press(f"{here}/{webhook.id}/replay", on=here, hours="720")
    service.deliver()
    assert len(receiver.types) == 4
    for kind in ("webhook.disabled", "webhook.enabled", "webhook.replayed"):
        newest = events(service, kind)[0]
        assert (newest.data["by"], newest.data["webhook"]) == (str(staff.user.id), str(webhook.id))
        assert newest.ip == "127.0.0.1"


@pytest.mark.parametrize("hours", ["", "2", "-1", "99999", "x"])
def test_a_span_that_is_not_offered_is_refused(staff: Staff, service: Service, hours: str) -> None:
    webhook, _ = service.parts.flows.webhooks.create("https://hooks.example.org/", [], VISIT)
    assert staff.send(f"/admin/webhooks/{webhook.id}/replay", hours=hours).status_code == 404
    assert not events(service, "webhook.replayed")


def test_the_next_key_is_published_and_signs_later(staff: Staff, service: Service) -> None:
    keys = service.parts.flows.signing_keys
    present = keys.pen().kid
    done = staff.press("/admin/keys/rotate", on="/admin/keys")
    page = staff.browser.follow(done).text
    assert "signs in an hour" in page
    assert [state for _, state in keys.list()] == ["next", "active"]
    assert keys.pen().kid == present
    assert all(key.kid in page for key, _ in keys.list())
    newest = events(service, "key.published")[0]
    assert (newest.data["by"], newest.ip) == (str(staff.user.id), "127.0.0.1")


def test_a_key_that_is_not_safe_any_more_is_replaced_at_once(staff: Staff, service: Service) -> None:
    keys = service.parts.flows.signing_keys
    present = keys.pen().kid
    staff.press("/admin/keys/rotate", on="/admin/keys", at_once="yes")
    assert keys.pen().kid != present


def test_private_keys_are_on_no_page(staff: Staff, service: Service) -> None:
    service.parts.flows.signing_keys.pen()
    (key, _) = service.parts.flows.signing_keys.list()[0]
    page = staff.get("/admin/keys").text
    assert key.kid in page
    assert key.private not in page
