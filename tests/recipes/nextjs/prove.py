"""The Next.js recipe, built and run for real by `make nextjs`: too heavy for `make test`."""

from pathlib import Path
from tempfile import TemporaryDirectory

import httpx2
import pytest

from tests.support import node
from tests.support.pages import hidden_fields
from tests.support.processes import free_port
from tests.support.recipes import Recipe, register
from tests.support.smtp import wait_until


@pytest.fixture(scope="module")
def puzzles(site, staff):
    port, installed = free_port(), node.installed(Path(__file__).parent)
    url = f"http://127.0.0.1:{port}"
    client = register("nextjs", staff, URL=url)
    variables = {"MASTHEAD_URL": site.url, "NEXTAUTH_URL": url, "NEXTAUTH_SECRET": "x" * 40, **client}
    variables["NEXT_TELEMETRY_DISABLED"] = "1"
    # beside `node_modules`, because its bundler follows no link that leads out of the folder
    with (
        TemporaryDirectory(dir=installed) as folder,
        Recipe("nextjs", Path(folder), port=port, patience=300, **variables) as running,
    ):
        yield running


def sign_in(reader, puzzles):
    """Press NextAuth's button, and fill in Masthead's form unless it knows the reader."""
    page = reader.go(f"{puzzles.url}/api/auth/signin")
    answer = reader.send(f"{puzzles.url}/api/auth/signin/masthead", **hidden_fields(page.text))
    return reader.fill_in(answer) if answer.url.path == "/login" else answer


def test_a_reader_signs_in_and_out(puzzles, reader):
    assert "Sign in" in reader.go(puzzles.url).text
    sign_in(reader, puzzles)
    page = reader.go(puzzles.url).text
    subject = reader.go(f"{reader.site.url}/api/v1/session").json()["user"]["id"]
    assert "Signed in as Ada." in page
    assert f'id="{subject}"' in page
    left = reader.send(f"{puzzles.url}/goodbye")
    assert str(left.url) == f"{puzzles.url}/"
    assert "Signed in" not in left.text
    assert not reader.is_in()


def test_a_sign_out_at_masthead_ends_that_session_and_no_other(puzzles, site, reader):
    with type(reader)(site) as elsewhere:
        sign_in(elsewhere, puzzles)
        sign_in(reader, puzzles)
        assert "Signed in as Ada." in reader.go(puzzles.url).text
        reader.leaves_masthead()
        wait_until(lambda: "Signed in" not in reader.go(puzzles.url).text, 20, "the back-channel logout")
        assert "Signed in as Ada." in elsewhere.go(puzzles.url).text


def test_a_forged_word_signs_nobody_out(puzzles):
    for word in ("x.y.z", ""):
        answer = httpx2.post(f"{puzzles.url}/backchannel-logout", data={"logout_token": word})
        assert answer.status_code == 400
