"""What services send and get: accounts as they see them, what became of letters, the audit trail."""

from base64 import urlsafe_b64encode
from datetime import UTC, datetime
from hashlib import sha256
from json import dumps
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from service.api.models import Body, Instant, Text, UserModel, timestamp, user_json
from service.core.values import User

CURSOR = "`next_cursor` of the page before."


def _storable_instant(at: datetime) -> datetime:
    """Refuse what is no instant in UTC."""
    try:
        return at.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("out of range") from error


PastInstant = Annotated[AwareDatetime, AfterValidator(_storable_instant)]


class Query(BaseModel):
    """What is asked for in the address; nothing else may be."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class PageQuery(Query):
    """Which page of a list."""

    cursor: Text | None = Field(None, description=CURSOR)
    limit: int = Field(50, ge=1, le=100, description="How many at most.")


class UsersQuery(PageQuery):
    """All accounts by the page, or the one of an address."""

    email: Text | None = Field(None, description="Only the account of this address, compared as at sign-in.")


class AddressQuery(Query):
    """An address."""

    email: Text = Field(description="Whose letters.")


class EventsQuery(PageQuery):
    """Which events."""

    user_id: UUID | None = Field(None, description="Only those of this account.")
    kind: Text | None = Field(None, description="Only those of this kind, such as `user.created`.")
    since: PastInstant | None = Field(None, description="Only those at this instant or later (RFC 3339).")
    until: PastInstant | None = Field(None, description="Only those before this instant (RFC 3339).")


class NewUserBody(Body):
    """An account to be made. Without a password its owner sets one by a reset link."""

    email: str = Field(examples=["reader@example.org"])
    name: Text | None = Field(None, description="At most 100 characters.")
    locale: Text | None = Field(None, description="Language tag (BCP 47).", examples=["en"])
    roles: list[Text] = Field([], description="At most 50, each of letters, digits and `._:-`.")
    email_verified: bool = Field(
        False, description="Whether the service has proof that the mailbox is theirs."
    )
    password: str | None = Field(None, description="8 to 256 characters, not a common or guessable one.")
    password_hash: Text | None = Field(
        None,
        description="Instead of `password`: `$argon2id$…`, at most 256 MiB, 10 passes, 8 lanes; or as WordPress, Ghost,"
        " Drupal, Django, Werkzeug, Auth0 and Firebase write it. Renewed when its owner signs in.",
    )


class UserChangesBody(Body):
    """What is to change; null removes the name or the language."""

    name: Text | None = Field(None, description="At most 100 characters.")
    locale: Text | None = Field(None, description="Language tag (BCP 47).", examples=["en"])
    roles: list[Text] = Field([], description="All roles as they are to be.")
    disabled: bool = Field(False, description="`true` closes the account, `false` opens it again.")


class DirectoryUserModel(UserModel):
    """An account as services see it."""

    disabled: bool
    erases_at: Instant | None = Field(description="When it goes, if its owner asked for that.")


class DirectoryAccount(BaseModel):
    """An account."""

    user: DirectoryUserModel


class UsersModel(BaseModel):
    """A page of accounts."""

    users: list[DirectoryUserModel]
    next_cursor: str | None = Field(description="For the next page; null at the end.")


class ResetAccepted(BaseModel):
    """The letter is on its way."""

    status: Literal["accepted"] = "accepted"


class SuppressionModel(BaseModel):
    """Why an address gets no letters."""

    canonical: str
    reason: str
    source: str
    since: Instant
    detail: str
    expires_at: Instant | None


class EntryModel(BaseModel):
    """One thing that happened to a letter."""

    at: Instant
    what: str = Field(
        description="`requested`, `waiting`, how it ended (`sent`, `no_account`, `suppressed`, `throttled`,"
        " `superseded`, `expired`, `blocked`, `refused`, `broken`), or what was heard later (`bounced`,"
        " `bounced_softly`, `rejected`, `complained`, `opened`, `used`)."
    )
    letter: str
    row_id: str | None = Field(description="The same for all that happened to one letter.")
    detail: str = Field(description="The mail server's answer with its queue id, or who reported what.")


class TimelineModel(BaseModel):
    """What became of letters, the oldest first."""

    address: str | None
    suppression: SuppressionModel | None
    entries: list[EntryModel]


class EventModel(BaseModel):
    """Something that happened."""

    id: str
    at: Instant
    kind: str
    user_id: str | None
    ip: str
    agent: str
    data: dict[str, Any] = Field(description="`by` is who did it, where it was not the reader.")


class EventsModel(BaseModel):
    """A page of the audit trail."""

    events: list[EventModel]
    next_cursor: str | None = Field(description="For the next page; null at the end.")


def directory_user(user: User) -> dict[str, Any]:
    """Return what `DirectoryUserModel` describes."""
    erases_at = timestamp(user.erases_at) if user.erases_at else None
    more = {"roles": list(user.roles), "providers": list(user.providers)}
    return user_json(user) | more | {"disabled": user.disabled, "erases_at": erases_at}


def etag_of(user: User) -> str:
    """A tag that changes whenever what a service sees of an account does."""
    seen = dumps(directory_user(user), sort_keys=True).encode()
    return urlsafe_b64encode(sha256(seen).digest()[:15]).decode()
