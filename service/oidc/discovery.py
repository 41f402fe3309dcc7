"""What other programs need to know of the provider (OpenID Connect Discovery 1.0, RFC 8414), and its keys."""

from typing import Any

from flask import Response, jsonify

from service.core.openid import READER_SCOPES
from service.oidc.server import provider

SECONDS_KEPT = 900  # well below `service.flows.signing_keys.PUBLISHED_BEFORE_USE`
WAYS = ["client_secret_basic", "client_secret_post", "private_key_jwt"]


def metadata(issuer: str) -> dict[str, Any]:
    """Describe the provider; every address comes from the settings, whatever host was asked."""
    signatures = ["ES256", "ES384", "RS256", "PS256", "EdDSA"]
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/authorize",
        "token_endpoint": f"{issuer}/oauth/token",
        "userinfo_endpoint": f"{issuer}/oauth/userinfo",
        "jwks_uri": f"{issuer}/oauth/jwks.json",
        "introspection_endpoint": f"{issuer}/oauth/introspect",
        "revocation_endpoint": f"{issuer}/oauth/revoke",
        "end_session_endpoint": f"{issuer}/oauth/logout",
        "scopes_supported": list(READER_SCOPES),
        "claims_supported": ["sub", "name", "locale", "email", "email_verified", "auth_time", "amr", "sid"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": [*WAYS, "none"],
        "token_endpoint_auth_signing_alg_values_supported": signatures,
        "introspection_endpoint_auth_methods_supported": WAYS,
        "introspection_endpoint_auth_signing_alg_values_supported": signatures,
        "revocation_endpoint_auth_methods_supported": [*WAYS, "none"],
        "revocation_endpoint_auth_signing_alg_values_supported": signatures,
        "authorization_response_iss_parameter_supported": True,
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "backchannel_logout_supported": True,
        "backchannel_logout_session_supported": True,
        "service_documentation": f"{issuer}/docs",
    }


def describe() -> Response:
    """The discovery document."""
    return _kept(jsonify(metadata(provider().issuer)))


def keys() -> Response:
    """The public keys tokens are checked with, the next one among them (RFC 7517)."""
    return _kept(jsonify(keys=provider().flows.signing_keys.published()))


def _kept(response: Response) -> Response:
    response.headers["Cache-Control"] = f"public, max-age={SECONDS_KEPT}"
    return response
