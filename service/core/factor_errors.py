"""What goes wrong with second factors and passkeys, and the one detour they make."""

from service.core.errors import Detour, Refusal
from service.core.wording import sentence


class SecondFactorFirst(Refusal):
    """An identity is connected to an account with a second factor only by who is signed in with it."""

    code = "link_required"
    message = sentence(
        "This account asks for a second step. Sign in with your password first, then connect it on your account page."
    )


class InvalidCode(Refusal):
    """The code of an authenticator app or a recovery code is wrong, late or used."""

    code = "invalid_code"
    message = sentence("This code is not right, or it was used already. Wait for the next one and try again.")


class StepExpired(Refusal):
    """A sign-in that waited too long for its second factor, or saw too many wrong ones."""

    code = "expired_token"
    message = sentence("This sign-in took too long. Start again.")


class InvalidPasskey(Refusal):
    """What came from a passkey does not hold: made for another site, late, repeated, or not one of ours."""

    code = "invalid_passkey"
    message = sentence("This passkey did not work here. Try again, or sign in another way.")


class SecondFactorInUse(Refusal):
    """The account has an authenticator app already."""

    code = "already_enabled"
    message = sentence("An authenticator app is set up already. Remove it before you set up another one.")


class SecondStepRequired(Detour):
    """The first factor is proven, and the account asks for a second. `secret` finds the sign-in that waits."""

    def __init__(self, secret: str, methods: tuple[str, ...]) -> None:
        super().__init__()
        self.secret = secret
        self.methods = methods
