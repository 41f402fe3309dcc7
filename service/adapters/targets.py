"""Calls to addresses that others have registered: resolved once, never to a machine of our own network.

The name is looked up here, every address it has is judged, and the connection goes to the one that was judged: a
second look-up could say something else (DNS rebinding). Redirects are for the caller to refuse.
"""

import socket

import httpx2

from service.core.networks import is_public


class TargetRefused(httpx2.TransportError):
    """The address leads into a private network, or nowhere."""


class PinnedTransport(httpx2.BaseTransport):
    """Connect to the very address that was judged. `private` allows private addresses, for tests."""

    def __init__(self, inner: httpx2.BaseTransport, *, private: bool) -> None:
        self._inner, self._private = inner, private

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        host, port = request.url.host, request.url.port or (443 if request.url.scheme == "https" else 80)
        address = self._judged(host, port)
        pinned = httpx2.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": host},
        )
        return self._inner.handle_request(pinned)

    def close(self) -> None:
        self._inner.close()

    def _judged(self, host: str, port: int) -> str:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise TargetRefused(f"{host} has no address") from error
        addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
        if not self._private and not all(is_public(address) for address in addresses):
            raise TargetRefused(f"{host} is in a private network")
        return addresses[0]
