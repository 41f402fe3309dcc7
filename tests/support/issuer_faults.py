"""What came to a provider's endpoints, and what goes wrong there."""

import threading
from dataclasses import dataclass

from flask import Flask, Response, redirect, request
from werkzeug.wrappers import Response as WerkzeugResponse


@dataclass(frozen=True)
class Asked:
    """One request that came."""

    endpoint: str
    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]


@dataclass
class Fault:
    """What goes wrong at one endpoint, and how many more times."""

    endpoint: str
    status: int | None
    body: str | bytes
    content_type: str
    redirect: str | None
    delay: float
    times: float


class FaultyEndpoints:
    """Writes down every request of an application, and fails as it is told. `closing` ends all waiting."""

    def __init__(self, app: Flask) -> None:
        self.requests: list[Asked] = []
        self.faults: list[Fault] = []
        self.closing = threading.Event()
        self._counting = threading.Lock()
        self._endpoints = frozenset(app.view_functions)
        app.before_request(self._meet)

    def fault(
        self,
        endpoint: str,
        *,
        status: int | None = None,
        body: str | bytes = "",
        content_type: str = "application/json",
        redirect: str | None = None,
        delay: float = 0,
        huge: bool = False,
        times: float = float("inf"),
    ) -> None:
        """Fail at discovery, jwks, authorize, token, userinfo or revoke; a delay alone only waits."""
        assert endpoint in self._endpoints, f"no endpoint {endpoint} here"
        body = b'"' + b"x" * 10_000_000 + b'"' if huge else body
        status = status or (302 if redirect else 200 if body else None)
        self.faults.append(Fault(endpoint, status, body, content_type, redirect, delay, times))

    def asked(self, endpoint: str) -> list[Asked]:
        """The requests to one endpoint, oldest first."""
        return [asked for asked in self.requests if asked.endpoint == endpoint]

    def _meet(self) -> WerkzeugResponse | None:
        """Write the request down, and let a fault strike."""
        endpoint = request.endpoint or request.path
        params = request.args.to_dict() | request.form.to_dict()
        self.requests.append(Asked(endpoint, request.method, request.path, params, dict(request.headers)))
        fault = self._due(endpoint)
        if fault is None:
            return None
        self.closing.wait(fault.delay)
        if fault.redirect:
            return redirect(fault.redirect, fault.status or 302)
        return Response(fault.body, fault.status, content_type=fault.content_type) if fault.status else None

    def _due(self, endpoint: str) -> Fault | None:
        with self._counting:
            for fault in self.faults:
                if fault.endpoint == endpoint and fault.times > 0:
                    fault.times -= 1
                    return fault
        return None
