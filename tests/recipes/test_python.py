"""Flask and FastAPI together: a service that signs readers in, and an API it calls in their name."""

import json
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.recipes.reader import Reader
from tests.support.live import LiveService
from tests.support.processes import free_port
from tests.support.recipes import Recipe, register
from tests.support.relying_party import REDIRECT, VERIFIER, RelyingParty, a_service, a_site, told
from tests.support.service import Service
from tests.support.smtp import wait_until


@pytest.fixture(scope="module")
def api(site: LiveService, staff: Service, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recipe]:
    client = register("fastapi", staff)
    folder = tmp_path_factory.mktemp("fastapi")
    with Recipe("fastapi", folder, also=("python",), MASTHEAD_URL=site.url, **client) as running:
        yield running


@pytest.fixture(scope="module")
def comments(
    site: LiveService, staff: Service, api: Recipe, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Recipe]:
    port = free_port()
    client = register("flask", staff, URL=f"http://127.0.0.1:{port}", API=api.client_id)
    variables = {"MASTHEAD_URL": site.url, "API_URL": api.url, **client}
    with Recipe(
        "flask", tmp_path_factory.mktemp("flask"), port=port, also=("python",), **variables
    ) as running:
        yield running


def sign_ins(comments: Recipe) -> list[dict]:
    """What the service keeps of who is signed in: its own table."""
    with sqlite3.connect(comments.folder / "comments.db") as rows:
        rows.row_factory = sqlite3.Row
        return [dict(row) for row in rows.execute("SELECT * FROM sign_ins")]


def age(comments: Recipe) -> dict:
    """Let the access token of the only reader be nearly over. Returns what is kept."""
    (row,) = sign_ins(comments)
    token = json.loads(row["token"]) | {"expires_at": 0}
    with sqlite3.connect(comments.folder / "comments.db") as rows:
        rows.execute("UPDATE sign_ins SET token = ?", [json.dumps(token)])
    return token


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_a_reader_signs_in_and_out(comments, reader: Reader):
    assert "Sign in" in reader.go(comments.url).text
    assert "Signed in as Ada." in reader.sign_in(f"{comments.url}/login").text
    page = reader.send(f"{comments.url}/logout")
    assert str(page.url).startswith(f"{comments.url}/?state=")
    assert "Sign in" in page.text
    assert not reader.is_in()
    assert sign_ins(comments) == []


def test_who_signs_out_at_masthead_is_signed_out_here(comments, reader: Reader):
    reader.sign_in(f"{comments.url}/login")
    reader.leaves_masthead()
    wait_until(lambda: not sign_ins(comments), what="the back-channel logout")
    assert "Sign in" in reader.go(comments.url).text


def test_a_forged_word_signs_nobody_out(comments, reader: Reader):
    reader.sign_in(f"{comments.url}/login")
    token = json.loads(sign_ins(comments)[0]["token"])
    for word in (token["id_token"], token["access_token"], "x.y.z", ""):
        answer = httpx2.post(f"{comments.url}/backchannel-logout", data={"logout_token": word})
        assert answer.status_code == 400, word
    assert "Signed in as Ada." in reader.go(comments.url).text
    reader.send(f"{comments.url}/logout")


def test_a_reader_who_says_no_is_told_so_calmly(comments, reader: Reader):
    answer = reader.go(f"{comments.url}/callback?error=access_denied&state=x")
    assert (answer.status_code, "Try again" in answer.text) == (400, True)


def test_a_service_calls_another_in_its_readers_name_and_refreshes(comments, api, reader: Reader):
    reader.sign_in(f"{comments.url}/login")
    assert reader.go(f"{comments.url}/saved").json() == []
    before = age(comments)
    with ThreadPoolExecutor(4) as together:  # a second use of the refresh token would end the sign-in
        asked = [
            together.submit(
                httpx2.get, f"{comments.url}/saved", cookies=dict(reader.browser.cookies), timeout=30
            )
            for _ in range(4)
        ]
        assert [answer.result().json() for answer in asked] == [[], [], [], []]
    after = json.loads(sign_ins(comments)[0]["token"])
    assert after["access_token"] != before["access_token"]
    assert after["refresh_token"] != before["refresh_token"]
    reader.send(f"{comments.url}/logout")


def token_of(service: RelyingParty, site: LiveService) -> str:
    """What a service gets in its own name."""
    form = {"grant_type": "client_credentials"}
    return httpx2.post(f"{site.url}/oauth/token", data=form, headers=service.basic).json()["access_token"]


def tokens_of(app: RelyingParty, reader: Reader) -> dict:
    """What an app of its own gets for a reader who is signed in."""
    wish = app.wish(scope=" ".join(app.client.scopes))
    back = reader.browser.get(f"{reader.site.url}{wish}", follow_redirects=False)
    form = {"code": told(back)["code"], "grant_type": "authorization_code", "code_verifier": VERIFIER}
    form |= {"redirect_uri": REDIRECT}
    return httpx2.post(f"{reader.site.url}/oauth/token", data=form, headers=app.basic).json()


def test_an_api_believes_what_was_made_for_it_and_nothing_else(comments, api, staff, reader: Reader):
    reader.sign_in(f"{comments.url}/login")
    scopes = ("openid", "saved:read", "saved:write")
    for_it = a_site(staff, scopes=scopes, audiences=(api.client_id,))
    good = tokens_of(for_it, reader)
    elsewhere = tokens_of(a_site(staff, scopes=scopes), reader)
    narrow = tokens_of(a_site(staff, scopes=("openid",), audiences=(api.client_id,)), reader)
    nobodys = token_of(a_service(staff, "saved:read", audiences=(api.client_id,)), reader.site)
    header, claims, signature = good["access_token"].split(".")
    answers = {
        None: 401,
        good["access_token"]: 200,
        good["id_token"]: 401,
        elsewhere["access_token"]: 401,
        narrow["access_token"]: 403,
        nobodys: 403,
        f"{header}.{claims[:-4]}AAAA.{signature}": 401,
        "nonsense": 401,
    }
    for token, status in answers.items():
        answer = httpx2.get(f"{api.url}/saved", headers=bearer(token) if token else {})
        assert (token, answer.status_code) == (token, status)
        assert status == 200 or answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_an_api_that_asks_knows_of_a_sign_out_at_once(comments, api, staff, reader: Reader):
    reader.sign_in(f"{comments.url}/login")
    scopes = ("openid", "saved:read", "saved:write")
    headers = bearer(
        tokens_of(a_site(staff, scopes=scopes, audiences=(api.client_id,)), reader)["access_token"]
    )
    assert httpx2.post(f"{api.url}/saved/a-story", headers=headers).status_code == 204
    reader.leaves_masthead()
    assert httpx2.post(f"{api.url}/saved/another", headers=headers).status_code == 401
    assert httpx2.get(f"{api.url}/saved", headers=headers).json() == ["a-story"]
