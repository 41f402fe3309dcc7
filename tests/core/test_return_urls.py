"""Where `next` may lead: to ourselves and to the site, however somebody spells another place."""

from urllib.parse import urlsplit

import pytest
from ada_url import URL
from hypothesis import given
from hypothesis import strategies as st

from service.core.return_urls import LONGEST_URL, ReturnUrls, origin_of

OWN, SITE = "https://accounts.example.org", "https://www.example.org"
URLS = ReturnUrls(OWN, frozenset({SITE, "http://localhost:3000"}))


@pytest.mark.parametrize(
    "url",
    [
        "/",
        "/account",
        "/account/devices?page=2#top",
        "/ok?next=//evil.example",
        f"{OWN}/account",
        f"{SITE}/2026/an-article?utm=x#comments",
        "https://www.example.org:443/x",
        "https://WWW.example.org/x",
        "http://localhost:3000/draft",
        "/caf%C3%A9",
        "/" + "x" * (LONGEST_URL - 1),
    ],
)
def test_the_site_and_the_service_are_followed(url: str) -> None:
    assert URLS.safe(url) == url


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "account",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        " //evil.example",
        "https://evil.example",
        "https://www.example.org.evil.example",
        "https://evilwww.example.org",
        "https://www.example.org@evil.example",
        "https://www.example.org:x@evil.example",
        "https://user@www.example.org/",
        "https://evil.example#@www.example.org",
        "https://evil.example\\@www.example.org",
        "https://www.example.org\\.evil.example",
        "https://www.example.org:444/",
        "http://www.example.org/",
        "https:www.example.org",
        "https:/www.example.org",
        "https:///www.example.org",
        "//www.example.org/",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "ftp://www.example.org/",
        "https://[::1",
        "https://www.example.org:port/",
        "https://www.example.org\u3002evil.example/",
        "/\x00",
        "/\u2028",
        "/\ud800",
        "/" + "x" * LONGEST_URL,
    ],
)
@pytest.mark.case("RST-29")
def test_everything_else_is_not(url: str | None) -> None:
    assert URLS.safe(url) is None


PIECES = st.sampled_from(
    [
        *(
            "https:",
            "http:",
            "HTTPS:",
            "javascript:",
            "//",
            "/",
            "\\",
            "\t",
            "\n",
            "\r",
            " ",
            "\0",
            "\xad",
            "\u3002",
        ),
        *(
            "www.example.org",
            "accounts.example.org",
            "localhost",
            "evil.example",
            "0x7f.1",
            "[::1]",
            "①",
            "xn--",
        ),
        *(
            "@",
            ":",
            ":443",
            ":3000",
            ":80",
            ":0443",
            ".",
            "..",
            "%2e",
            "%2f",
            "%5c",
            "%40",
            "?",
            "#",
            "&",
            "\ud800",
        ),
    ]
)


@pytest.mark.case("RST-29")
@given(
    st.lists(PIECES | st.characters(), max_size=9).map("".join)
    | st.text("/\\:@.#?[]%\t\n hwtpsevilxamorg127", max_size=40)
    | st.lists(PIECES, max_size=5).map(lambda pieces: SITE + "".join(pieces))
)
def test_what_is_followed_leads_there_in_a_browser_too(url: str) -> None:
    """Ada is the URL parser of Node.js, by the standard that browsers follow."""
    if (followed := URLS.safe(url)) is not None:
        for page in ("/login", "/account/password", "//"):
            assert URL(followed, base=OWN + page).origin in {OWN, SITE, "http://localhost:3000"}


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://www.example.org/a?b#c", "https://www.example.org"),
        ("HTTPS://WWW.Example.ORG:443", "https://www.example.org"),
        ("http://localhost:80/", "http://localhost"),
        ("http://localhost:3000", "http://localhost:3000"),
        ("https://[2001:db8::1]:8443/", "https://[2001:db8::1]:8443"),
        ("null", None),
        ("", None),
        ("https://", None),
        ("file:///etc/passwd", None),
        ("https://a@b", None),
        ("https://h:99999", None),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, origin: str | None) -> None:
    assert origin_of(url) == origin


@given(st.text(max_size=60))
def test_an_origin_is_its_own_origin(url: str) -> None:
    if (origin := origin_of(url)) is not None:
        assert origin_of(origin) == origin
        assert urlsplit(origin).path == ""
