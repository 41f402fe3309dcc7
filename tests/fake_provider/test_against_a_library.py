"""Authlib as the client, so that our provider and our client cannot agree on a mistake."""

import pytest
from authlib.integrations.httpx_client import OAuth2Client
from flask import Flask, redirect, request
from werkzeug.test import Client

from tests.fake_provider.client import VERIFIER, apple_secret, callback, discovered, verified_claims


class Browser(Client):
    """The little of `tests.support.service.Client` that `bring_back` needs."""

    def request(self, method, path, headers=None, **options):
        given = {name: value for name, value in (headers or {}).items() if value is not None}
        return self.open(path, method=method, headers=given, **options)


def client_application(issuer):
    """A Flask application that signs in at the issuer and answers with the claims."""
    app = Flask("client")
    apple = issuer.kind == "apple"
    oauth = OAuth2Client(
        client_id=issuer.client_id,
        client_secret=apple_secret(issuer) if apple else issuer.client_secret,
        redirect_uri=callback(issuer),
        scope="name email" if apple else "openid email profile",
        code_challenge_method="S256",
        token_endpoint_auth_method="client_secret_post" if apple else "client_secret_basic",
        trust_env=False,
    )
    mode = {"response_mode": "form_post"} if apple else {}

    @app.get("/login")
    def start():
        endpoint = discovered(issuer)["authorization_endpoint"]
        url, _ = oauth.create_authorization_url(
            endpoint, code_verifier=VERIFIER, nonce="n", state="s", **mode
        )
        return redirect(url.replace("+", "%20"), 303)

    @app.route(f"/login/{issuer.name}/callback", methods=["GET", "POST"])
    def finish():
        if "error" in request.values:
            return {"error": request.values["error"], "origin": request.headers.get("Origin")}
        tokens = oauth.fetch_token(
            discovered(issuer)["token_endpoint"], code=request.values["code"], code_verifier=VERIFIER
        )
        return verified_claims(issuer, tokens["id_token"])

    return app


@pytest.mark.parametrize("kind", ["google", "apple", "plain"])
def test_a_library_signs_in(make_issuer, kind):
    issuer = make_issuer(kind)
    browser = Browser(client_application(issuer))
    assert issuer.bring_back(browser, browser.get("/login")).json["sub"] == issuer.person.subject


@pytest.mark.parametrize("kind", ["google", "apple", "plain"])
def test_a_library_hears_of_a_cancel(make_issuer, kind):
    issuer = make_issuer(kind)
    browser = Browser(client_application(issuer))
    answer = issuer.bring_back(browser, browser.get("/login"), cancel=True).json
    assert answer["error"] == issuer.issuer.traits.cancelled
    assert answer["origin"] == (issuer.url if kind == "apple" else None)
