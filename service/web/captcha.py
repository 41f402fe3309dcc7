"""The captcha on a form: shown where one is asked for, and read from what is posted."""

from service.core.captcha import Place
from service.core.errors import CaptchaFailed, CaptchaRequired, Refusal
from service.http import headers
from service.http.requests import flows, visit
from service.web.forms import posted


def offered(place: Place, *, typed: str = "", refusal: Refusal | None = None) -> dict[str, object]:
    """Return what a form's template needs to show the captcha, and let the page load what that takes.

    `typed` is the address in the form, `refusal` what became of the form that is shown again.
    """
    again = isinstance(refusal, CaptchaRequired | CaptchaFailed)
    widget = flows().captchas.widget(place, visit(), typed=typed, again=again)
    if widget is not None:
        headers.let_in(widget.sources)
    return {"captcha": widget, "place": place}


def answered() -> str | None:
    """Return what the captcha of a posted form brought, if there is one."""
    field = flows().captchas.field
    return posted(field) or None if field else None
