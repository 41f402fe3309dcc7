"""reCAPTCHA v2, the box to tick (developers.google.com/recaptcha/docs/display, .../verify)."""

from datetime import timedelta

from service.adapters.captcha.siteverify import SiteVerify

FIELD = "g-recaptcha-response"
LIFETIME = timedelta(minutes=2)
# What Google's FAQ for developers names under content security policy.
SOURCES = {
    "script-src": ("https://www.google.com/recaptcha/", "https://www.gstatic.com/recaptcha/"),
    "frame-src": ("https://www.google.com/recaptcha/", "https://recaptcha.google.com/recaptcha/"),
}


class RecaptchaV2(SiteVerify):
    """Success and host are all its report has."""

    kind = "recaptcha_v2"
    field = FIELD
    script = "https://www.google.com/recaptcha/api.js"
    address = "https://www.google.com/recaptcha/api/siteverify"
    sources = SOURCES
    lifetime = LIFETIME
