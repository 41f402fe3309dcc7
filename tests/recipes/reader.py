"""A reader at a browser without scripts, who comes from a recipe's service and signs in at Masthead."""

from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import httpx2

from tests.support.live import LiveService
from tests.support.pages import hidden_fields
from tests.support.people import ADDRESS, PASSWORD


class Reader:
    """Goes wherever a page sends it and keeps its cookies, as browsers do."""

    def __init__(self, site: LiveService) -> None:
        self.site = site
        self.browser = httpx2.Client(follow_redirects=True, timeout=30, trust_env=False)

    def go(self, url: str) -> httpx2.Response:
        """Open a page."""
        return self.browser.get(url)

    def sign_in(self, url: str) -> httpx2.Response:
        """Open a page that leads to Masthead's form, and fill that in. Returns where it ends."""
        form = self.go(url)
        return self.fill_in(form)

    def fill_in(self, form: httpx2.Response) -> httpx2.Response:
        """Fill in the sign-in form that is open."""
        assert form.url.path == "/login", f"{form.url} answered {form.status_code}: {form.text}"
        fields = hidden_fields(form.text) | {"email": ADDRESS, "password": PASSWORD}
        return self.send(str(form.url), **fields)

    def send(self, url: str, **fields: str) -> httpx2.Response:
        """Send a form of a page, and say which site it is on."""
        parts = urlsplit(url)
        origin = {"Origin": f"{parts.scheme}://{parts.netloc}"}
        return self.browser.post(url, data=fields, headers=origin)

    def leaves_masthead(self) -> None:
        """Sign out at Masthead itself, or in another of its pages."""
        page = self.go(f"{self.site.url}/logout")
        assert self.send(str(page.url), **hidden_fields(page.text)).status_code == 200

    def is_in(self) -> bool:
        """Whether Masthead knows who this is."""
        return self.go(f"{self.site.url}/api/v1/session").status_code == 200

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.browser.close()
