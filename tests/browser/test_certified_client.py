"""A certified client and a real browser, across sites: sign in, agree, learn, refresh, introspect, revoke, sign out.

The client answers on 127.0.0.1, the service on localhost: for the browser these are two sites.
"""

import json

from playwright.sync_api import expect

from service.flows.clients import ClientDetails
from tests.browser.inspection import Watch, faults_of
from tests.support.certified_client import certified_party
from tests.support.people import ADDRESS, PASSWORD, VISIT, add_reader
from tests.support.processes import free_port

PHONE = {"width": 320, "height": 640}


def test_a_reader_signs_in_to_a_certified_client_and_out_again(live, make_service, sqlite_url, new_page):
    site, staff, port = live(sqlite_url), make_service(sqlite_url), free_port()
    reader = add_reader(staff, name="Ada")
    client, secret = staff.parts.flows.clients.create(
        ClientDetails(
            name="Comments",
            scopes=("openid", "profile", "email"),
            redirect_uris=(f"http://127.0.0.1:{port}/callback",),
            post_logout_redirect_uris=(f"http://127.0.0.1:{port}/bye",),
        ),
        VISIT,
    )
    page = new_page(viewport=PHONE)
    watch = Watch(page.context, site.url)
    with certified_party(issuer=site.url, client_id=client.id, secret=secret, port=port) as party:
        page.goto(party)
        page.get_by_label("Email address").fill(ADDRESS)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in to Comments?")
        assert faults_of(page) == []
        page.get_by_role("button", name="Agree and go on").click()
        page.wait_for_url(f"{party}/callback?*")
        learnt = json.loads(page.inner_text("body"))
        assert learnt["claims"]["sub"] == learnt["userinfo"]["sub"] == str(reader.id)
        assert (learnt["userinfo"]["name"], learnt["userinfo"]["email"]) == ("Ada", ADDRESS)
        assert (learnt["introspection"]["active"], learnt["after"]) == (True, {"active": False})
        page.goto(party)  # the second time nobody is asked
        page.wait_for_url(f"{party}/callback?*")
        page.goto(f"{party}/logout")
        page.wait_for_url(f"{party}/bye")
        page.goto(f"{site.url}/account")
        expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert [fault for fault in watch.faults if party not in fault] == []


def test_a_first_party_needs_no_answer_and_signing_up_leads_back(
    live, make_service, sqlite_url, new_page, smtp
):
    site, staff, port = live(sqlite_url, workers=1), make_service(sqlite_url), free_port()
    details = ClientDetails(
        name="The site",
        scopes=("openid", "profile", "email"),
        redirect_uris=(f"http://127.0.0.1:{port}/callback",),
        first_party=True,
    )
    client, secret = staff.parts.flows.clients.create(details, VISIT)
    page = new_page(viewport=PHONE)
    with certified_party(issuer=site.url, client_id=client.id, secret=secret, port=port) as party:
        page.goto(party)
        page.get_by_role("link", name="Create an account").click()
        page.get_by_label("Email address").fill(ADDRESS)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_label("Name").fill("Ada")
        page.get_by_role("button", name="Create account").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")
        (letter,) = smtp.wait_for(1, to=ADDRESS, timeout=20)
        page.goto(letter.link("/signup/confirm"))
        page.get_by_role("button", name="Confirm my account").click()
        page.wait_for_url(f"{party}/callback?*")
        assert json.loads(page.inner_text("body"))["userinfo"]["email"] == ADDRESS
