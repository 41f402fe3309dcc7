"""The words of the in-page dialog: nearly all are those of the pages, so that every catalogue has them."""

from babel.support import NullTranslations

from service.core.wording import NEWSLETTER_CONSENT, sentence

# Messages of the pages, word for word; `tests/test_translations.py` sees to it.
OF_THE_PAGES = {
    # The owner fixed these; see the product specification, 1.1.
    "forgot": "Forgot password",
    "forgot_lead": (
        "Enter the email address you used when you joined and we'll send you instructions to reset your password."
    ),
    "forgot_hint": (
        "If you used Apple or Google to create your account, this process will create a password for your existing"
        " account."
    ),
    "went_wrong": "Something went wrong. Try again or contact support if the problem persists.",
    "support": "contact support",
    "Support": "Contact support",
    # Signing in and up.
    "login": "Sign in",
    "signup": "Create an account",
    "create": "Create account",
    "link": "Email me a sign-in link",
    "link_lead": "No password needed: open the link in our email and you are signed in.",
    "send_link": "Send the link",
    "send_instructions": "Send instructions",
    "forgot_question": "Forgot password?",
    "new_here": "New here?",
    "member": "Already have an account?",
    "back": "Back to sign-in",
    "elsewhere": "With an account you have elsewhere",
    "or": "or with your email address",
    "login_with": "Sign in with %(label)s",
    "signup_with": "Sign up with %(label)s",
    "newsletter": NEWSLETTER_CONSENT,
    # Fields.
    "email": "Email address",
    "password": "Password",
    "name": "Name",
    "optional": "(optional)",
    "remember": "Keep me signed in",
    "show": "Show password",
    "hide": "Hide password",
    "choose": ("At least %(min_length)s characters. A few unrelated words are strong and easy to remember."),
    "short": "Too short so far.",
    "weak": "Easy to guess so far.",
    "fair": "Not bad. One more word makes it stronger.",
    "good": "Looks strong. The last check comes when you send it.",
    # What comes then.
    "inbox": "Check your inbox",
    "sent_to": "We sent an email to %(address)s. Follow its link to finish creating your account.",
    "nothing_came": "Wrong address, or nothing came?",
    "again": "Try again",
    # The captcha.
    "altcha": (
        "Protected by ALTCHA: your browser does a short calculation that keeps robots out. Nobody else is told."
    ),
    "working": "One moment: we are making sure that you are not a robot.",
    "failed": (
        "We could not make sure that you are not a robot. Check your connection, then send the form again."
    ),
}
HOW_LONG = (
    "The link works for %(count)s hour. If nothing arrives within a few minutes, look in your spam folder.",
    "The link works for %(count)s hours. If nothing arrives within a few minutes, look in your spam folder.",
)
OF_ITS_OWN = {
    "wait": sentence("One moment"),
    "close": sentence("Close"),
    "other_window": sentence("Go on in the window that has just opened."),
    "no_window": sentence("Do you see no window?"),
    "here": sentence("Go on here"),
    "away": sentence("We can't be reached. Check your connection, then try again."),
}


def words_in(catalogue: NullTranslations, *, hours: int) -> dict[str, str]:
    """Return the dialog's words in the language of a catalogue. `hours` is how long a sign-up waits for its link."""
    words = {name: str(catalogue.gettext(text)) for name, text in (OF_THE_PAGES | OF_ITS_OWN).items()}
    return words | {"how_long": str(catalogue.ngettext(*HOW_LONG, hours)) % {"count": hours}}
