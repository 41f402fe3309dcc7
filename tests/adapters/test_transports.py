"""What every way out promises, and which URL means which."""

from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from service.adapters.transports import TRANSPORTS, open_transport
from service.adapters.transports.devbox import DevboxTransport, DevMailbox
from service.adapters.transports.smtp import SmtpTransport
from service.core.mail import DeliveryRefused, Transport
from tests.delivery.mails import mail
from tests.support.smtp import SmtpSink

Arrived = Callable[[], list[EmailMessage]]


@pytest.fixture(params=["smtp", "devbox"])
def way(
    request: pytest.FixtureRequest, smtp: SmtpSink, tmp_path: Path
) -> Iterator[tuple[Transport, Arrived]]:
    """A transport and what arrived by it, oldest first."""
    url = smtp.url if request.param == "smtp" else "devbox:"
    transport = open_transport(url, devbox=tmp_path / "box")

    def arrived() -> list[EmailMessage]:
        raws = [letter.raw for letter in smtp.messages]
        raws += [letter.raw for letter in reversed(DevMailbox(tmp_path / "box").letters())]
        return [message_from_bytes(raw, policy=policy.default) for raw in raws]

    yield transport, arrived
    transport.close()


def part(message: EmailMessage, kind: str) -> str:
    body = message.get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_a_letter_arrives_as_it_was_written(way: tuple[Transport, Arrived]) -> None:
    transport, arrived = way
    answer = transport.send(
        mail(
            sender="Das Schöne Magazin <accounts@example.org>",
            reply_to="help@example.org",
            subject="Wähle ein neues Passwort für „Das Schöne Magazin“, und zwar heute noch, wenn es geht",
            text="Grüße\nhttps://example.org/reset-password?token=abc.def-_\n",
            html="<p>Grüße</p>\n",
            locale="de-AT",
        )
    )
    assert answer.startswith("250 ")
    (message,) = arrived()
    assert message.get_content_type() == "multipart/alternative"
    assert [child.get_content_type() for child in message.iter_parts()] == ["text/plain", "text/html"]
    assert part(message, "plain") == "Grüße\nhttps://example.org/reset-password?token=abc.def-_\n"
    assert part(message, "html") == "<p>Grüße</p>\n"
    assert message["From"] == "Das Schöne Magazin <accounts@example.org>"
    assert message["To"] == "ada@example.org"
    assert message["Reply-To"] == "help@example.org"
    assert message["Subject"].startswith("Wähle ein neues Passwort für „Das Schöne Magazin“, und zwar heute")
    assert message["Date"] == "Sun, 22 Nov 2026 18:06:00 +0000"
    assert message["Message-ID"] == "<0190a1b2-0000-7000-8000-000000000001@example.org>"
    assert message["Content-Language"] == "de-AT"
    assert message["Auto-Submitted"] == "auto-generated"
    assert not message.defects


def test_the_same_letter_is_the_same_to_the_last_byte(way: tuple[Transport, Arrived]) -> None:
    transport, arrived = way
    transport.send(mail())
    transport.send(mail())
    first, second = (message.as_bytes() for message in arrived())
    assert first == second


