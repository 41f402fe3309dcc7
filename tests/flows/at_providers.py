"""Signing in at a provider, step by step: leave, say yes or no there, come back. And what came of it."""

import re
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode, urlsplit

from sqlalchemy import select

from service.fake_provider.people import CAST
from service.store.schema import AttemptRow, IdentityRow, PendingIdentityRow, UserRow
from tests.flows.people import count_of
from tests.support.issuer import BrowserAnswer
from tests.support.pages import hidden_fields

COOKIE = "masthead-provider"


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


def csrf_in(page):
    """The token of the forms of a page."""
    return hidden_fields(page.text)["csrf_token"]


def linking(client, issuer):
    """Press "Connect" on the account page; the address of the provider's page."""
    token = csrf_in(client.get("/account/identities"))
    answer = client.request("POST", f"/account/identities/{issuer.name}", data={"csrf_token": token})
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
    return count_of(service, AttemptRow), count_of(service, PendingIdentityRow)
