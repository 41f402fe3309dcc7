"""One class per refusal: the stable code and the sentence a person reads.

The table from class to HTTP status lives in `service.http.errors`; nothing in here knows of HTTP.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

from service.core.wording import sentence

SOMETHING_WENT_WRONG = sentence("Something went wrong. Try again or contact support if the problem persists.")


class Refusal(Exception):
    """Something a person asked for and does not get. Subclasses say which."""

    code: ClassVar[str] = "internal_error"
    message: ClassVar[str] = SOMETHING_WENT_WRONG
    next: str | None = None  # where the person was going, when the story knows

    def __init__(self) -> None:
        super().__init__(self.code)


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field: `code` for programs, `message` for people.

    `values` fill the placeholders of the message, so that the sentence stays one translatable text.
    """

    field: str
    code: str
    template: str
    values: tuple[tuple[str, object], ...] = ()

    @property
    def message(self) -> str:
        return self.template % dict(self.values) if self.values else self.template


class ValidationFailed(Refusal):
    """One or more fields cannot be accepted; `errors` says which and why."""

    code = "validation_failed"
    message = sentence("Some fields need another look.")

    def __init__(self, errors: Iterable[FieldError]) -> None:
        super().__init__()
        self.errors = tuple(errors)


class InvalidCredentials(Refusal):
    """Unknown address, wrong password or no password: the same answer for all three."""

    code = "invalid_credentials"
    message = sentence("The email address or the password is not right.")


class AccountDisabled(Refusal):
    """The password is right, the account is closed by staff."""

    code = "account_disabled"
    message = sentence("This account has been disabled. Contact support to have it opened again.")


class EmailUnverified(Refusal):
    """The password is right, the address is not proven yet; a new link is on its way.

    `binding` is the secret for the browser that asked, so that the link opened there needs no password.
    """

    code = "email_unverified"
    message = sentence("Confirm your email address first. We have sent you a new link.")

    def __init__(self, binding: str) -> None:
        super().__init__()
        self.binding = binding


class InvalidToken(Refusal):
    """The link is used, replaced by a newer one, damaged, or was made for something else."""

    code = "invalid_token"
    message = sentence("This link does not work any more. Ask for a new one.")


class ExpiredToken(Refusal):
    """The link was good once; its time is over."""

    code = "expired_token"
    message = sentence("This link has expired. Ask for a new one.")


class Unauthenticated(Refusal):
    """The call needs a session and has none."""

    code = "unauthenticated"
    message = sentence("Sign in to go on.")


class ReauthenticationRequired(Refusal):
    """The session is too old for a step this sensitive."""

    code = "reauthentication_required"
    message = sentence("Sign in again to do this.")


class NotFound(Refusal):
    """Nothing here under that name, or nothing the caller may know of."""

    code = "not_found"
    message = sentence("There is nothing here.")


class EmailTaken(Refusal):
    """Another account has the address. Said to staff, and to whoever has proven that the mailbox is theirs."""

    code = "email_taken"
    message = sentence("Another account has this address.")


class CrossOriginRefused(Refusal):
    """A state-changing call came from a page that is not the site's."""

    code = "cross_origin_refused"
    message = sentence("This request came from another site and was refused.")


class FormExpired(Refusal):
    """The form's CSRF token is missing, foreign or from an earlier session."""

    code = "form_expired"
    message = sentence("This form is out of date. Go back, reload the page and try again.")


class InvalidJson(Refusal):
    """The body is no JSON object this service would read (RFC 8259, RFC 7493)."""

    code = "invalid_json"
    message = sentence("The request body is not valid JSON.")


class InvalidIdToken(Refusal):
    """What a provider, or somebody in its name, says of a reader does not hold."""

    code = "invalid_id_token"
    message = sentence("We could not confirm who you are. Start again.")


class AttemptExpired(Refusal):
    """An answer of a provider that belongs to no sign-in of this browser: late, repeated, or somebody else's."""

    code = "expired_attempt"
    message = sentence(
        "This sign-in took too long, was finished already, or was started in another browser. Start again."
    )


class SignInCancelled(Refusal):
    """The reader said no at the provider."""

    code = "sign_in_cancelled"
    message = sentence("You cancelled. Nothing has changed.")


class SignInRefused(Refusal):
    """The provider does not go on with this sign-in."""

    code = "sign_in_refused"
    message = sentence("The provider did not confirm this sign-in. Start again.")


class LinkRequired(Refusal):
    """The address has an account; its owner must prove that before the identity is linked to it."""

    code = "link_required"
    message = sentence(
        "You already have an account with this email address. Prove that it is yours to connect the two."
    )


class IdentityTaken(Refusal):
    """The identity belongs to another account, or the account has another identity of that provider."""

    code = "identity_taken"
    message = sentence(
        "This is already connected: disconnect the one before, or use the account it belongs to."
    )


class IdentityBlocked(Refusal):
    """The provider says that somebody else may hold the identity."""

    code = "identity_blocked"
    message = sentence(
        "This provider has told us that your account there may be in the wrong hands. Sign in another way."
    )


class LastSignInMethod(Refusal):
    """Without it the reader could not get in any more."""

    code = "last_sign_in_method"
    message = sentence("This is your only way to sign in. Add a password or another provider first.")


class CaptchaRequired(Refusal):
    """A captcha stands here, and no answer came with the request."""

    code = "captcha_required"
    message = sentence("Show us that you are not a robot, then send the form again.")


class CaptchaFailed(Refusal):
    """The captcha's answer is wrong, late, used, or was given for something else."""

    code = "captcha_failed"
    message = sentence("The check that you are not a robot did not succeed. Please do it once more.")


class RateLimited(Refusal):
    """Too many tries; `retry_after` says how long to wait."""

    code = "rate_limited"
    message = sentence("Too many tries. Wait a little, then try again.")

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__()
        self.retry_after = retry_after


class Unavailable(Refusal):
    """The service cannot do it right now (hash queue full, database away); nothing was changed."""

    code = "unavailable"
    message = sentence("We can't do this right now. Try again in a moment.")

    def __init__(self, retry_after: timedelta = timedelta(seconds=5)) -> None:
        super().__init__()
        self.retry_after = retry_after


class ProviderUnavailable(Unavailable):
    """A provider is away, slow or broken; everything else goes on."""

    message = sentence(
        "This provider can't be reached right now. Try again in a moment, or sign in another way."
    )


class Detour(Exception):
    """Neither an answer nor a refusal: what was done stays done, and something else must be done first."""
