"""The account page: who the reader is here, their devices, their password."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from service.core.devices import describe_device
from service.core.errors import NotFound, Refusal, Unauthenticated
from service.core.wording import NEWSLETTER_CONSENT, sentence
from service.flows.profile import ProfileForm
from service.flows.sessions import SignedIn
from service.http import sign_in
from service.http.languages import gettext, spoken
from service.http.requests import flows, visit
from service.languages import write_ago, write_day, write_device
from service.web.forms import fresh, go, posted, refused, shown, ticked, with_next

pages = Blueprint("account", __name__)
OVERVIEW = "pages/account.html"
PASSWORD = "pages/account_password.html"
SAVED = sentence("Saved.")
PASSWORD_CHANGED = sentence("Your password is changed. You are signed out everywhere else.")
DEVICE_ENDED = sentence("That device is signed out.")
OTHERS_ENDED = sentence("You are signed out everywhere else.")


@pages.errorhandler(Unauthenticated)
def to_login(_: Unauthenticated) -> Response:
    """Whoever is not signed in signs in first and comes back."""
    return go(with_next("/login", request.full_path.rstrip("?") if request.method == "GET" else "/account"))


@pages.get("/account")
def overview() -> str:
    """Name, address, and what is connected."""
    here = sign_in.require_signed_in()
    newsletter = "yes" if here.user.newsletter else ""
    form = {"name": here.user.name or "", "newsletter": newsletter}
    return fresh(OVERVIEW, form=form, **_glance(here))


@pages.post("/account")
def update() -> Response:
    """Change the name and the consent to the newsletter."""
    here, name, newsletter = sign_in.require_signed_in(), posted("name"), ticked("newsletter")
    form = ProfileForm(name, here.user.locale, gettext(NEWSLETTER_CONSENT) if newsletter else None)
    try:
        flows().profile.update(here, form, visit())
    except Refusal as refusal:
        typed = shown(name=name, newsletter="yes" if newsletter else "")
        return refused(OVERVIEW, refusal, form=typed, **_glance(here))
    return go("/account", SAVED)


def _glance(here: SignedIn) -> dict[str, object]:
    """What the overview shows, beside the form: and whether letters still reach the reader."""
    email = here.user.email
    return {
        "user": person(here),
        "has_passkeys": bool(flows().passkeys.of(here)),
        "undeliverable": email is not None and flows().suppressions.of(email) is not None,
        "newsletter_wording": gettext(NEWSLETTER_CONSENT),
    }


@pages.get("/account/devices")
def devices() -> str:
    """Where the account is signed in, this device first."""
    here = sign_in.require_signed_in()
    listed = [
        {
            "id": str(session.id),
            "device": write_device(describe_device(session.agent), gettext),
            "ip": session.ip,
            "created_text": day(session.created_at),
            "last_seen_text": ago(session.last_seen_at),
            "current": session.id == here.session.id,
        }
        for session in sorted(flows().sessions.list(here.user.id), key=lambda s: s.id != here.session.id)
    ]
    return render_template("pages/account_devices.html", devices=listed)


@pages.post("/account/devices/<session_id>/end")
def end_device(session_id: str) -> Response:
    """Sign one device out."""
    here = sign_in.require_signed_in()
    try:
        flows().sessions.end(UUID(session_id), user_id=here.user.id, visit=visit())
    except ValueError as error:
        raise NotFound from error
    return go("/account/devices", DEVICE_ENDED)


@pages.post("/account/devices/end-others")
def end_other_devices() -> Response:
    """Sign out everywhere else."""
    renewed = flows().sessions.end_others(sign_in.require_signed_in(), visit())
    return sign_in.begin(go("/account/devices"), renewed, notice=OTHERS_ENDED)


@pages.get("/account/password")
def show_password() -> str:
    """The form for a new password."""
    here = sign_in.require_signed_in()
    return fresh(PASSWORD, user=person(here), min_length=flows().password_change.new_passwords.min_length)


@pages.post("/account/password")
def change_password() -> Response:
    """Change the password."""
    here = sign_in.require_signed_in()
    try:
        renewed = flows().password_change.change(
            here, current=posted("current_password") or None, new=posted("new_password"), visit=visit()
        )
    except Refusal as refusal:
        return refused(
            PASSWORD, refusal, user=person(here), min_length=flows().password_change.new_passwords.min_length
        )
    return sign_in.begin(go("/account"), renewed, notice=PASSWORD_CHANGED)


@pages.get("/.well-known/change-password")
def well_known_change_password() -> AnyResponse:
    """Where password managers send people (W3C, A Well-Known URL for Changing Passwords)."""
    return redirect("/account/password", code=302)


def person(here: SignedIn) -> dict[str, object]:
    """What the account pages say of the reader."""
    user = here.user
    return {
        "name": user.name,
        "email": user.email,
        "verified": user.email_verified,
        "has_password": user.has_password,
        "providers": [flows().linking.labels.get(name, name) for name in user.providers],
        "newsletter": user.newsletter is not None,
        "created_at_text": day(user.created_at),
    }


def ago(at: datetime) -> str:
    """An instant as a person would say it."""
    now = datetime.now(UTC)
    if now - at < timedelta(minutes=10):
        return gettext("just now")
    return write_ago(at, now, spoken()) if now - at < timedelta(days=2) else day(at)


def day(at: datetime) -> str:
    """A day as a person would write it."""
    return write_day(at, spoken())
