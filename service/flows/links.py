"""The links letters carry. Built from the configured public URL, never from a request."""

from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass(frozen=True)
class Links:
    """`public_url` has no trailing slash."""

    public_url: str

    def login(self) -> str:
        return f"{self.public_url}/login"

    def signup(self) -> str:
        return f"{self.public_url}/signup"

    def forgot_password(self) -> str:
        return f"{self.public_url}/forgot-password"

    def second_factor(self) -> str:
        return f"{self.public_url}/account/second-factor"

    def passkeys(self) -> str:
        return f"{self.public_url}/account/passkeys"

    def devices(self) -> str:
        return f"{self.public_url}/account/devices"

    def reset_password(self, token: str) -> str:
        return f"{self.public_url}/reset-password?{urlencode({'token': token})}"

    def provider_callback(self, provider: str) -> str:
        return f"{self.public_url}/login/{provider}/callback"

    def confirm_identity(self, token: str) -> str:
        return f"{self.public_url}/login/connect/confirm?{urlencode({'token': token})}"

    def sign_in_methods(self) -> str:
        return f"{self.public_url}/account/identities"

    def confirm_login(self, token: str) -> str:
        return f"{self.public_url}/login/link/confirm?{urlencode({'token': token})}"

    def confirm_email(self, token: str) -> str:
        return f"{self.public_url}/account/email/confirm?{urlencode({'token': token})}"

    def undo_email(self, token: str) -> str:
        return f"{self.public_url}/account/email/undo?{urlencode({'token': token})}"

    def not_me(self, token: str) -> str:
        return f"{self.public_url}/account/not-me?{urlencode({'token': token})}"

    def confirm_signup(self, token: str) -> str:
        return f"{self.public_url}/signup/confirm?{urlencode({'token': token})}"
