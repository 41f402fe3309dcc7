"""The authorization request: what a client must send before a reader is asked anything."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from service.fake_provider.clients import Client
from service.fake_provider.errors import Mistaken, UnknownClient
from service.fake_provider.kinds import TRAITS, Kind

S256_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
PERSONAL = {"name", "email"}


@dataclass(frozen=True)
class AuthorizationRequest:
    """A request that was found in order."""

    redirect_uri: str
    scope: frozenset[str]
    state: str
    nonce: str
    code_challenge: str
    form_post: bool
    offline: bool  # a refresh token is asked for

    def answer_url(self, answer: Mapping[str, str]) -> str:
        """The redirect address with the answer in its query."""
        return with_query(self.redirect_uri, answer)


def with_query(url: str, answer: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(answer)}"


def known_redirect(client: Client, query: Mapping[str, str]) -> str:
    """Return the redirect address if the client has registered exactly this one. Raises `UnknownClient`."""
    if query.get("client_id") != client.client_id:
        raise UnknownClient("invalid_client", "This client_id is not registered here.", 401)
    redirect_uri = query.get("redirect_uri", "")
    if redirect_uri not in client.redirect_uris:
        raise UnknownClient(
            "redirect_uri_mismatch", f"{redirect_uri or 'No address'} is not a registered redirect_uri."
        )
    return redirect_uri


def read_request(
    kind: Kind, client: Client, query: Mapping[str, str], raw_query: str
) -> AuthorizationRequest:
    """Check a request. Raises `UnknownClient` where no answer may be sent, else `Mistaken`."""
    redirect_uri = known_redirect(client, query)
    if query.get("response_type") != "code":
        raise Mistaken("unsupported_response_type", "response_type must be code.")
    scope = _scope(kind, query, raw_query)
    mode = query.get("response_mode", "query")
    if mode not in TRAITS[kind].response_modes:
        raise Mistaken("invalid_request", f"response_mode {mode} is not supported.")
    if kind is Kind.APPLE and scope & PERSONAL and mode != "form_post":
        raise Mistaken(
            "invalid_request", "response_mode must be form_post when name or email scope is requested."
        )
    return AuthorizationRequest(
        redirect_uri,
        scope,
        state=_required(query, "state"),
        nonce=_required(query, "nonce"),
        code_challenge=_challenge(query),
        form_post=mode == "form_post",
        offline=kind is Kind.APPLE
        or "offline_access" in scope
        or (kind is Kind.GOOGLE and query.get("access_type") == "offline"),
    )


def _required(query: Mapping[str, str], name: str) -> str:
    if not query.get(name):
        raise Mistaken("invalid_request", f"{name} is missing.")
    return query[name]


def _scope(kind: Kind, query: Mapping[str, str], raw_query: str) -> frozenset[str]:
    scope = frozenset(query.get("scope", "").split())
    if kind is Kind.APPLE and re.search(r"(?:^|&)scope=[^&]*\+", raw_query):
        # Apple reads the plus sign as itself, not as a space
        raise Mistaken("invalid_scope", "The scopes must be separated by %20.")
    if unknown := scope - set(TRAITS[kind].scopes):
        raise Mistaken("invalid_scope", f"Not a scope here: {', '.join(sorted(unknown))}.")
    if kind is not Kind.APPLE and "openid" not in scope:
        raise Mistaken("invalid_scope", "The scope openid is missing.")
    return scope


def _challenge(query: Mapping[str, str]) -> str:
    if query.get("code_challenge_method") != "S256":
        raise Mistaken("invalid_request", "code_challenge_method must be S256 (RFC 7636).")
    challenge = query.get("code_challenge", "")
    if not S256_CHALLENGE.fullmatch(challenge):
        raise Mistaken("invalid_request", "code_challenge must be the SHA-256 of the verifier, base64url.")
    return challenge
