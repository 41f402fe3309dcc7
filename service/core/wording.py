"""Sentences that more than one front end says. The owner fixed those of the forgotten password."""

FORGOT_DONE = (
    "Reset password instructions sent."
    " If you have an account with us, you will receive an email within a few minutes."
)
SIGNUP_ACCEPTED = "Check your inbox: we have sent you a link to finish signing up."
EMAIL_CHANGE_ACCEPTED = "Check the inbox of the new address: its link makes the change."
LOGIN_LINK_ACCEPTED = "If you have an account with us, you will receive a sign-in link within a few minutes."
NEWSLETTER_CONSENT = "Yes, send me the newsletter. I can unsubscribe at any time."
