"""Sentences that more than one front end says. The owner fixed those of the forgotten password."""


def sentence(text: str) -> str:
    """Mark an English text that readers see, so that `make messages` finds it; who answers translates it."""
    return text


REQUIRED = sentence("This field is required.")
FORGOT_DONE = sentence(
    "Reset password instructions sent."
    " If you have an account with us, you will receive an email within a few minutes."
)
SIGNUP_ACCEPTED = sentence("Check your inbox: we have sent you a link to finish signing up.")
EMAIL_CHANGE_ACCEPTED = sentence("Check the inbox of the new address: its link makes the change.")
LOGIN_LINK_ACCEPTED = sentence(
    "If you have an account with us, you will receive a sign-in link within a few minutes."
)
NEWSLETTER_CONSENT = sentence("Yes, send me the newsletter. I can unsubscribe at any time.")
