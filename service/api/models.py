"""What goes in and out as JSON. Unknown fields and wrong types are refused."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainSerializer, RootModel, WithJsonSchema
from pydantic_core import PydanticCustomError

from service.core.session_check import CheckedUser, SessionCheck
from service.core.values import User
from service.flows.sessions import SignedIn


def timestamp(at: datetime) -> str:
    """Write an instant in RFC 3339, in UTC, to the millisecond."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def storable(text: str) -> str:
    """Refuse what no database and no other service could hold: NUL and unpaired surrogates."""
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise PydanticCustomError("invalid_text", "This contains characters that cannot be used.")
    return text


Text = Annotated[str, AfterValidator(storable)]
Instant = Annotated[
    datetime, PlainSerializer(timestamp), WithJsonSchema({"type": "string", "format": "date-time"})
]


CAPTCHA = Field(None, description="Answer of the captcha, where one is configured.")


class Body(BaseModel):
    """A request body."""

    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


class SignupBody(Body):
    """A person who wants an account."""

    email: str = Field(description="Where the confirmation is sent.", examples=["reader@example.org"])
    password: str = Field(description="8 to 256 characters, not a common or guessable one.")
    name: Text | None = Field(None, description="What to call the reader, at most 100 characters.")
    locale: Text | None = Field(None, description="Language tag (BCP 47).", examples=["en"])
    newsletter: bool = Field(
        False, description="Consent to the newsletter; kept with time, address and wording."
    )
    next: Text | None = Field(
        None, description="Page to go back to; followed only to the site's own origins."
    )
    captcha: Text | None = CAPTCHA


class ConfirmBody(Body):
    """The token of a mailed link; a password where the browser is not the one that signed up."""

    token: Text
    password: str | None = None


class LoginBody(Body):
    """Address and password."""

    email: str
    password: str
    remember: bool = Field(False, description='"Keep me signed in".')
    captcha: Text | None = CAPTCHA


class IdTokenBody(Body):
    """An ID token, the nonce it was asked for with, and, from Apple's first time, the reader's name."""

    id_token: Text
    nonce: Text | None = Field(None, description="The raw nonce. A token without one is refused.")
    name: Text | None = None


class ForgotBody(Body):
    """The address somebody joined with."""

    email: str
    next: Text | None = Field(None, description="Page to go back to after the reset.")
    captcha: Text | None = CAPTCHA


class LoginLinkBody(Body):
    """Where the sign-in link is to go."""

    email: str
    next: Text | None = Field(None, description="Page to go back to after signing in.")
    captcha: Text | None = CAPTCHA


class ResetBody(Body):
    """The token of the latest reset letter and the new password."""

    token: Text
    password: str


class ChangeBody(Body):
    """The present password, unless the account has none, and the new one."""

    current_password: str | None = None
    new_password: str


class EmailChangeBody(Body):
    """The new address, and the present password unless the account has none."""

    email: str
    current_password: str | None = None


class TokenBody(Body):
    """The token of a mailed link."""

    token: Text


class ProfileBody(Body):
    """What is to change; null removes the name or the language."""

    name: Text | None = Field(None, description="What to call the reader, at most 100 characters.")
    locale: Text | None = Field(None, description="Language tag (BCP 47).", examples=["en"])
    newsletter: bool = Field(
        False, description="Consent to the newsletter; kept with time, address and wording."
    )


class DeleteBody(Body):
    """The present password, unless the account has none."""

    current_password: str | None = None


class UserModel(BaseModel):
    """An account as its owner and the site's services see it."""

    id: str
    email: str | None = Field(description="None only for an account from a provider that told no address.")
    email_verified: bool
    name: str | None
    locale: str | None
    roles: list[str]
    has_password: bool
    providers: list[str]
    created_at: Instant


class SessionModel(BaseModel):
    """A signed-in browser; `amr` as in RFC 8176."""

    id: str
    created_at: Instant
    expires_at: Instant
    auth_time: Instant
    amr: list[str]


class SignedInModel(BaseModel):
    """Who is signed in, and how."""

    user: UserModel
    session: SessionModel


class AccountModel(BaseModel):
    """An account."""

    user: UserModel


def user_json(user: User | CheckedUser) -> dict[str, Any]:
    """Return what `UserModel` describes."""
    return {
        "id": str(user.id),
        "email": user.email,
        "email_verified": user.email_verified,
        "name": user.name,
        "locale": user.locale,
        "roles": user.roles,
        "has_password": user.has_password,
        "providers": user.providers,
        "created_at": timestamp(user.created_at),
    }


def signed_in_json(signed_in: SignedIn | SessionCheck) -> dict[str, Any]:
    """Return what `SignedInModel` describes, made by hand: the answer to every page view of the site."""
    session = signed_in.session
    return {
        "user": user_json(signed_in.user),
        "session": {
            "id": str(session.id),
            "created_at": timestamp(session.created_at),
            "expires_at": timestamp(session.expires_at),
            "auth_time": timestamp(session.auth_time),
            "amr": session.amr,
        },
    }


class DeviceModel(BaseModel):
    """One of the reader's signed-in devices."""

    id: str
    current: bool
    created_at: Instant
    last_seen_at: Instant
    ip: str
    device: str


class DevicesModel(RootModel[list[DeviceModel]]):
    """The reader's signed-in devices, last used first."""


class IdentityModel(BaseModel):
    """A provider the reader has connected."""

    provider: str
    label: str
    email: str | None
    created_at: Instant
    last_used_at: Instant | None


class IdentitiesModel(RootModel[list[IdentityModel]]):
    """The providers the reader has connected."""


class ConfirmationSent(BaseModel):
    """A letter is on its way; its link, opened in this browser, finishes the sign-in."""

    status: Literal["confirmation_sent"] = "confirmation_sent"


class Accepted(BaseModel):
    """The request was taken; nothing in the answer depends on whether the address is known."""

    status: Literal["accepted"] = "accepted"
    message: str


class PasswordChanged(BaseModel):
    """The password is set; `next` is the page the reader came from, if any."""

    status: Literal["password_changed"] = "password_changed"
    next: str | None = None


class ErasureScheduled(BaseModel):
    """The account is closed; it is erased at `erases_at` unless its reader signs in before."""

    status: Literal["scheduled"] = "scheduled"
    erases_at: Instant


class ExportModel(BaseModel):
    """Everything held on a reader, by kind; what opens doors (hashes, secrets) is left out."""

    account: dict[str, Any]
    newsletter: dict[str, Any] | None = Field(description="The consent: when, from where, to which words.")
    identities: list[dict[str, Any]] = Field(description="At other providers.")
    sessions: list[dict[str, Any]]
    devices: list[dict[str, Any]] = Field(description="Browsers known from earlier sign-ins.")
    authenticator_apps: list[dict[str, Any]] = Field(description="Since when signing in asks for a code.")
    recovery_codes: list[dict[str, Any]] = Field(description="When those that are left were made.")
    passkeys: list[dict[str, Any]]
    earlier_addresses: list[dict[str, Any]] = Field(description="Those that can still be brought back.")
    letters: list[dict[str, Any]] = Field(description="What was mailed, and what became of it.")
    events: list[dict[str, Any]] = Field(description="The audit trail.")


class FieldErrorModel(BaseModel):
    """What is wrong with one field."""

    field: str
    code: str
    message: str


class ProblemModel(BaseModel):
    """An error (RFC 9457). `code` is stable, `detail` and `message` are for people."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    request_id: str
    errors: list[FieldErrorModel] | None = None


def dump(model: BaseModel) -> Any:
    """Return a model as JSON-ready values."""
    return model.model_dump(mode="json")
