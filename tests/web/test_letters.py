"""The preview of letters, in development."""

from collections.abc import Callable

import pytest

from service.delivery.samples import SAMPLES
from service.languages import shipped
from tests.support.service import Client, Service


@pytest.fixture
def client(make_service: Callable[..., Service], sqlite_url: str) -> Client:
    return make_service(sqlite_url, env="development", worker="off").client()


def test_letters_are_shown_in_development_only(make_service: Callable[..., Service], sqlite_url: str) -> None:
    assert make_service(sqlite_url).client().get("/dev/letters").status_code == 404


def test_every_letter_is_listed_in_every_language(client: Client) -> None:
    page = client.get("/dev/letters", headers={"Accept-Language": "de"}).text
    for sample in SAMPLES:
        for language in shipped():
            assert f'href="/dev/letters/{language}/{sample.name}"' in page
    assert "Ihr Passwort bei The Masthead wurde geändert" in page


@pytest.mark.parametrize("language", shipped())
def test_every_letter_is_shown_by_day_and_by_night_and_as_text(client: Client, language: str) -> None:
    for sample in SAMPLES:
        path = f"/dev/letters/{language}/{sample.name}"
        page = client.get(path)
        assert page.status_code == 200, sample.name
        for scheme, rule in (("light", "@media not all"), ("dark", "@media all")):
            assert page.text.count(f'src="{path}/html?scheme={scheme}"') == 2, sample.name
            frame = client.get(f"{path}/html?scheme={scheme}")
            assert rule in frame.text, sample.name
            assert "sandbox" in frame.headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["de/nothing", "tlh/password_reset", "de/..%2Fpassword_reset/html"])
def test_what_there_is_not_is_not_found(client: Client, path: str) -> None:
    assert client.get(f"/dev/letters/{path}").status_code == 404
