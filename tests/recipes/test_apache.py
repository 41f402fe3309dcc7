"""mod_auth_openidc, certified and written by nobody here, against the provider: in, who, out, both ways."""

from urllib.parse import quote

import httpx2
import pytest

from tests.recipes.echo import Echo
from tests.support import apache
from tests.support.processes import free_port
from tests.support.recipes import Recipe, files_of, register
from tests.support.smtp import wait_until


@pytest.fixture(scope="module")
def archive(site, staff, tmp_path_factory):
    port, folder = free_port(), tmp_path_factory.mktemp("apache")
    client = register("apache", staff, URL=f"http://127.0.0.1:{port}")
    more = {
        "httpd.conf": apache.configuration(folder, port, files_of("apache")["masthead.conf"]),
        "run.sh": f"exec {apache.PROGRAM} -d . -f httpd.conf -D FOREGROUND",
    }
    with Echo() as application:
        variables = {"MASTHEAD_URL": site.url, "APP_URL": application.url, **client}
        with Recipe("apache", folder, port=port, more=more, **variables) as running:
            yield running


def subject(reader):
    return reader.go(f"{reader.site.url}/api/v1/session").json()["user"]["id"]


def test_the_application_is_told_who_reads(archive, reader):
    told = reader.sign_in(f"{archive.url}/1927/a-story").json()
    assert told["remote-user"] == subject(reader)
    assert (told["oidc_claim_name"], told["oidc_claim_email"]) == ("Ada", "reader@example.org")
    lies = {"Remote-User": "somebody", "OIDC_CLAIM_sub": "somebody", "OIDC-CLAIM-sub": "somebody"}
    again = reader.browser.get(f"{archive.url}/1927/a-story", headers=lies).json()
    assert again["remote-user"] == again["oidc_claim_sub"] == subject(reader)
    assert "somebody" not in again.values()
    reader.leaves_masthead()


def test_signing_out_here_signs_out_at_masthead(archive, reader):
    reader.sign_in(archive.url)
    back = quote(f"{archive.url}/goodbye", safe="")
    left = reader.go(f"{archive.url}/openid/callback?logout={back}")
    assert str(left.url) == f"{archive.url}/goodbye"
    assert "remote-user" not in left.json()
    assert not reader.is_in()
    assert reader.go(archive.url).url.path == "/login"


def test_a_sign_out_at_masthead_ends_that_session_and_no_other(archive, site, reader):
    with type(reader)(site) as elsewhere:
        elsewhere.sign_in(archive.url)
        reader.sign_in(archive.url)
        reader.leaves_masthead()
        wait_until(lambda: reader.go(archive.url).url.path == "/login", what="the back-channel logout")
        assert elsewhere.go(archive.url).json()["remote-user"]
        elsewhere.leaves_masthead()


def test_a_forged_word_signs_nobody_out(archive, reader):
    reader.sign_in(archive.url)
    address = f"{archive.url}/openid/callback?logout=backchannel"
    assert httpx2.post(address, data={"logout_token": "x.y.z"}).status_code == 400
    assert reader.go(archive.url).json()["remote-user"]
    reader.leaves_masthead()
