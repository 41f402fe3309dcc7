"""The cookies, all HttpOnly, SameSite=Lax, for this host alone; `__Host-` prefixed over HTTPS (RFC 6265bis)."""

from dataclasses import dataclass
from datetime import timedelta

from flask import Response, current_app, request

SESSION = "masthead"
BINDING = "masthead-signup"
PROVIDER = "masthead-provider"
FORMS = "masthead-forms"
DEVICE = "masthead-device"
SECOND_STEP = "masthead-second-step"
PASSKEY = "masthead-passkey"
LONGEST_SECRET = 128


@dataclass(frozen=True)
class CookieJar:
    """Names, reads and writes cookies for a service reached over HTTPS (`secure`) or not."""

    secure: bool

    def name(self, purpose: str) -> str:
        return f"__Host-{purpose}" if self.secure else purpose

    def read(self, purpose: str) -> str | None:
        """Return a cookie's value; None when it is absent, oversized, or there are two of the name."""
        values = request.cookies.getlist(self.name(purpose))
        if len(values) != 1 or not values[0] or len(values[0]) > LONGEST_SECRET:
            return None
        return values[0]

    def write(self, response: Response, purpose: str, value: str, lifetime: timedelta | None) -> None:
        """Set a cookie; without a lifetime it goes when the browser closes."""
        response.set_cookie(
            self.name(purpose),
            value,
            max_age=lifetime,
            path="/",
            secure=self.secure,
            httponly=True,
            samesite="Lax",
        )

    def clear(self, response: Response, purpose: str) -> None:
        response.delete_cookie(
            self.name(purpose), path="/", secure=self.secure, httponly=True, samesite="Lax"
        )


def jar() -> CookieJar:
    """The cookies of the application that handles this request."""
    found: CookieJar = current_app.extensions["cookies"]
    return found
