"""Signing in at a provider, step by step: leave, say yes or no there, come back. And what came of it."""

import re
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from sqlalchemy import select

from service.fake_provider.people import CAST
from service.store.schema import AttemptRow, IdentityRow, ProofRow, UserRow
from tests.flows.people import ADDRESS, PASSWORD, count_of, join, signed_in
from tests.support.issuer import BrowserAnswer

COOKIE = "masthead-provider"
AUTHORITATIVE = "ada.reader@gmail.com"


def leave(client, issuer, next=None):
    """Press the provider's button; the address of its page."""
    start = client.get(f"/login/{issuer.name}", query_string={"next": next} if next else None)
    assert start.status_code == 303, start.text
    return start.headers["Location"]


def bring(client, answer):
    """Carry a provider's answer to the service, and follow the handle of one that is a form."""
    back = client.request(
        answer.method,
        answer.path,
        data=answer.form or None,
        headers={"Origin": "https://elsewhere.example" if answer.method == "POST" else None},
    )
    if back.status_code == 303 and "handle=" in back.headers["Location"]:
        return client.follow(back)
    return back


def sign_in(client, issuer, *, next=None, cancel=False):
    """Press the provider's button, say yes there, and come back; the last answer."""
    return bring(client, issuer.answer(leave(client, issuer, next), cancel=cancel))


def altered(answer, **changes):
    """The same answer with other parameters; None leaves one out."""
    parts = urlsplit(answer.url)
    fields = answer.form if answer.method == "POST" else dict(parse_qsl(parts.query))
    fields = {name: value for name, value in (fields | changes).items() if value is not None}
    if answer.method == "POST":
        return BrowserAnswer("POST", answer.url, fields)
    return BrowserAnswer("GET", parts._replace(query=urlencode(fields)).geturl(), {})


def with_id_token(client, issuer, token=None, nonce="the-nonce-of-the-app", **more):
    """Sign in as an app does."""
    body = {"id_token": issuer.id_token() if token is None else token, "nonce": nonce} | more
    return client.post(
        f"/api/v1/login/{issuer.name}", {name: value for name, value in body.items() if value is not None}
    )


def linking(client, issuer):
    """Press "Connect" on the account page; the address of the provider's page."""
    page = client.get("/account/identities")
    token = re.search(r'name="csrf_token" type="hidden" value="([^"]+)"', page.text) or re.search(
        r'name="csrf_token" value="([^"]+)"', page.text
    )
    assert token, page.text
    answer = client.request("POST", f"/account/identities/{issuer.name}", data={"csrf_token": token[1]})
    assert answer.status_code == 200, f"{answer.status} {answer.headers.get('Location')}"
    found = re.search(r'class="button" href="([^"]+)"', answer.text)
    assert found
    return found[1].replace("&amp;", "&")


def connect(client, issuer):
    """Connect a provider on the account page; the last answer."""
    return bring(client, issuer.answer(linking(client, issuer)))


def me(client):
    """Who is signed in, None for nobody."""
    return client.get("/api/v1/session").json.get("user")


def heading(answer):
    return re.sub(r"\s+", " ", re.search(r"<h1>(.*?)</h1>", answer.text, re.DOTALL)[1]).strip()


def cast(issuer, number, **changes):
    """One of the people of the provider's kind, or somebody much like them."""
    return replace(CAST[issuer.kind][number], **changes)


def members_with(service, issuer, **person):
    """An account whose reader has connected a provider; a browser they are signed in with."""
    issuer.person = replace(issuer.person, **person)
    join(service)
    browser = signed_in(service)
    assert connect(browser, issuer).status_code == 303
    return browser


def identities_in(service):
    """Every identity as (provider, subject, address of the account)."""
    with service.parts.store.engine.connect() as connection:
        rows = connection.execute(
            select(IdentityRow.provider, IdentityRow.subject, UserRow.canonical).join(
                UserRow, UserRow.id == IdentityRow.user_id
            )
        )
        return sorted(tuple(row) for row in rows)


def waiting_in(service):
    """How many sign-ins are away, and how many identities wait for a proof."""
    return count_of(service, AttemptRow), count_of(service, ProofRow)


__all__ = [
    "ADDRESS",
    "PASSWORD",
    "altered",
    "bring",
    "cast",
    "connect",
    "heading",
    "identities_in",
    "leave",
    "linking",
    "me",
    "members_with",
    "sign_in",
    "waiting_in",
    "with_id_token",
]
