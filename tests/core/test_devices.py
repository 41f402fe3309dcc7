"""A browser in a reader's words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.core.devices import BROWSERS, SYSTEMS, describe_device

MOZILLA = "Mozilla/5.0 ({}) AppleWebKit/537.36 (KHTML, like Gecko) {}"


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (MOZILLA.format("Windows NT 10.0; Win64; x64", "Chrome/131.0 Safari/537.36"), "Chrome on Windows"),
        (MOZILLA.format("Windows NT 10.0", "Chrome/131.0 Safari/537.36 Edg/131.0"), "Edge on Windows"),
        (MOZILLA.format("X11; Linux x86_64", "Chrome/131.0 Safari/537.36 OPR/117.0"), "Opera on Linux"),
        (
            MOZILLA.format("Linux; Android 14; SM-S921B", "Chrome/131.0 Mobile Safari/537.36"),
            "Chrome on Android",
        ),
        (
            MOZILLA.format("Linux; Android 14", "SamsungBrowser/27.0 Chrome/125.0 Mobile Safari/537.36"),
            "Samsung Internet on Android",
        ),
        (MOZILLA.format("Macintosh; Intel Mac OS X 14_7", "Version/18.1 Safari/605.1.15"), "Safari on Mac"),
        (
            MOZILLA.format("iPhone; CPU iPhone OS 18_1 like Mac OS X", "Version/18.1 Mobile Safari/604.1"),
            "Safari on iPhone",
        ),
        (MOZILLA.format("iPad; CPU OS 18_1 like Mac OS X", "CriOS/131.0 Safari/604.1"), "Chrome on iPad"),
        (MOZILLA.format("iPhone; CPU iPhone OS 18_1 like Mac OS X", "FxiOS/133.0"), "Firefox on iPhone"),
        ("Mozilla/5.0 (X11; CrOS x86_64) Chrome/131.0 Safari/537.36", "Chrome on ChromeOS"),
        ("Mozilla/5.0 (Windows NT 10.0; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Windows"),
        ("curl/8.11.0", "curl"),
        ("SomethingElse/1.0 (Linux)", "Linux"),
        ("", "Unknown device"),
        ("<script>alert(1)</script>", "Unknown device"),
    ],
)
def test_a_device_is_named_as_its_owner_would(agent: str, device: str) -> None:
    assert describe_device(agent) == device


@given(st.text())
def test_nothing_of_the_header_itself_is_repeated(agent: str) -> None:
    names = {name for _, name in (*BROWSERS, *SYSTEMS)}
    described = describe_device(agent)
    assert described == "Unknown device" or set(described.split(" on ")) <= names
