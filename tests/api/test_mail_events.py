"""`POST /events/mail/{vendor}`: one contract for every vendor, and what is particular to each."""

import base64
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from sqlalchemy import text
from werkzeug.test import TestResponse

from service.adapters.mail_events import VENDORS as REGISTERED
from service.adapters.mail_events import VendorKeys, open_mail_events, sns
from service.core.errors import Unavailable
from service.core.mail_events import Reason
from tests.adapters.vendors import (
    CERTIFICATE_URL,
    SENDGRID_KEY,
    TOPIC,
    VENDORS,
    Call,
    Vendor,
    mailgun_call,
    mailgun_event,
    ses_call,
    ses_event,
    sns_certificate,
    sns_message,
)
from tests.support.people import ADDRESS, VISIT, add_reader
from tests.support.service import Service

Make = Callable[..., Service]
ALL = {name: value for vendor in VENDORS.values() for name, value in vendor.settings.items()}


@pytest.fixture(autouse=True)
def amazon(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Amazon's certificate, without the internet; the addresses that were asked for."""
    asked: list[str] = []

    def read(url: str) -> bytes:
        asked.append(url)
        return sns_certificate() if url.endswith(".pem") else b"<ConfirmSubscriptionResponse/>"

    monkeypatch.setattr("service.wiring.mail.VendorKeys", lambda **keys: VendorKeys(**keys, fetch=read))
    return asked


@pytest.fixture
def listening(make_service: Make, database: str) -> Service:
    """A service that listens to every vendor."""
    return make_service(database, **ALL)


@pytest.fixture
def quick(make_service: Make, sqlite_url: str) -> Service:
    return make_service(sqlite_url, **ALL)


@pytest.fixture(params=VENDORS)
def vendor(request: pytest.FixtureRequest) -> Vendor:
    return VENDORS[request.param]


def post(service: Service, vendor: str, call: Call, **headers: str) -> TestResponse:
    """As a machine calls: no cookie, no Origin."""
    client = service.app.test_client()
    return client.post(
        f"/events/mail/{vendor}",
        data=call.body,
        headers=call.headers | headers,
        base_url=service.settings.public_url,
    )


def suppressed(service: Service, address: str = ADDRESS) -> Reason | None:
    found = service.parts.flows.suppressions.of(address)
    return found.reason if found else None


def untouched(service: Service) -> bool:
    with service.parts.store.engine.connect() as connection:
        counts = [connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() for table in TABLES]
    return counts == [0] * len(TABLES)


TABLES = ("suppressions", "mail_events", "audit_events")


def test_every_vendor_has_its_contract() -> None:
    assert VENDORS.keys() == REGISTERED.keys()


@pytest.mark.parametrize(("kind", "reason"), [("hard", Reason.HARD_BOUNCE), ("complaint", Reason.COMPLAINT)])
def test_what_a_vendor_reports_is_taken_and_has_its_effect(
    listening: Service, vendor: Vendor, kind: str, reason: Reason
) -> None:
    answer = post(listening, vendor.name, vendor.call(kind, "Reader@Example.org"))
    assert (answer.status_code, answer.data) == (202, b"")
    assert suppressed(listening) == reason
    (listed,) = listening.parts.flows.suppressions.all()
    assert listed.source == vendor.name


def test_a_report_stands_beside_the_letter_it_is_about(listening: Service, vendor: Vendor) -> None:
    user = add_reader(listening)
    listening.client().post("/api/v1/password/forgot", {"email": ADDRESS})
    listening.deliver()
    with listening.parts.store.read() as uow:
        (letter,) = uow.outbox.history(ADDRESS)
    post(listening, vendor.name, vendor.call("hard", ADDRESS, row_id=letter.id))
    (event,) = events_of(listening)
    assert (event.row_id, event.user_id) == (letter.id, user.id)
    assert "no such user" in event.detail


def events_of(service: Service) -> list:
    with service.parts.store.read() as uow:
        return list(uow.mail_events.of_address(ADDRESS))


def test_the_same_report_twice_counts_once_and_cannot_undo_what_staff_did(
    listening: Service, vendor: Vendor
) -> None:
    call = vendor.call("hard", ADDRESS)
    assert post(listening, vendor.name, call).status_code == 202
    listening.parts.flows.suppressions.unsuppress(ADDRESS, VISIT)
    assert post(listening, vendor.name, call).status_code == 202
    assert suppressed(listening) is None
    assert len(events_of(listening)) == 1


def test_one_soft_bounce_suppresses_nobody_three_do(listening: Service, vendor: Vendor) -> None:
    for number in range(3):
        assert suppressed(listening) is None
        post(listening, vendor.name, vendor.call("soft", ADDRESS, event_id=f"soft{number}"))
    assert suppressed(listening) is Reason.SOFT_BOUNCES


def test_a_vendor_that_is_not_set_up_is_not_there(
    make_service: Make, sqlite_url: str, vendor: Vendor
) -> None:
    service = make_service(sqlite_url)
    answer = post(service, vendor.name, vendor.call("hard", ADDRESS))
    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert untouched(service)
    assert post(service, "sparrow", Call(b"{}")).status_code == 404


def spoilt(vendor: Vendor) -> Iterator[Call]:
    """Calls whose signature is wrong, missing, or another body's."""
    good = vendor.call("hard", ADDRESS)
    if vendor.name in ("mailgun", "ses"):  # theirs is in the body
        name = b"signature" if vendor.name == "mailgun" else b"Signature"
        yield Call(good.body.replace(b'"%s": "' % name, b'"%s": "AAAA' % name), good.headers)
        yield Call(good.body.replace(b'"%s": "' % name, b'"other": "'), good.headers)
    else:
        yield Call(good.body, {"Content-Type": "application/json"})
        yield Call(good.body, {name: f"{value[:-6]}AAAAAA" for name, value in good.headers.items()})
    if vendor.name in ("sendgrid", "ses"):  # theirs is about the body
        yield Call(good.body.replace(ADDRESS.encode(), b"victim@example.net"), good.headers)


def test_a_wrong_signature_is_400_and_changes_nothing(quick: Service, vendor: Vendor) -> None:
    for call in spoilt(vendor):
        answer = post(quick, vendor.name, call)
        assert (answer.status_code, answer.mimetype) == (400, "application/problem+json")
        assert answer.json["code"] in ("invalid_notification", "invalid_json")
    assert untouched(quick)


@pytest.mark.parametrize("name", ["mailgun", "sendgrid", "ses"])
@pytest.mark.parametrize("off", [timedelta(hours=-2), timedelta(minutes=10)], ids=["old", "from the future"])
def test_a_signature_of_another_time_is_refused(quick: Service, name: str, off: timedelta) -> None:
    call = VENDORS[name].call("hard", ADDRESS, at=datetime.now(UTC) + off)
    assert post(quick, name, call).status_code == 400
    assert untouched(quick)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"null", b"[1]", b'"x"', b"[" * 50_000, b"\xff\xfe", b"9" * 5000, b"{}", b"[{}]"]
)
def test_a_body_that_is_none_is_400(quick: Service, vendor: Vendor, body: bytes) -> None:
    answer = post(quick, vendor.name, Call(body, vendor.call("hard", ADDRESS).headers))
    if vendor.name == "postmark" and body in (b"{}", b"[{}]"):
        assert answer.status_code == 202  # authentic, and nothing we know
    else:
        assert answer.status_code == 400
    assert untouched(quick)


