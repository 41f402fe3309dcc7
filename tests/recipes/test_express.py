"""The Express recipe, on a library nobody here wrote."""

import httpx2
import pytest

from tests.support import node
from tests.support.processes import free_port
from tests.support.recipes import Recipe, register
from tests.support.smtp import wait_until


@pytest.fixture(scope="module")
def shop(site, staff, tmp_path_factory):
    port, folder = free_port(), tmp_path_factory.mktemp("express")
    client = register("express", staff, URL=f"http://127.0.0.1:{port}")
    (folder / "node_modules").symlink_to(node.installed() / "node_modules")
    with Recipe("express", folder, port=port, MASTHEAD_URL=site.url, **client) as running:
        yield running


def test_a_reader_signs_in_and_out(shop, reader):
    assert reader.go(shop.url).json() == {"reader": None}
    orders = reader.sign_in(f"{shop.url}/orders").json()
    subject = reader.go(f"{reader.site.url}/api/v1/session").json()["user"]["id"]
    assert orders == {"reader": subject, "name": "Ada", "email": "reader@example.org"}
    left = reader.go(f"{shop.url}/logout")
    assert (str(left.url).rstrip("/"), left.json()) == (shop.url, {"reader": None})
    assert not reader.is_in()


def test_new_tokens_come_without_a_question(shop, reader):
    before = reader.sign_in(f"{shop.url}/orders")
    after = reader.go(f"{shop.url}/orders?fresh")
    assert (after.url.path, after.json()) == ("/orders", before.json())
    assert any(f"{reader.site.url}/oauth/authorize" in str(step.url) for step in after.history)
    reader.leaves_masthead()


def test_a_sign_out_at_masthead_ends_that_session_and_no_other(shop, site, reader):
    with type(reader)(site) as elsewhere:
        elsewhere.sign_in(f"{shop.url}/orders")
        reader.sign_in(f"{shop.url}/orders")
        reader.leaves_masthead()
        wait_until(lambda: reader.go(shop.url).json() == {"reader": None}, what="the back-channel logout")
        assert elsewhere.go(shop.url).json()["reader"]
        elsewhere.leaves_masthead()


def test_a_forged_word_signs_nobody_out(shop):
    answer = httpx2.post(f"{shop.url}/backchannel-logout", data={"logout_token": "x.y.z"})
    assert answer.status_code == 400
