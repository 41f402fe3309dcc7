"""A link out of a letter, as pages follow it.

Its token moves from the URL into this browser's HttpOnly form cookie, so that the address bar, the history and
the `Referer` of whatever comes later hold none. A link that opens nothing is a calm page with one way on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Response, render_template, request, session

from service.core.errors import Refusal
from service.core.wording import sentence
from service.http.languages import gettext
from service.web.forms import go, refused

LONGEST_TOKEN = 4096
EXPIRED = sentence("This link has expired")
GONE = sentence("This link no longer works")


@dataclass(frozen=True)
class WayOn:
    """What to say of a link that opens nothing, and its one button: English sentences, translated when shown."""

    title: str
    lead: str
    url: str
    label: str
    signup_url: str | None = None
    status: int = 400


@dataclass(frozen=True)
class MailedLink:
    """The link of one kind of letter. `name` is its token's in the form cookie; `dead` says which refusals end it."""

    name: str
    dead: Mapping[type[Refusal], WayOn]

    @property
    def token(self) -> str:
        """The token that was moved here earlier, "" for none."""
        return str(session.get(self.name, ""))

    def show(self, page: Callable[[str], str]) -> Response | str:
        """Answer a GET: the redirect to the clean address, or `page` of the token.

        Looking changes nothing else, so mail scanners that follow links use nothing up.
        """
        if (arrived := request.args.get("token")) is not None:
            session[self.name] = arrived[:LONGEST_TOKEN]
            return go(request.path)
        try:
            return page(self.token)
        except tuple(self.dead) as refusal:
            return self.end(refusal)

    def refuse(self, template: str, refusal: Refusal, **context: object) -> Response:
        """Answer a POST that was refused: the page of a dead link, or the form again."""
        return self.end(refusal) if self.ends_with(refusal) else refused(template, refusal, **context)

    def ends_with(self, refusal: Refusal) -> bool:
        return type(refusal) in self.dead

    def end(self, refusal: Refusal) -> Response:
        """Forget the token and say calmly what the link is."""
        self.forget()
        way = self.dead[type(refusal)]
        page = render_template(
            "pages/link_invalid.html",
            title=gettext(way.title),
            lead=gettext(way.lead),
            action_url=way.url,
            action_label=gettext(way.label),
            signup_url=way.signup_url,
        )
        return Response(page, status=way.status, mimetype="text/html")

    def forget(self) -> None:
        session.pop(self.name, None)
