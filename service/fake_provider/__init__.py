"""A small, honest OpenID provider that stands in for Google and Apple while nobody has an account there.

For development and tests only. It knows nothing of the service: they speak over HTTP, as with the real ones.
Everything is kept in memory, in one process.
"""

from collections.abc import Collection

from flask import Flask

from service.fake_provider.application import create_app
from service.fake_provider.clients import Client
from service.fake_provider.issuer import Clock, Issuer, utc_now
from service.fake_provider.kinds import Kind
from service.fake_provider.people import Person

__all__ = ["Client", "Issuer", "Kind", "Person", "create_app", "create_fake_provider"]


def create_fake_provider(
    kind: Kind,
    issuer: str,
    *,
    client_id: str,
    client_secret: str | None = None,
    client_public_key: str | None = None,
    redirect_uris: Collection[str],
    team_id: str | None = None,
    key_id: str | None = None,
    clock: Clock = utc_now,
) -> Flask:
    """Return a provider that calls itself `issuer` and knows one client.

    Google wants a `client_secret`; the plain kind takes a client without one for a public client. Apple wants
    `client_public_key`, the PEM of the P-256 key that the client's secret is signed with, and compares `team_id` and
    `key_id` where they are given. Mount it where the path of `issuer` says, or give it a port of its own. Its keys
    turn with `app.extensions["issuer"].rotate_keys()`.
    """
    client = Client(client_id, redirect_uris, client_secret, client_public_key, team_id, key_id)
    return create_app(Issuer(kind, issuer, client, clock=clock))
