"""What goes in and out as JSON about second factors and passkeys."""

from typing import Any, Literal

from pydantic import BaseModel, Field, RootModel

from service.api.models import Body, Instant, Text


class SecondStepBody(Body):
    """The waiting sign-in, and a code or a passkey's answer."""

    mfa_token: Text = Field(description="As `mfa_required` told it.")
    method: Literal["totp", "passkey", "recovery_code"]
    code: Text | None = Field(None, description="Of the app or the recovery codes.", examples=["123456"])
    credential: dict[str, Any] | None = Field(
        None, description="AuthenticationResponseJSON (Web Authentication Level 3), for `passkey`."
    )


class PasskeyBody(Body):
    """A passkey's answer to the options of this browser."""

    credential: dict[str, Any] = Field(description="AuthenticationResponseJSON (Web Authentication Level 3).")
    remember: bool = Field(True, description='"Keep me signed in".')


class NewPasskeyBody(Body):
    """A passkey that was made with the options of this browser."""

    credential: dict[str, Any] = Field(description="RegistrationResponseJSON (Web Authentication Level 3).")
    name: Text | None = Field(None, description="What the reader calls it; by default the browser's name.")


class AgainBody(Body):
    """What the reader shows once more: a code where the account asks for one, else the password if it has one.

    Neither is needed within 15 minutes of a sign-in with a second factor, or, for an account without a password, of
    any sign-in.
    """

    current_password: str | None = None
    code: Text | None = Field(None, description="Of the app or the recovery codes.")


class CodeBody(Body):
    """A code of the authenticator app."""

    code: Text = Field(examples=["123456"])


class AuthenticatorAppModel(BaseModel):
    """Whether signing in asks for a code of an authenticator app, and since when."""

    enabled: bool
    since: Instant | None


class NewAuthenticatorApp(BaseModel):
    """What an authenticator app needs; told once."""

    secret: str = Field(description="160 bits in base 32 (RFC 4648).")
    uri: str = Field(description="`otpauth:` URI, as QR codes hold it: SHA-1, six digits, 30 seconds.")


class RecoveryCodes(BaseModel):
    """Codes for who has lost the app; told once, each works once."""

    recovery_codes: list[str]


class RecoveryCodesLeft(BaseModel):
    """How many recovery codes are unused."""

    remaining: int


class PasskeyModel(BaseModel):
    """One of the reader's passkeys."""

    id: str
    name: str
    synced: bool = Field(
        description="Whether it is kept by an account of the reader's elsewhere, for all devices."
    )
    created_at: Instant
    last_used_at: Instant | None
    maybe_copied: bool = Field(description="Whether its counter has once gone back, as that of a copy would.")


class PasskeysModel(RootModel[list[PasskeyModel]]):
    """The reader's passkeys, oldest first."""


class PasskeyOptions(BaseModel):
    """What `navigator.credentials` takes, after `parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON`."""

    options: dict[str, Any]
