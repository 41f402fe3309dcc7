"""The link in the letter: built from the public URL, leading nowhere an attacker chose, telling nobody its token."""

import json
import re
import socket
from html.parser import HTMLParser

import pytest
from werkzeug.test import TestResponse

from tests.flows.forgotten import FORGOT, NEW, OLD, READER, Forgotten, letter_text

case = pytest.mark.case

PUBLIC = "https://accounts.example.net"


class Addresses(HTMLParser):
    """Everything a page or letter fetches (`loaded`), sends to or leads to (`linked`)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.linked: list[str] = []
        self.handlers: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("src", "srcset", "action", "data", "poster") or (name, tag) == ("href", "link"):
                self.loaded.append(value or "")
            elif name == "href":
                self.linked.append(value or "")
            elif name.startswith("on"):
                self.handlers.append(f"{name}={value}")


def html_of(letter):
    return letter.message.get_body(("html",)).get_content()


@pytest.fixture
def secure(make_service, sqlite_url):
    """A service reached over HTTPS behind one proxy it trusts."""
    forgotten = Forgotten(make_service(sqlite_url, public_url=PUBLIC, trusted_proxies=1))
    forgotten.join()
    return forgotten


EVIL = "evil.example"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Host": EVIL}, marks=case("RST-26")),
        pytest.param({"Host": f"accounts.example.net:80@{EVIL}"}, marks=case("RST-26")),
        pytest.param({"Host": f"{EVIL}, accounts.example.net"}, marks=case("RST-26")),
        pytest.param({"X-Forwarded-Host": EVIL, "X-Forwarded-Port": "666"}, marks=case("RST-27")),
        pytest.param({"Forwarded": f"for=1.2.3.4;host={EVIL};proto=http"}, marks=case("RST-27")),
        pytest.param(
            {"X-Host": EVIL, "X-Forwarded-Server": EVIL, "X-HTTP-Host-Override": EVIL}, marks=case("RST-27")
        ),
        pytest.param({"X-Original-URL": f"//{EVIL}/", "X-Rewrite-URL": f"//{EVIL}/"}, marks=case("RST-27")),
        pytest.param({"X-Forwarded-Prefix": f"//{EVIL}", "X-Script-Name": f"//{EVIL}"}, marks=case("RST-27")),
        pytest.param({"X-Forwarded-Proto": "http", "X-Forwarded-Scheme": "http"}, marks=case("RST-28")),
    ],
    ids=lambda headers: next(iter(headers)),
)
def test_no_header_has_a_say_in_where_the_link_leads(secure, headers):
    client = secure.service.client()
    answer = client.post(FORGOT, {"email": READER}, headers=headers)
    assert answer.status_code in (202, 400, 421)
    page = client.get("/forgot-password", headers=headers)
    for said in (answer, page):
        assert EVIL not in said.text + str(said.headers)
    assert secure.ask().status_code == 202
    secure.service.deliver()
    assert len(secure.mailbox.messages) == 1 + (answer.status_code == 202)
    for letter in secure.mailbox.messages:
        assert letter.link("/reset-password").startswith(f"{PUBLIC}/reset-password?token=")
        assert EVIL not in letter_text(letter) + html_of(letter) + str(letter.message["From"])


@case("RST-26")
def test_no_request_line_or_second_host_has_a_say_either(live, make_service, sqlite_url):
    running = live(sqlite_url)
    forgotten = Forgotten(make_service(sqlite_url, public_url=running.url))
    forgotten.join()
    body = json.dumps({"email": READER})
    common = (
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n{body}"
    )
    own = f"localhost:{running.port}"
    heads = [
        f"POST {FORGOT} HTTP/1.1\r\nHost: {own}\r\nHost: {EVIL}\r\n",
        f"POST {FORGOT} HTTP/1.1\r\nHost: {EVIL}\r\nHost: {own}\r\n",
        f"POST {FORGOT} HTTP/1.1\r\nHost: {own}@{EVIL}\r\n",
        f"POST {FORGOT} HTTP/1.1\r\nHost: {EVIL}\r\n",
        f"POST http://{EVIL}{FORGOT} HTTP/1.1\r\nHost: {own}\r\n",
        f"POST http://{EVIL}{FORGOT} HTTP/1.1\r\nHost: {EVIL}\r\n",
    ]
    accepted = 0
    for head in heads:
        with socket.create_connection(("127.0.0.1", running.port), timeout=10) as connection:
            connection.sendall((head + common).encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
        status = int(answer.split()[1])
        assert status in (202, 400, 404, 421), answer
        assert EVIL not in answer
        accepted += status == 202
    forgotten.service.deliver()
    assert accepted
    assert len(forgotten.mailbox.messages) == accepted
    for letter in forgotten.mailbox.messages:
        assert letter.link("/reset-password").startswith(f"{running.url}/reset-password?token=")
        assert EVIL not in letter_text(letter) + html_of(letter)


@case("RST-29")
def test_a_page_to_go_back_to_is_followed_on_the_sites_own_origins_only(make_service, sqlite_url):
    site = "https://www.example.net"
    forgotten = Forgotten(make_service(sqlite_url, public_url=PUBLIC, site_url=site))
    forgotten.join()

    def led_to(wanted: str) -> str | None:
        client = forgotten.service.client()
        assert client.post(FORGOT, {"email": READER, "next": wanted}).status_code == 202
        answer = forgotten.reset(forgotten.token_of())
        assert answer.status_code == 200
        return answer.json["next"]

    for wanted in ("/account", f"{site}/articles/7?page=2", f"{PUBLIC}/account"):
        assert led_to(wanted) == wanted
    for wanted in (
        f"https://{EVIL}/",
        f"//{EVIL}/",
        f"/\\{EVIL}/",
        f"/\t/{EVIL}/",
        f"{site}@{EVIL}/",
        f"{site}.{EVIL}/",
        "http://www.example.net/",
        "javascript:alert(1)",
        "data:text/html,x",
        "a" * 3000,
    ):
        assert led_to(wanted) is None, wanted
    assert all(EVIL not in letter_text(letter) + html_of(letter) for letter in forgotten.mailbox.messages)


@case("RST-29")
def test_a_language_that_is_none_is_the_default(secure):
    for language in ("../../x", "xx/../../etc/passwd", "xx;q=", "\\..\\x", "a" * 500):
        answer = secure.service.client().post(
            f"{FORGOT}?lang=../../x&locale=../../x", {"email": READER}, headers={"Accept-Language": language}
        )
        assert answer.status_code == 202
    secure.service.deliver()
    assert secure.outcomes() == ["sent"] * 5
    assert {letter.message["Content-Language"] for letter in secure.mailbox.messages} <= {"en", None}


@case("RST-30")
@pytest.mark.parametrize(
    "name",
    [
        '<b>Ada</b><img src="https://evil.example/x" onerror="alert(1)">',
        "https://evil.example/win",
        "www.evil.example",
        "{{ 1234 * 5678 }}${1234*5678}{% raw %}",
        '"><script src=//evil.example></script>',
        "ada@evil.example",
    ],
)
def test_a_name_is_text_in_the_letter_and_nothing_else(secure, name):
    secure.join("named@example.org", name=name)
    secure.token("named@example.org")
    letter = secure.mailbox.messages[-1]
    seen = Addresses(html_of(letter))
    assert seen.handlers == []
    assert seen.loaded == []
    assert all(EVIL not in address for address in seen.linked)
    assert "<b>" not in html_of(letter)
    for part in (letter_text(letter), html_of(letter)):
        assert EVIL not in part, "a mail program would make a link of it"
        assert "7006652" not in part
    assert EVIL not in str(letter.message["Subject"])


@case("RST-30")
def test_a_name_with_signs_in_it_is_greeted_and_escaped(secure):
    secure.join("named@example.org", name="Ada & 'Bob'")
    secure.token("named@example.org")
    (letter,) = secure.mailbox.messages
    assert "Hello Ada & 'Bob'," in letter_text(letter)
    assert "Hello Ada &amp; &#39;Bob&#39;," in html_of(letter)


def headers_of_a_private_page(answer: TestResponse) -> bool:
    policy = answer.headers["Content-Security-Policy"]
    return (
        answer.headers["Referrer-Policy"] == "no-referrer"
        and answer.headers["Cache-Control"] == "no-store"
        and answer.headers["X-Frame-Options"] == "DENY"
        and "frame-ancestors 'none'" in policy
        and "default-src 'none'" in policy
    )


@case("RST-53", "RST-54")
def test_the_token_leaves_the_address_at_once_and_no_page_gives_it_away(secure):
    token = secure.token()
    client = secure.service.client()
    moved = client.get(f"/reset-password?token={token}")
    assert (moved.status_code, moved.headers["Location"]) == (303, "/reset-password")
    (cookie,) = moved.headers.getlist("Set-Cookie")
    assert re.match(r"__Host-[a-z-]+=", cookie)
    attributes = set(cookie.split("; ")[1:])
    assert attributes == {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"}
    form = client.follow(moved)
    assert form.status_code == 200
    too_short = client.form("/reset-password", password="short")
    changed = client.form("/reset-password", password=NEW)
    done = client.follow(changed)
    dead = secure.service.client().follow(secure.service.client().get(f"/reset-password?token={token}"))
    assert (too_short.status_code, changed.status_code, done.status_code) == (422, 303, 200)
    assert dead.status_code == 400
    for answer in (moved, form, too_short, changed, done, dead):
        assert headers_of_a_private_page(answer)
        assert token not in answer.text
        assert token not in answer.headers.get("Location", "")
        loaded = Addresses(answer.text).loaded
        assert all(address.startswith("/") and not address.startswith("//") for address in loaded), loaded
    assert not secure.opens(OLD)
