"""A service that calls the user API with a token of its own."""

from typing import TYPE_CHECKING, Any

from tests.support.relying_party import a_service

if TYPE_CHECKING:
    from werkzeug.test import TestResponse

    from tests.support.service import Service

USERS = "/api/v1/users"


class Caller:
    """Calls with a bearer token: no cookies, no origin."""

    def __init__(self, service: "Service", *scopes: str) -> None:
        self.party = a_service(service, *scopes)
        self.name = f"client:{self.party.client.id}"
        self._bearer = {"Authorization": f"Bearer {self.party.own_token()}"}
        self._browser = service.client()
        self._browser.headers = {"User-Agent": "newsroom/1.0"}

    def call(self, method: str, path: str, json: object = None, **headers: str) -> "TestResponse":
        """Send something; headers by keyword, `If_Match="…"`."""
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        body: dict[str, Any] = {} if json is None else {"json": json}
        return self._browser.request(method, path, headers=self._bearer | more, **body)

    def get(self, path: str, **headers: str) -> "TestResponse":
        return self.call("GET", path, **headers)

    def post(self, path: str, json: object = None, **headers: str) -> "TestResponse":
        return self.call("POST", path, json, **headers)

    def patch(self, path: str, json: object, **headers: str) -> "TestResponse":
        return self.call("PATCH", path, json, **headers)

    def delete(self, path: str) -> "TestResponse":
        return self.call("DELETE", path)
