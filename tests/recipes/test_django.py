"""The Django recipe: readers become its users, and leave with their sign-in."""

import sqlite3

import httpx2
import pytest

from tests.support.processes import free_port
from tests.support.recipes import Recipe, register
from tests.support.smtp import wait_until


@pytest.fixture(scope="module")
def letters(site, staff, tmp_path_factory):
    port = free_port()
    client = register("django", staff, URL=f"http://127.0.0.1:{port}")
    folder = tmp_path_factory.mktemp("django")
    with Recipe("django", folder, port=port, also=("python",), MASTHEAD_URL=site.url, **client) as running:
        yield running


def rows(letters, query):
    with sqlite3.connect(letters.folder / "letters.db") as database:
        return database.execute(query).fetchall()


def test_a_reader_becomes_a_user_whose_name_is_the_subject(letters, staff, reader):
    assert "Signed in as Ada (reader@example.org)." in reader.sign_in(letters.url).text
    subject = reader.go(f"{reader.site.url}/api/v1/session").json()["user"]["id"]
    assert rows(letters, "SELECT username, email FROM auth_user") == [(subject, "reader@example.org")]
    reader.leaves_masthead()


def test_signing_out_here_signs_out_at_masthead(letters, reader):
    page = reader.sign_in(letters.url)
    assert reader.send(f"{letters.url}/logout").status_code == 403  # without the form's CSRF token
    token = page.text.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    left = reader.send(f"{letters.url}/logout", csrfmiddlewaretoken=token)
    assert left.url.path == "/login"
    assert str(left.url).startswith(reader.site.url)
    assert not reader.is_in()
    assert rows(letters, "SELECT * FROM sign_in_signin") == []


def test_a_sign_out_at_masthead_ends_that_session_and_no_other(letters, site, reader):
    with type(reader)(site) as elsewhere:
        elsewhere.sign_in(letters.url)
        reader.sign_in(letters.url)
        reader.leaves_masthead()
        wait_until(lambda: len(rows(letters, "SELECT * FROM sign_in_signin")) == 1, what="the logout")
        assert reader.go(letters.url).url.path == "/login"
        assert "Signed in as Ada" in elsewhere.go(letters.url).text
        elsewhere.leaves_masthead()


def test_a_forged_word_and_a_failed_sign_in_are_refused(letters, reader):
    words = {"logout_token": "x.y.z"}
    assert httpx2.post(f"{letters.url}/backchannel-logout", data=words).status_code == 400
    assert reader.go(f"{letters.url}/callback?error=access_denied&state=x").status_code == 400
    assert reader.go(f"{letters.url}/callback?code=x&state=made-up").status_code == 400
