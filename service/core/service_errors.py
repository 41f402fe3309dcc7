"""What other services are refused: providers that notify, clients of the OpenID provider, callers, proxies."""

from service.core.errors import Refusal
from service.core.wording import sentence


class InvalidNotification(Refusal):
    """A message in a provider's name that is not the provider's, or not for us."""

    code = "invalid_notification"
    message = sentence("This is no notification for this service.")


class InvalidAuthorizationRequest(Refusal):
    """Another service sends a reader with a request we cannot even answer: unknown client, unregistered address."""

    code = "invalid_request"
    message = sentence(
        "The site that sent you here asks in a way we don't know. Go back and try again, or tell its owner."
    )


class InvalidAccessToken(Refusal):
    """A service calls without a good access token (RFC 6750)."""

    code = "invalid_token"
    message = sentence("This call needs an access token that is good here and has not expired.")


class InsufficientScope(Refusal):
    """The access token is good, but not for this; `scope` is what it would take."""

    code = "insufficient_scope"
    message = sentence("This access token does not allow that.")

    def __init__(self, scope: str) -> None:
        super().__init__()
        self.scope = scope


class RoleRequired(Refusal):
    """A page behind a proxy is for readers with a role that this one does not have."""

    code = "role_required"
    message = sentence("Your account does not have access to this page.")


class PreconditionFailed(Refusal):
    """What the caller saw is not how it is any more (RFC 9110, 13.1.1)."""

    code = "precondition_failed"
    message = sentence("This has changed since you looked at it. Fetch it again.")


class IdempotencyKeyReused(Refusal):
    """An `Idempotency-Key` that was used for another request."""

    code = "idempotency_key_reused"
    message = sentence("This Idempotency-Key was used for another request. Use a new one.")
