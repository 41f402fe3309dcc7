"""ID tokens: who has signed in, when and how, told to one client (OpenID Connect Core, section 2)."""

from datetime import timedelta
from typing import Any

from authlib.oidc.core.grants import OpenIDToken
from authlib.oidc.core.util import create_half_hash

from service.core.openid import OPENID
from service.flows.access import seconds
from service.flows.grants import Issued
from service.flows.signing_keys import Pen

LIFETIME = timedelta(minutes=5)
KIND = "JWT"


class IdTokens(OpenIDToken):  # type: ignore[misc]
    """Adds an ID token to what a code or a refresh token gives, where `openid` was granted."""

    def process_token(self, grant: Any, response: Any) -> None:
        _, answer, _ = response
        issued: Issued = grant.request.issued
        if OPENID in issued.scopes:
            answer["id_token"] = self._signed(
                grant.server, issued, first=grant.GRANT_TYPE == "authorization_code"
            )

    def _signed(self, server: Any, issued: Issued, *, first: bool) -> str:
        pen: Pen = server.flows.signing_keys.pen()
        now, given = seconds(server.flows.access.clock()), issued.grant
        claims: dict[str, Any] = {
            "iss": server.issuer,
            "sub": str(issued.user.id),
            "aud": given.client_id,
            "iat": now,
            "exp": now + int(LIFETIME.total_seconds()),
            "auth_time": seconds(given.auth_time),
            "amr": list(given.amr),
            "sid": str(given.id),
            "at_hash": create_half_hash(issued.access_token, pen.signer.algorithm).decode(),
        }
        if first and given.nonce:
            claims["nonce"] = given.nonce
        return pen.sign(claims, kind=KIND)
