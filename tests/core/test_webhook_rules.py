"""Where events may be sent: to HTTPS on the Internet; to this machine only in development and tests."""

import pytest

from service.core.webhook_rules import NotDeliverable, accept_events, accept_webhook_url

PRIVATE = [
    *("127.0.0.1", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
    *(
        "[::1]",
        "[::]",
        "[fe80::1]",
        "[fd00::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
    ),
    *("localhost", "localhost.", "LOCALHOST", "a.localhost", "metadata", "metadata.google.internal"),
    *("metadata.google.internal.", "printer.local", "db.corp", "router.home.arpa", "224.0.0.1"),
]
ODD_NUMBERS = [
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.1",
    "127.0.0.1.",
    "0x",
]
ODD_NAMES = [
    "",
    ".",
    "..",
    "a..example",
    "-a.example",
    "ex%61mple.org",
    "exam_ple!.org",
    "[::1",
    "a" * 64 + ".",
    "①.org",
]
GOOD = [
    "https://news.example.org/hooks/masthead?key=1",
    "https://news.example.org:8443",
    "https://news.example.org.:443/",
    "https://93.184.216.34/",
    "https://[2606:4700::1111]/hook",
]


def refused(url: str, *, private: bool = False) -> bool:
    try:
        accept_webhook_url(url, private=private)
    except NotDeliverable:
        return True
    return False


@pytest.mark.parametrize("url", GOOD)
def test_an_https_address_on_the_internet_is_taken_as_it_is(url: str) -> None:
    assert accept_webhook_url(url, private=False) == url


@pytest.mark.case("WHK-01")
def test_private_networks_are_refused_by_name_and_by_number_however_written() -> None:
    taken = [host for host in (*PRIVATE, *ODD_NUMBERS, *ODD_NAMES) if not refused(f"https://{host}/hook")]
    assert taken == []


@pytest.mark.case("WHK-04")
def test_other_schemes_passwords_and_odd_ports_are_refused() -> None:
    urls = [
        *("http://news.example.org/", "ftp://news.example.org/", "file:///etc/passwd", "gopher://a.example/"),
        *(
            "javascript:alert(1)",
            "news.example.org/hook",
            "//news.example.org/",
            "",
            "https:news.example.org",
        ),
        *(
            "https://user:secret@news.example.org/",
            "https://user@news.example.org/",
            "https://@news.example.org/",
        ),
        *(f"https://news.example.org:{port}/" for port in (0, 21, 22, 25, 80, 3306, 6379, 65536, "x")),
        *(
            "https://news.example.org/#part",
            "https://news.example.org/\r\nHost: a",
            "https://news.example.org/ a",
        ),
        *(
            "https://news.example.org\\@127.0.0.1/",
            "https://nеws.example.org/",
            f"https://a.example/{'x' * 2000}",
        ),
    ]
    assert [url for url in urls if not refused(url)] == []


@pytest.mark.case("WHK-01", "WHK-04")
def test_in_tests_a_receiver_may_be_on_this_machine_and_nothing_else_changes() -> None:
    for url in (
        "http://127.0.0.1:5000/",
        "http://localhost:5000/",
        "http://[::1]:5000/",
        "http://10.0.0.1:8080/",
    ):
        assert accept_webhook_url(url, private=True) == url
    still = [
        *(
            f"http://{host}:5000/"
            for host in ("169.254.169.254", "0.0.0.0", "[fe80::1]", "[::]", *ODD_NUMBERS)
        ),
        *(
            "ftp://127.0.0.1/",
            "http://user:secret@127.0.0.1/",
            "http://127.0.0.1:22/",
            "http://127.0.0.1:25/",
        ),
    ]
    assert [url for url in still if not refused(url, private=True)] == []


def test_events_are_those_of_the_contract_each_once() -> None:
    assert accept_events([]) == ()
    assert accept_events(["user.created", "user.created"]) == ("user.created",)
    with pytest.raises(NotDeliverable, match=r"user\.eaten: the events are user\.created"):
        accept_events(["user.eaten"])
