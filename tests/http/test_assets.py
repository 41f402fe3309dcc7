"""Style sheet, scripts and drawings: kept for a year, compressed; pages are neither."""

import gzip
import re

import pytest

from tests.support.service import Client

SQUEEZED = {"Accept-Encoding": "gzip, deflate, br"}
FOREVER = "public, max-age=31536000, immutable"


def addresses(client: Client, path: str = "/login") -> list[str]:
    return re.findall(r'"(/static/[^"]+)"', client.get(path).text)


def test_everything_a_page_loads_may_be_kept_for_ever(client: Client) -> None:
    found = addresses(client)
    assert {address.partition("?")[0].rpartition(".")[2] for address in found} == {"css", "js", "svg"}
    for address in found:
        answer = client.get(address)
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == FOREVER
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("query", ["", "?v=", "?v=000000000000", "?w=1"])
def test_an_address_of_another_version_is_not_kept(client: Client, query: str) -> None:
    """While a new version rolls out, the old one must not be remembered under the new one's address."""
    answer = client.get(f"/static/masthead.css{query}")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip", True),
        ("gzip, deflate, br, zstd", True),
        ("br;q=1, gzip;q=0.2", True),
        ("*", True),
        ("identity", False),
        ("gzip;q=0", False),
        ("br", False),
        ("", False),
    ],
)
def test_a_file_is_compressed_for_who_can_read_that(client: Client, accepted: str, compressed: bool) -> None:
    (sheet,) = (address for address in addresses(client) if ".css" in address)
    plain = client.get(sheet)
    answer = client.get(sheet, headers={"Accept-Encoding": accepted})
    assert ("Content-Encoding" in answer.headers) is compressed
    assert (gzip.decompress(answer.data) if compressed else answer.data) == plain.data
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert (answer.headers["ETag"] != plain.headers["ETag"]) is compressed
    assert int(answer.headers["Content-Length"]) == len(answer.data)


def test_a_file_that_has_not_changed_is_not_sent_again(client: Client) -> None:
    sheet = "/static/masthead.css"
    for headers in ({}, SQUEEZED):
        first = client.get(sheet, headers=headers)
        again = client.get(sheet, headers={**headers, "If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    head = client.request("HEAD", sheet, headers=SQUEEZED)
    assert (head.data, head.headers["Content-Length"]) == (b"", str(len(first.data)))


@pytest.mark.parametrize(
    "path", ["/login", "/signup", "/forgot-password?next=/account", "/nowhere", "/docs", "/api/v1/session"]
)
def test_what_could_hold_a_secret_beside_a_stranger_s_words_is_not_compressed(
    client: Client, path: str
) -> None:
    """BREACH: the length of a compressed page tells whether a guess is in it."""
    assert "Content-Encoding" not in client.get(path, headers=SQUEEZED).headers
