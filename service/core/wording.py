"""Sentences that more than one front end says. The owner fixed those of the forgotten password."""

FORGOT_DONE = (
    "Reset password instructions sent."
    " If you have an account with us, you will receive an email within a few minutes."
)
SIGNUP_ACCEPTED = "Check your inbox: we have sent you a link to finish signing up."
NEWSLETTER_CONSENT = "Yes, send me the newsletter. I can unsubscribe at any time."
