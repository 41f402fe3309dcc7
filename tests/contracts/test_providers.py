"""What every provider must do, whatever its quirks: `IdentityProvider` of core, over HTTP, against an honest issuer."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest

from service.adapters.providers import OPENERS, ProviderSettings, open_provider
from service.adapters.providers.openid import OpenIdProvider, Registration
from service.core.errors import InvalidIdToken, ProviderUnavailable, SignInRefused
from service.core.identities import Redemption
from service.core.mail import TransportTrouble
from service.core.service_errors import InvalidNotification
from tests.support.issuer import KEY_ID, TEAM_ID, IssuerServer
from tests.support.issuer_tokens import NONCE

STATE, OWN_NONCE, VERIFIER = "a-state", "a-nonce", "v" * 43
KINDS = {"google": "google", "apple": "apple", "openid": "plain"}  # ours, and the stand-in's name for it


def opened(kind: str, issuer: IssuerServer) -> OpenIdProvider:
    (redirect_uri,) = issuer.redirect_uris
    registration = Registration(issuer.url, issuer.client_id, issuer.client_secret or "", redirect_uri)
    apple = {"team_id": TEAM_ID, "key_id": KEY_ID, "private_key": issuer.private_key}
    options = apple if kind == "apple" else {}
    return open_provider(ProviderSettings(kind, issuer.name, kind.title(), registration, options))


@pytest.fixture(params=list(KINDS))
def pair(
    request: pytest.FixtureRequest, make_issuer: Callable[..., IssuerServer]
) -> tuple[OpenIdProvider, IssuerServer]:
    issuer = make_issuer(KINDS[request.param])
    return opened(request.param, issuer), issuer


def brought_back(provider: OpenIdProvider, issuer: IssuerServer) -> Redemption:
    """Send a reader there and back."""
    answer = issuer.answer(provider.authorization_url(state=STATE, nonce=OWN_NONCE, verifier=VERIFIER))
    fields = answer.form or {name: values[0] for name, values in parse_qs(urlsplit(answer.url).query).items()}
    assert fields["state"] == STATE
    return Redemption(fields["code"], VERIFIER, OWN_NONCE, fields.get("user", ""))


def test_every_provider_there_is_keeps_this_contract() -> None:
    assert set(OPENERS) == set(KINDS)


@pytest.mark.case("OAC-03")
def test_the_reader_is_sent_with_proofs_and_to_the_exact_address(
    pair: tuple[OpenIdProvider, IssuerServer],
) -> None:
    provider, issuer = pair
    url = provider.authorization_url(state=STATE, nonce=OWN_NONCE, verifier=VERIFIER)
    asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    assert url.startswith(issuer.url)
    assert {asked["redirect_uri"]} == issuer.redirect_uris
    assert (asked["response_type"], asked["state"], asked["nonce"]) == ("code", STATE, OWN_NONCE)
    assert asked["code_challenge_method"] == "S256"
    assert VERIFIER not in url
    assert "+" not in url


def test_a_code_becomes_a_profile_once(pair: tuple[OpenIdProvider, IssuerServer]) -> None:
    provider, issuer = pair
    redemption = brought_back(provider, issuer)
    profile = provider.redeem(redemption)
    assert (profile.provider, profile.issuer, profile.subject) == (
        issuer.name,
        issuer.url,
        issuer.person.subject,
    )
    assert profile.address is not None
    assert profile.address.email == issuer.person.email
    assert profile.verified
    with pytest.raises(SignInRefused):
        provider.redeem(redemption)


@pytest.mark.case("OAC-04")
def test_a_code_needs_its_own_nonce_and_verifier(pair: tuple[OpenIdProvider, IssuerServer]) -> None:
    provider, issuer = pair
    with pytest.raises(InvalidIdToken):
        provider.redeem(replace(brought_back(provider, issuer), nonce="another"))
    with pytest.raises(SignInRefused):
        provider.redeem(replace(brought_back(provider, issuer), verifier="w" * 43))


@pytest.mark.case("OAC-48")
def test_an_id_token_needs_the_nonce_it_was_asked_for_with(pair: tuple[OpenIdProvider, IssuerServer]) -> None:
    provider, issuer = pair
    token = issuer.id_token()
    assert provider.read_id_token(token, nonce=NONCE).subject == issuer.person.subject
    for wrong in ("another", "", None):
        with pytest.raises(InvalidIdToken):
            provider.read_id_token(token, nonce=wrong)


def test_a_provider_that_is_away_is_unavailable_and_its_errands_wait(
    pair: tuple[OpenIdProvider, IssuerServer],
) -> None:
    provider, issuer = pair
    redemption = brought_back(provider, issuer)
    issuer.stop()
    with pytest.raises(ProviderUnavailable):
        provider.redeem(redemption)
    with pytest.raises(TransportTrouble):
        provider.revoke("a-grant")
    with pytest.raises(ProviderUnavailable):
        provider.publication.check()


def test_a_grant_is_given_back(pair: tuple[OpenIdProvider, IssuerServer]) -> None:
    provider, issuer = pair
    assert provider.revoke("a-grant") == "200"
    assert issuer.revoked == ["a-grant"]


@pytest.mark.case("OAC-40")
def test_what_nobody_signed_is_no_notification(pair: tuple[OpenIdProvider, IssuerServer]) -> None:
    provider, _ = pair
    for body in ("", "{}", '{"payload": "x"}', "a.b.c", "\ud800"):
        with pytest.raises(InvalidNotification):
            provider.read_notification(body)
