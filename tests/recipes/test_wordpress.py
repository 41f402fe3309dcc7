"""WordPress: the recipe's file run by PHP, and what the plugin sends replayed, request by request.

The requests are those of `includes/openid-connect-generic-client.php` of OpenID Connect Generic Client 3.10.
"""

import json
import subprocess
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from tests.recipes.reader import Reader
from tests.support.live import ROOT
from tests.support.recipes import files_of, register

URL = "https://blog.example.org"
BACK = f"{URL}/wp-admin/admin-ajax.php?action=openid-connect-authorize"
SCOPE, STATE = "openid profile email", "0cc175b9c0f1b6a831c399e269772661"  # an MD5, as the plugin makes it
WORDPRESS = ROOT / "tests" / "recipes" / "wordpress" / "apply.php"


class Blog:
    """A WordPress with the plugin and the recipe's file."""

    def __init__(self, site, staff, folder):
        self.site, self.client = site, register("wordpress", staff, URL=URL)
        self.plugin = folder / "masthead-pkce.php"
        (content,) = (text for name, text in files_of("wordpress").items() if name.endswith(".php"))
        self.plugin.write_text(content)

    def filtered(self, name, *values, get=None):
        """What the recipe's file makes of something the plugin lets others change."""
        asked = {"plugin": str(self.plugin), "filter": name, "values": values, "get": get or {}}
        done = subprocess.run(
            ["php", WORDPRESS], input=json.dumps(asked), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def sign_in_link(self, **more):
        query = {"response_type": "code", "scope": SCOPE, "client_id": self.client["CLIENT_ID"]}
        query |= {"state": STATE, "redirect_uri": BACK} | more
        url = f"{self.site.url}/oauth/authorize?{urlencode(query)}"
        return self.filtered("openid-connect-generic-auth-url", url)

    def tokens(self, code):
        body = {
            "code": code,
            "client_id": self.client["CLIENT_ID"],
            "client_secret": self.client["CLIENT_SECRET"],
            "redirect_uri": BACK,
            "grant_type": "authorization_code",
            "scope": SCOPE,
        }
        asked = {"body": body, "headers": {"Host": "localhost"}}
        name, operation = "openid-connect-generic-alter-request", "get-authentication-token"
        request = self.filtered(name, asked, operation, get={"state": STATE})
        url = f"{self.site.url}/oauth/token"
        return httpx2.post(url, data=request["body"], headers=request["headers"]).json()


@pytest.fixture(scope="module")
def blog(site, staff, tmp_path_factory):
    return Blog(site, staff, tmp_path_factory.mktemp("wordpress"))


def test_a_reader_signs_in_and_out(blog, reader: Reader):
    page = reader.go(blog.sign_in_link())
    reader.browser.follow_redirects = False
    answer = reader.fill_in(page)
    while str(answer.headers["Location"]).startswith(("/", blog.site.url)):
        answer = reader.go(str(answer.url.join(answer.headers["Location"])))
    back = urlsplit(answer.headers["Location"])
    told = parse_qs(back.query)
    assert f"{back.scheme}://{back.netloc}{back.path}" == f"{URL}/wp-admin/admin-ajax.php"
    assert (told["action"], told["state"]) == (["openid-connect-authorize"], [STATE])

    tokens = blog.tokens(told["code"][0])
    assert (tokens["token_type"].lower(), "refresh_token" in tokens) == ("bearer", False)
    headers = {"Authorization": f"Bearer {tokens['access_token']}", "Host": urlsplit(blog.site.url).netloc}
    claims = httpx2.post(f"{blog.site.url}/oauth/userinfo", headers=headers).json()
    assert (claims["name"], claims["email"]) == ("Ada", "reader@example.org")

    goodbye = f"{URL}/wp-login.php?loggedout=true&wp_lang=en_US"
    query = f"id_token_hint={tokens['id_token']}&{urlencode({'post_logout_redirect_uri': goodbye})}"
    left = reader.go(f"{blog.site.url}/oauth/logout?{query}")
    assert left.headers["Location"] == goodbye
    assert not reader.is_in()


def test_a_code_is_of_no_use_with_another_state(blog):
    body = {"body": {"code": "x"}, "headers": {"Host": "localhost"}}
    name, operation = "openid-connect-generic-alter-request", "get-authentication-token"
    first = blog.filtered(name, body, operation, get={"state": STATE})["body"]["code_verifier"]
    other = blog.filtered(name, body, operation, get={"state": STATE[::-1]})["body"]["code_verifier"]
    assert first != other
    assert 43 <= len(first) <= 128


def test_a_plugin_that_sends_pkce_itself_is_let_be(blog):
    own = {"code_challenge": "its-own", "code_challenge_method": "S256"}
    assert parse_qs(urlsplit(blog.sign_in_link(**own)).query)["code_challenge"] == ["its-own"]
    request = {"body": {"code_verifier": "its-own"}, "headers": {"Host": "localhost"}}
    name, operation = "openid-connect-generic-alter-request", "get-authentication-token"
    assert blog.filtered(name, request, operation, get={"state": STATE}) == request
    untouched = {"body": {"refresh_token": "x"}}
    assert blog.filtered(name, untouched, "refresh-token", get={"state": STATE}) == untouched
