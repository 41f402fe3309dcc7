"""`flask clients` and `flask keys`: what staff do for services."""

import json

import pytest

from service.core.values import digest
from tests.cli.conftest import Run, printed
from tests.support.relying_party import RelyingParty
from tests.support.service import Service

CREATE = ("clients", "create", "--name", "Comments", "--scope", "openid email users:read", "--json")
HERE = ("--redirect-uri", "https://comments.example/callback")


@pytest.mark.case("OPV-38")
def test_a_client_is_created_and_its_secret_is_shown_once(service: Service, run: Run) -> None:
    made = printed(
        run(*CREATE, *HERE, "--grant", "authorization_code", "--grant", "client_credentials", "--first-party")
    )
    assert set(made) == {"client_id", "client_secret"}
    listed = run("clients", "list", "--json")
    (known,) = json.loads(listed.stdout)
    assert made["client_secret"] not in listed.stdout
    assert (known["client_id"], known["first_party"], known["public"]) == (made["client_id"], True, False)
    with service.parts.store.read() as uow:
        client = uow.clients.get(made["client_id"])
    assert client.secret_hash == digest(made["client_secret"])


@pytest.mark.case("OPV-38")
def test_two_secrets_are_good_while_one_replaces_the_other(service: Service, run: Run) -> None:
    party = RelyingParty(service, scopes=("users:read",))
    rotate = ("clients", "rotate-secret", party.client.id, "--json")
    secrets = [party.secret, *(printed(run(*rotate))["client_secret"] for _ in range(2))]
    statuses = []
    for secret in secrets:
        party.secret = secret
        statuses.append(party.call("/oauth/token", grant_type="client_credentials").status_code)
    assert statuses == [401, 200, 200]


def test_a_public_client_has_no_secret_and_a_disabled_one_is_out(run: Run) -> None:
    made = printed(
        run("clients", "create", "--name", "App", "--scope", "openid", "--public", *HERE, "--json")
    )
    assert set(made) == {"client_id"}
    assert run("clients", "rotate-secret", made["client_id"]).exit_code == 1
    assert printed(run("clients", "disable", made["client_id"], "--json"))["disabled"] is True
    assert "disabled" in run("clients", "list").stdout
    assert run("clients", "disable", "nobody").exit_code == 1


@pytest.mark.case("OPV-02", "OPV-03")
@pytest.mark.parametrize(
    "arguments",
    [
        ("--redirect-uri", "javascript:alert(1)"),
        ("--redirect-uri", "data:text/html,x"),
        ("--redirect-uri", "http://comments.example/callback"),
        ("--redirect-uri", "https://user@comments.example/"),
        ("--redirect-uri", "https://comments.example/#x"),
        ("--redirect-uri", "/callback"),
        ("--redirect-uri", "https://comments.example:x/"),
        ("--redirect-uri", "com.example.app:/callback"),  # for apps, which are public
        ("--grant", "authorization_code"),
        ("--grant", "password"),
        ("--public",),
        ("--public", "--redirect-uri", "javascript:alert(1)"),
        ("--post-logout-redirect-uri", "http://comments.example/"),
        ("--backchannel-logout-uri", "ftp://comments.example/"),
        ("--name", " "),
        ("--scope", "open\u00efd"),
        ("--scope", "users:read", "--grant", "authorization_code", *HERE),
    ],
    ids=str,
)
def test_what_no_client_may_be_is_refused(run: Run, arguments: tuple[str, ...]) -> None:
    result = run("clients", "create", "--name", "Comments", "--scope", "openid", *arguments)
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    assert json.loads(run("clients", "list", "--json").stdout) == []


def test_apps_may_come_back_to_themselves(run: Run) -> None:
    for uri in ("com.example.app:/callback", "http://127.0.0.1:8400/callback", "http://[::1]/"):
        app = ("clients", "create", "--name", "App", "--public", "--scope", "openid")
        assert run(*app, "--redirect-uri", uri).exit_code == 0, uri


def test_keys_are_rotated_and_listed(run: Run) -> None:
    assert printed(run("keys", "list", "--json")) == []
    assert run("keys", "rotate").exit_code == 0
    assert run("keys", "rotate").exit_code == 0
    states = [key["state"] for key in printed(run("keys", "list", "--json"))]
    assert states == ["next", "active"]
    assert run("keys", "rotate", "--now").exit_code == 0
    assert "active" in run("keys", "list").stdout
