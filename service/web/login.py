"""Sign in, sign out, and the front door."""

from flask import Blueprint, Response, request

from service.core.captcha import Place
from service.core.errors import EmailUnverified, Refusal
from service.core.wording import sentence
from service.http import sign_in
from service.http.cookies import BINDING, jar
from service.http.requests import flows, visit
from service.web import captcha
from service.web.forms import fresh, go, posted, refused, shown, ticked, wanted_next, with_next

pages = Blueprint("login", __name__)
LOGIN = "pages/login.html"
SIGNED_OUT = sentence("You are signed out.")


def _login_context(
    form: dict[str, str], next_page: str | None, refusal: Refusal | None = None
) -> dict[str, object]:
    return {
        **captcha.offered(Place.LOGIN, typed=form.get("email", ""), refusal=refusal),
        "form": form,
        "next": next_page,
        "forgot_url": with_next("/forgot-password", next_page),
        "signup_url": with_next("/signup", next_page),
        "link_url": with_next("/login/link", next_page),
        "then": flows().signup.return_urls.safe(next_page) or "/account",
    }


@pages.get("/")
def front_door() -> Response:
    """To the account, or to sign in."""
    return go("/account" if sign_in.signed_in() else "/login")


@pages.get("/login")
def show_login() -> Response | str:
    """The sign-in form; who is signed in goes on to where they wanted, unless they are to sign in again."""
    next_page, here = wanted_next(), sign_in.signed_in()
    if here is not None and request.args.get("again") != "1":
        return go(flows().signup.return_urls.safe(next_page) or "/account")
    hint = request.args.get("login_hint", "")
    form = dict(shown(email=here.user.email or "" if here is not None and not hint else hint))
    return fresh(LOGIN, **_login_context(form, next_page))


@pages.post("/login")
def log_in() -> Response:
    """Sign in with a password and go on to where the reader wanted."""
    email, remember, next_page = posted("email"), ticked("remember"), wanted_next()
    try:
        begun = flows().login.with_password(
            email=email,
            password=posted("password"),
            remember=remember,
            visit=visit(),
            previous=sign_in.presented_secret(),
            captcha=captcha.answered(),
            next=next_page,
        )
    except Refusal as refusal:
        form = shown(email=email, remember="yes" if remember else "")
        response = refused(LOGIN, refusal, **_login_context(dict(form), next_page, refusal))
        if isinstance(refusal, EmailUnverified):
            jar().write(response, BINDING, refusal.binding, flows().signup.lifetime)
        return response
    return sign_in.begin(go(flows().signup.return_urls.safe(next_page) or "/account"), begun)


@pages.get("/logout")
def show_logout() -> str:
    """One button: signing out changes something, so a link alone does not do it."""
    return fresh("pages/logout.html", next=wanted_next())


@pages.post("/logout")
def log_out() -> Response:
    """End the session on the server."""
    next_page = wanted_next()
    flows().sessions.sign_out(sign_in.presented_secret(), visit())
    return sign_in.end(go(flows().signup.return_urls.safe(next_page) or "/login"), notice=SIGNED_OUT)
