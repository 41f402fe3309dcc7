"""The one client a stand-in knows, and how it proves who it is."""

import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import unquote_plus

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from werkzeug.datastructures import Authorization

from service.fake_provider.errors import Mistaken

LONGEST_SECRET_LIFE = timedelta(seconds=15_777_000)  # Apple's six months


@dataclass(frozen=True)
class Client:
    """A registration. Apple's clients have a public key instead of a secret, public clients have neither."""

    client_id: str
    redirect_uris: Collection[str]
    secret: str | None = None
    public_key: str | None = None  # PEM
    team_id: str | None = None
    key_id: str | None = None

    def check_secret(self, basic: Authorization | None, form: Mapping[str, str]) -> None:
        """Accept client_secret_basic or client_secret_post, one of the two (RFC 6749 2.3.1).

        From a public client, which PKCE alone protects, no secret is wanted and none accepted.
        """
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        if basic is not None and basic.type == "basic":
            if secret:
                raise Mistaken("invalid_request", "The client has named itself twice.")
            client_id, secret = unquote_plus(basic.username or ""), unquote_plus(basic.password or "")
        right = hmac.compare_digest(secret.encode(), (self.secret or "").encode())
        if client_id != self.client_id or not right:
            raise Mistaken("invalid_client", "The client is unknown or its secret is wrong.", 401)

    def check_signed_secret(self, form: Mapping[str, str], audience: str, now: datetime) -> None:
        """Accept Apple's kind of secret: a JWT signed with ES256 that lives six months at most."""
        if form.get("client_id") != self.client_id:
            raise Mistaken("invalid_client", "The client is unknown.")
        try:
            token = jwt.decode(
                form.get("client_secret", ""), ECKey.import_key(self.public_key or ""), algorithms=["ES256"]
            )
        except (JoseError, ValueError) as error:
            raise Mistaken("invalid_client", f"The client secret cannot be verified: {error}") from error
        if mistake := self._mistake_in(token, audience, now.timestamp()):
            raise Mistaken("invalid_client", f"The client secret is refused: {mistake}.")

    def _mistake_in(self, token: jwt.Token, audience: str, now: float) -> str | None:
        claims, kid = token.claims, token.header.get("kid")
        if not kid or (self.key_id and kid != self.key_id):
            return "kid is not the key's id"
        if not claims.get("iss") or (self.team_id and claims["iss"] != self.team_id):
            return "iss is not the team's id"
        if claims.get("sub") != self.client_id:
            return "sub is not the client id"
        if claims.get("aud") != audience:
            return f"aud is not {audience}"
        issued, expires = claims.get("iat"), claims.get("exp")
        if not isinstance(issued, int) or not isinstance(expires, int) or issued > now + 60:
            return "iat or exp is missing or wrong"
        if expires <= now:
            return "it has expired"
        if expires - min(issued, int(now)) > LONGEST_SECRET_LIFE.total_seconds():
            return "it lives longer than six months"
        return None
