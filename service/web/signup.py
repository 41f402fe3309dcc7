"""Sign-up: the form, the letter's link, the first session."""

from flask import Blueprint, Response, render_template, request

from service.core.captcha import Place
from service.core.errors import ExpiredToken, InvalidToken, Refusal, ValidationFailed
from service.core.wording import NEWSLETTER_CONSENT, sentence
from service.flows.signup_form import SignupForm
from service.http import sign_in
from service.http.cookies import BINDING, jar
from service.http.languages import gettext
from service.http.requests import flows, visit
from service.web import captcha
from service.web.forms import fresh, go, posted, refused, shown, ticked, wanted_next, with_next
from service.web.mailed_link import EXPIRED, GONE, MailedLink, WayOn

pages = Blueprint("signup", __name__)
JOIN = "pages/signup.html"
CONFIRM = "pages/signup_confirm.html"
WELCOME = sentence("Welcome. Your address is confirmed and you are signed in.")
LINK = MailedLink(
    "signup_token",
    {
        ExpiredToken: WayOn(
            EXPIRED,
            sentence("Sign up once more and we will send you a new one."),
            "/signup",
            sentence("Sign up again"),
        ),
        InvalidToken: WayOn(
            GONE,
            sentence("It may have been used already: try to sign in, or sign up once more for a new one."),
            "/login",
            sentence("Sign in"),
            signup_url="/signup",
        ),
    },
)


def _join_context(
    form: dict[str, str], next_page: str | None, refusal: Refusal | None = None
) -> dict[str, object]:
    return {
        **captcha.offered(Place.SIGNUP, typed=form.get("email", ""), refusal=refusal),
        "form": form,
        "next": next_page,
        "min_length": flows().signup.new_passwords.min_length,
        "newsletter_wording": gettext(NEWSLETTER_CONSENT),
        "login_url": with_next("/login", next_page),
    }


def _confirm_context(*, needs_password: bool, email: str | None) -> dict[str, object]:
    return {
        "needs_password": needs_password,
        "email": email,
        "min_length": flows().signup.new_passwords.min_length,
    }


@pages.get("/signup")
def show_join() -> str:
    """The sign-up form."""
    return fresh(JOIN, **_join_context({}, wanted_next()))


@pages.post("/signup")
def join() -> Response:
    """Take the form; the answer is the same whether or not the address has an account."""
    email, name, newsletter, next_page = posted("email"), posted("name"), ticked("newsletter"), wanted_next()
    form = SignupForm(
        email,
        posted("password"),
        name or None,
        None,
        gettext(NEWSLETTER_CONSENT) if newsletter else None,
        next_page,
        captcha.answered(),
    )
    try:
        binding = flows().signup.request(form, visit())
    except Refusal as refusal:
        typed = shown(email=email, name=name, newsletter="yes" if newsletter else "")
        return refused(JOIN, refusal, **_join_context(dict(typed), next_page, refusal))
    hours = max(1, round(flows().signup.lifetime.total_seconds() / 3600))
    response = Response(
        render_template(
            "pages/signup_sent.html", email=email, hours=hours, signup_url=with_next("/signup", next_page)
        ),
        mimetype="text/html",
    )
    jar().write(response, BINDING, binding, flows().signup.lifetime)
    return response


@pages.get("/signup/confirm")
def show_confirm() -> Response | str:
    """The link of the letter, then one button, with a password field in a browser that did not sign up."""
    signup, binding = flows().signup, jar().read(BINDING)

    def page(token: str) -> str:
        needs_password = signup.needs_password(token, binding)
        return fresh(CONFIRM, **_confirm_context(needs_password=needs_password, email=signup.address(token)))

    return LINK.show(page)


@pages.post("/signup/confirm")
def confirm() -> Response:
    """Create the account and sign the reader in."""
    try:
        confirmed = flows().signup.confirm(
            token=LINK.token,
            binding=jar().read(BINDING),
            password=posted("password") or None,
            visit=visit(),
            previous=sign_in.presented_secret(),
        )
    except Refusal as refusal:
        link_is_good = isinstance(refusal, ValidationFailed)
        context = _confirm_context(
            needs_password=link_is_good or "password" in request.form,
            email=flows().signup.address(LINK.token) if link_is_good else None,
        )
        return LINK.refuse(CONFIRM, refusal, **context)
    response = sign_in.begin(go(confirmed.next or "/account"), confirmed.signed_in, notice=WELCOME)
    jar().clear(response, BINDING)
    return response
