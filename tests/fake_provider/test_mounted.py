"""The stand-in below a path of another application, as in development."""

from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from service.fake_provider import Kind, create_fake_provider
from tests.fake_provider.client import CHALLENGE, VERIFIER

ISSUER = "http://localhost:8000/dev/google"
CALLBACK = "http://localhost:8000/login/google/callback"


@pytest.fixture
def application():
    fake = create_fake_provider(
        Kind.GOOGLE, ISSUER, client_id="masthead", client_secret="a-secret", redirect_uris=[CALLBACK]
    )
    return DispatcherMiddleware(Flask("service"), {"/dev/google": fake})


@pytest.fixture
def client(application):
    return Client(application)


def test_everything_is_below_its_path(client):
    metadata = client.get("/dev/google/.well-known/openid-configuration").json
    assert metadata["issuer"] == ISSUER
    query = {
        "client_id": "masthead",
        "redirect_uri": CALLBACK,
        "response_type": "code",
        "scope": "openid",
        "state": "s",
        "nonce": "n",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    }
    path = urlsplit(metadata["authorization_endpoint"]).path
    own = {"name": "Eve Own", "email": "eve@mail.example", "verified": "yes"}
    answer = client.post(path, query_string=query, data=own)
    code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": VERIFIER,
    }
    token_path = urlsplit(metadata["token_endpoint"]).path
    assert client.post(token_path, data=form, auth=("masthead", "a-secret")).json["id_token"]


def test_the_service_can_ask_it_without_a_network(application):
    """A development server with one thread would wait for itself."""
    with httpx2.Client(transport=httpx2.WSGITransport(app=application)) as server:
        metadata = server.get(f"{ISSUER}/.well-known/openid-configuration").json()
        assert server.get(metadata["jwks_uri"]).json()["keys"]


def test_it_sets_its_own_headers(client):
    headers = client.get("/dev/google/authorize").headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "form-action 'self'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_client_without_a_secret_is_a_mistake_of_ours():
    with pytest.raises(ValueError, match="a secret"):
        create_fake_provider(Kind.GOOGLE, ISSUER, client_id="masthead", redirect_uris=[CALLBACK])