def test_other_events_and_odd_shapes_are_taken_and_mean_nothing(quick: Service, vendor: Vendor) -> None:
    odd = {
        "event": ["failed"],
        "RecordType": 5,
        "Type": None,
        "bounce": "x",
        "complaint": [],
        "mail": 1,
        "id": "odd",
    }
    assert post(quick, vendor.name, vendor.sign(odd, datetime.now(UTC))).status_code == 202
    assert untouched(quick)


def test_no_cookie_and_no_origin_are_needed_and_another_site_s_origin_is_no_matter(
    quick: Service, vendor: Vendor
) -> None:
    answer = post(quick, vendor.name, vendor.call("hard", ADDRESS), Origin="https://elsewhere.example")
    assert answer.status_code == 202
    assert "Set-Cookie" not in answer.headers


def test_a_batch_may_be_large_but_not_endless(quick: Service) -> None:
    vendor = VENDORS["sendgrid"]
    many = vendor.event("hard", ADDRESS, datetime, "1") * 1000
    assert 64 * 1024 < len(json.dumps(many)) < 1024 * 1024
    assert post(quick, "sendgrid", vendor.sign(many, datetime.now(UTC))).status_code == 202
    assert post(quick, "sendgrid", vendor.sign(many * 10, datetime.now(UTC))).status_code == 413


def test_mailgun_s_token_counts_once_whatever_event_comes_with_it(listening: Service) -> None:
    event = mailgun_event("hard", ADDRESS, None, "same")
    post(listening, "mailgun", mailgun_call(event, datetime.now(UTC)))
    post(listening, "mailgun", mailgun_call(event | {"recipient": "victim@example.net"}, datetime.now(UTC)))
    assert suppressed(listening, "victim@example.net") is None