@pytest.mark.case("RST-08", "INJ-05")
@pytest.mark.parametrize(
    "changes",
    [
        {"to": "ada@example.org,eve@evil.example"},
        {"to": "ada@example.org\r\nBcc: eve@evil.example"},
        {"to": "ada@example.org\nRCPT TO:<eve@evil.example>"},
        {"to": "ada@example.org> <eve@evil.example"},
        {"to": "Ada <ada@example.org>"},
        {"to": "ada@example.org eve@evil.example"},
        {"to": "ädä@example.org"},
        {"to": "ada@exämple.org"},
        {"to": '"ada\\"@evil.example"@example.org'},
        {"to": "ada"},
        {"to": ""},
        {"to": "a" * 250 + "@example.org"},
        {"subject": "Hello\r\nBcc: eve@evil.example"},
        {"subject": "Hello\nBcc: eve@evil.example"},
        {"subject": "Hello\x85Bcc: eve@evil.example"},
        {"sender": "The\r\nBcc: eve@evil.example\r\n Masthead <accounts@example.org>"},
        {"reply_to": "help@example.org\r\nBcc: eve@evil.example"},
        {"reply_to": "help@example.org, eve@evil.example"},
        {"message_id": "<1@example.org>\r\nBcc: eve@evil.example"},
        {"locale": "en\r\nBcc: eve@evil.example"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_what_could_be_read_twice_never_leaves(
    way: tuple[Transport, Arrived], smtp: SmtpSink, changes: dict[str, str]
) -> None:
    transport, arrived = way
    with pytest.raises(DeliveryRefused) as refusal:
        transport.send(mail(**changes))
    assert arrived() == []
    assert smtp.connections == 0
    assert "example" not in refusal.value.answer


def test_a_closed_transport_can_be_used_again(way: tuple[Transport, Arrived]) -> None:
    transport, arrived = way
    transport.send(mail())
    transport.close()
    transport.send(mail())
    assert len(arrived()) == 2


def test_every_scheme_has_its_transport(tmp_path: Path) -> None:
    kinds = {"smtp": SmtpTransport, "smtps": SmtpTransport, "devbox": DevboxTransport}
    assert kinds.keys() == TRANSPORTS.keys()
    for scheme, kind in kinds.items():
        url = "devbox:" if scheme == "devbox" else f"{scheme}://mail.example.org"
        assert isinstance(open_transport(url, devbox=tmp_path), kind)


@pytest.mark.parametrize(
    ("url", "server", "protection"),
    [
        ("smtp://mail.example.org", "mail.example.org:25", "none"),
        ("smtp://mail.example.org:2525", "mail.example.org:2525", "none"),
        ("smtp://mail.example.org?tls=starttls", "mail.example.org:587", "starttls"),
        ("smtp://u:p@mail.example.org:25?tls=starttls", "mail.example.org:25", "starttls"),
        ("smtps://u:p@mail.example.org", "mail.example.org:465", "implicit"),
        ("smtp://u:p@localhost:1025", "localhost:1025", "none"),
        ("smtp://u:p@relay.internal?tls=none", "relay.internal:25", "none"),
        ("SMTP://[::1]:1025/", "::1:1025", "none"),
    ],
)
def test_a_url_says_where_and_how(url: str, server: str, protection: str) -> None:
    transport = open_transport(url)
    assert isinstance(transport, SmtpTransport)
    assert (str(transport.server), transport.server.protection) == (server, protection)


def test_credentials_are_read_percent_decoded_and_never_shown() -> None:
    transport = open_transport("smtps://apikey:p%40ss%2Fw%23rd%25@mail.example.org")
    assert isinstance(transport, SmtpTransport)
    assert (transport.server.user, transport.server.password) == ("apikey", "p@ss/w#rd%")
    assert "p@ss" not in repr(transport) + repr(transport.server) + str(transport.server)


@pytest.mark.case("FLT-07")
@pytest.mark.parametrize(
    "url",
    [
        "mail.example.org",
        "http://u:s3cret@mail.example.org",
        "smtp:",
        "smtp://",
        "smtp://u:s3cret@mail.example.org",
        "smtp://u:s3cret@mail.example.org?tls=starttsl",
        "smtp://u:s3cret@mail.example.org?tsl=starttls",
        "smtp://u:s3cret@mail.example.org?tls=starttls&tls=none",
        "smtp://u:s3cret@mail.example.org?tls",
        "smtps://u:s3cret@mail.example.org?tls=none",
        "smtps://u:s3cret/x@mail.example.org",
        "smtps://u:s3cret#x@mail.example.org",
        "smtps://u:s3cret:x/y@mail.example.org",
        "smtps://u:s3crét@mail.example.org",
        "smtps://u:s3cret%0D%0A@mail.example.org",
        "smtps://s3cret@mail.example.org",
        "smtps://:s3cret@mail.example.org",
        "smtp://mail.example.org?ca=/etc/hosts",
        "smtps://u:s3cret@mail.example.org?ca=/nowhere/ca.pem",
        "devbox:/etc",
    ],
)
def test_a_url_that_could_mean_less_protection_is_refused_without_telling_secrets(url: str) -> None:
    with pytest.raises(ValueError) as error:
        open_transport(url)
    assert "s3cr" not in str(error.value)
    assert error.value.__cause__ is None
