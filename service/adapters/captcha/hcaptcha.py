"""hCaptcha (docs.hcaptcha.com)."""

from datetime import timedelta

from service.adapters.captcha.siteverify import SiteVerify

HOSTS = ("https://hcaptcha.com", "https://*.hcaptcha.com")


class HCaptcha(SiteVerify):
    """The site key goes along, so that an answer for another site of the same owner is refused."""

    kind = "hcaptcha"
    field = "h-captcha-response"
    script = "https://js.hcaptcha.com/1/api.js?recaptchacompat=off"
    address = "https://api.hcaptcha.com/siteverify"
    # What hCaptcha's documentation names under content security policy.
    sources = {"script-src": HOSTS, "frame-src": HOSTS, "style-src": HOSTS, "connect-src": HOSTS}
    lifetime = timedelta(minutes=2)

    def _more(self) -> dict[str, str]:
        return {"sitekey": self._account.site_key}