def test_sendgrid_s_key_is_judged_at_start_and_another_key_s_signature_is_none(quick: Service) -> None:
    for wrong in ("no base64!", base64.b64encode(b"no key").decode()):
        with pytest.raises(ValueError, match="AUTH_MAIL_EVENTS_SENDGRID_KEY"):
            open_mail_events(VendorKeys(sendgrid=wrong))
    call = VENDORS["sendgrid"].call("hard", ADDRESS)
    timestamp = call.headers["X-Twilio-Email-Event-Webhook-Timestamp"]
    other = ec.generate_private_key(ec.SECP256R1())
    assert other != SENDGRID_KEY
    signature = base64.b64encode(other.sign(timestamp.encode() + call.body, ec.ECDSA(SHA256()))).decode()
    forged = Call(call.body, call.headers | {"X-Twilio-Email-Event-Webhook-Signature": signature})
    assert post(quick, "sendgrid", forged).status_code == 400


@pytest.mark.parametrize("version", ["1", "2"])
def test_both_of_amazon_s_signatures_are_known(quick: Service, version: str, amazon: list[str]) -> None:
    for event_id in "ab":
        event = ses_event("hard", ADDRESS, None, event_id)
        assert post(quick, "ses", ses_call(event, datetime.now(UTC), version)).status_code == 202
    assert amazon == [CERTIFICATE_URL]
    assert suppressed(quick)


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.example/SimpleNotificationService-1.pem",
        "https://evil.example/sns.eu-central-1.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com@evil.example/SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com:8443/SimpleNotificationService-1.pem",
        "https://my-bucket.s3.amazonaws.com/SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com/mine/SimpleNotificationService-1.pem",
        "https://sns.eu-central-1.amazonaws.com/?Action=GetTopicAttributes#SimpleNotificationService-1.pem",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_certificate_from_anywhere_else_is_not_even_fetched(
    quick: Service, url: str, amazon: list[str]
) -> None:
    call = sns_message(
        Type="Notification",
        MessageId="1",
        Message="{}",
        Timestamp=datetime.now(UTC).isoformat(),
        SigningCertURL=url,
    )
    assert post(quick, "ses", call).status_code == 400
    assert amazon == []


def test_another_topic_may_not_speak(quick: Service, amazon: list[str]) -> None:
    call = sns_message(
        Type="Notification",
        MessageId="1",
        Message=json.dumps(ses_event("hard", ADDRESS, None, "1")),
        Timestamp=datetime.now(UTC).isoformat(),
        TopicArn=TOPIC + "-of-somebody-else",
    )
    assert post(quick, "ses", call).status_code == 400
    assert amazon == []
    assert untouched(quick)


SUBSCRIBE_URL = (
    f"https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336"
)


@pytest.mark.parametrize(
    ("url", "status"),
    [
        (SUBSCRIBE_URL, 202),
        (SUBSCRIBE_URL.replace("amazonaws.com", "evil.example"), 400),
        ("http://169.254.169.254/latest/meta-data", 400),
    ],
)
def test_a_subscription_to_our_topic_is_confirmed_at_amazon_only(
    quick: Service, url: str, status: int, amazon: list[str]
) -> None:
    call = sns_message(
        Type="SubscriptionConfirmation",
        MessageId="1",
        Message="You have chosen to subscribe",
        SubscribeURL=url,
        Token="2336",
        Timestamp=datetime.now(UTC).isoformat(),
    )
    assert post(quick, "ses", call).status_code == status
    assert amazon == ([CERTIFICATE_URL, url] if status == 202 else [CERTIFICATE_URL])


def test_a_certificate_that_cannot_be_had_now_is_503_so_that_amazon_tries_again(
    make_service: Make, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(url: str) -> bytes:
        raise Unavailable

    monkeypatch.setattr("service.wiring.mail.VendorKeys", lambda **keys: VendorKeys(**keys, fetch=away))
    service = make_service(sqlite_url, **ALL)
    answer = post(service, "ses", VENDORS["ses"].call("hard", ADDRESS))
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert untouched(service)


def test_a_file_is_fetched_whole_but_not_without_end_and_from_nobody_elsewhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import http.server
    import threading

    class Files(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302 if self.path == "/elsewhere" else 200)
            if self.path == "/elsewhere":
                self.send_header("Location", "/small")
            self.end_headers()
            self.wfile.write(b"x" * (10 if self.path == "/small" else 5_000_000))

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Files)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    here = f"http://127.0.0.1:{server.server_port}"
    assert sns.fetch(f"{here}/small") == b"x" * 10
    assert len(sns.fetch(f"{here}/endless")) == sns.MOST_BYTES
    with pytest.raises(Unavailable):
        sns.fetch(f"{here}/elsewhere")
    server.shutdown()
    server.server_close()
    with pytest.raises(Unavailable):
        sns.fetch(f"{here}/small")
