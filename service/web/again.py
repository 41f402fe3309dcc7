"""What a reader shows once more, on the page, before a way into the account changes."""

from urllib.parse import urlencode

from service.core.errors import FieldError, ValidationFailed
from service.core.wording import REQUIRED
from service.flows.reauthentication import Again, Proof
from service.flows.sessions import SignedIn
from service.http.requests import flows
from service.web.forms import posted


def asked(here: SignedIn, back: str) -> dict[str, object]:
    """Return what the template of a form needs to ask; `back` is where a new sign-in leads."""
    return {
        "proof": flows().reauthentication.asks(here),
        "email": here.user.email,
        "sign_in_again_url": f"/login?{urlencode({'again': 1, 'next': back})}",
    }


def answered(here: SignedIn) -> Again:
    """Read what was shown. Raises `ValidationFailed` where a code is asked for and none was typed."""
    code = posted("code").strip()
    if not code and flows().reauthentication.asks(here) is Proof.CODE:
        raise ValidationFailed([FieldError("code", "required", REQUIRED)])
    return Again(posted("current_password") or None, code or None)
