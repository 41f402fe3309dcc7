"""One call to a receiver: signed, pinned to the address that was judged, and over in time whatever comes back."""

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from service.adapters.status_only import StatusOnly
from service.adapters.targets import PinnedTransport, TargetRefused
from service.adapters.webhooks import WebhookCall, body_of, signed_headers
from service.core.mail import DeliveryRefused, TransportTrouble
from service.core.values import OutboxRow, new_id
from service.core.webhooks import Delivery, WebhookEvent, WebhookType
from service.flows.webhooks import new_signing_secret
from tests.support.webhook_receiver import WebhookReceiver

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
EVENT = WebhookEvent(7, new_id(), WebhookType.USER_CREATED, new_id(), NOON, {"email": "zoë@example.org"})
ROW = OutboxRow(new_id(), "webhook", "", "", NOON, NOON)
MOST = 0.5  # seconds a slow receiver is given here


class Prepared:
    """Says that one delivery is due, whatever the row."""

    def __init__(self, url: str, *secrets: str) -> None:
        self.delivery = Delivery(url, secrets or (new_signing_secret(),), EVENT)

    def prepare(self, row: OutboxRow) -> Delivery:
        return self.delivery


def call(
    url: str,
    *secrets: str,
    private: bool = True,
    inner: httpx2.BaseTransport | None = None,
    seconds: float = 10,
) -> str:
    pinned = PinnedTransport(inner or httpx2.HTTPTransport(), private=private)
    return WebhookCall(Prepared(url, *secrets), StatusOnly(pinned, seconds))(ROW)  # type: ignore[arg-type]


@contextmanager
def serving(answer: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> Iterator[int]:
    """Something on a port that takes a call and then does as it likes with the connection."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with closing(connection):
                try:
                    spoken = tls.wrap_socket(connection, server_side=True) if tls else connection
                    spoken.recv(65536)
                    answer(spoken)
                except OSError:
                    pass  # the caller had enough

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, daemon=True).start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)


@pytest.mark.case("WHK-06")
def test_a_delivery_is_signed_as_the_library_of_receivers_wants_it(receiver: WebhookReceiver) -> None:
    secret = new_signing_secret()
    receiver.secrets.append(secret)
    assert call(receiver.url, secret) == "204 No Content"
    (taken,) = receiver.taken
    assert taken.event == {
        "type": "user.created",
        "timestamp": "2026-11-22T12:00:00.000Z",
        "data": {"email": "zoë@example.org"},
    }
    assert (taken.id, taken.headers["content-type"]) == (str(EVENT.id), "application/json")
    assert json.loads(taken.body) == taken.event


@pytest.mark.case("WHK-06")
def test_both_secrets_of_a_rotation_sign_and_no_other_one_verifies() -> None:
    new, old, other = (new_signing_secret() for _ in range(3))
    body = body_of(EVENT)
    headers = dict(signed_headers(Delivery("", (new, old), EVENT), body, at=datetime.now(UTC)))
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (new, old):
        assert Webhook(secret).verify(body, headers)["type"] == "user.created"
    for wrong in (
        lambda: Webhook(other).verify(body, headers),
        lambda: Webhook(new).verify(body + " ", headers),
        lambda: Webhook(new).verify(body, headers | {"webhook-id": str(new_id())}),
        lambda: Webhook(new).verify(body, headers | {"webhook-timestamp": str(int(time.time()) + 1)}),
    ):
        with pytest.raises(WebhookVerificationError):
            wrong()
    late = signed_headers(Delivery("", (new,), EVENT), body, at=datetime.now(UTC) - timedelta(minutes=6))
    with pytest.raises(WebhookVerificationError, match="too old"):
        Webhook(new).verify(body, dict(late))


@pytest.mark.case("WHK-02")
def test_the_connection_goes_to_the_very_address_that_was_judged() -> None:
    asked: list[httpx2.Request] = []

    class Network(httpx2.BaseTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            asked.append(request)
            return httpx2.Response(204)

    call("https://localhost:8443/hook", inner=Network())
    (request,) = asked
    assert request.url.host in ("127.0.0.1", "::1")  # a number: nobody looks the name up again
    assert request.headers["host"] == "localhost:8443"
    assert request.extensions["sni_hostname"] == "localhost"


@pytest.mark.case("WHK-01", "WHK-02")
def test_a_private_address_is_not_connected_to(receiver: WebhookReceiver) -> None:
    for url in (receiver.url, receiver.url.replace("127.0.0.1", "localhost"), "http://2130706433/"):
        with pytest.raises(TransportTrouble, match="private network") as refused:
            call(url, private=False)
        assert isinstance(refused.value.__cause__, TargetRefused)
    assert receiver.calls == []


@pytest.mark.case("WHK-03")
def test_a_redirect_is_not_followed(receiver: WebhookReceiver) -> None:
    for status in (301, 302, 303, 307, 308):
        receiver.answer(status, times=1, headers={"Location": receiver.url + "/internal"})
        with pytest.raises(TransportTrouble, match=str(status)):
            call(receiver.url)
    assert {one.path for one in receiver.calls} == {"/hook"}


@pytest.mark.case("WHK-08")
def test_only_gone_ends_it_and_every_other_no_is_tried_again(receiver: WebhookReceiver) -> None:
    for status in (400, 401, 404, 429, 500, 503, 599):
        receiver.answer(status, times=1)
        with pytest.raises(TransportTrouble, match=str(status)):
            call(receiver.url)
    receiver.answer(410, times=1)
    with pytest.raises(DeliveryRefused, match="410 Gone") as gone:
        call(receiver.url)
    assert gone.value.about_recipient


def a_drop(connection: socket.socket) -> None:
    """A byte of the head now and then, for ever: no single wait is long."""
    for byte in b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000:
        connection.sendall(bytes([byte]))
        time.sleep(0.05)


def nothing(connection: socket.socket) -> None:
    connection.recv(1)


def endless_head(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        connection.sendall(b"X-Padding: " + b"x" * 4000 + b"\r\n")


@pytest.mark.case("WHK-05")
@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("receiver_does", [a_drop, nothing, endless_head])
def test_a_slow_receiver_is_left_when_its_time_is_over(
    receiver_does: Callable[[socket.socket], None], tls: bool, certificate: Path
) -> None:
    context, trust = None, ssl.create_default_context()
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        trust.load_verify_locations(certificate)
    with serving(receiver_does, context) as port:
        begun = time.monotonic()
        with pytest.raises(TransportTrouble):
            call(
                f"{'https' if tls else 'http'}://localhost:{port}/",
                inner=httpx2.HTTPTransport(verify=trust),
                seconds=MOST,
            )
        assert time.monotonic() - begun < 5


@pytest.mark.case("WHK-05")
def test_what_follows_a_good_status_is_not_read_however_long_or_compressed() -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 99999999999\r\n\r\n"
        )
        while True:
            connection.sendall(b"\0" * 65536)

    with serving(endless) as port:
        begun = time.monotonic()
        assert call(f"http://127.0.0.1:{port}/") == "200 OK"
        assert time.monotonic() - begun < 5
