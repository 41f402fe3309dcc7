"""Requests as Authlib wants them: one value a parameter, from the query of a GET or the form of a POST."""

from collections import defaultdict

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Payload, OAuth2Request
from flask import request
from werkzeug.datastructures import MultiDict

LONGEST_PARAMETER = 4096
ASSERTIONS = ("client_assertion", "token", "id_token_hint", "access_token", "request")


class Payload(OAuth2Payload):  # type: ignore[misc]
    """The parameters of a request."""

    def __init__(self, given: MultiDict[str, str]) -> None:
        self._given = given

    @property
    def data(self) -> MultiDict[str, str]:
        return self._given

    @property
    def datalist(self) -> defaultdict[str, list[str]]:
        return defaultdict(list, {name: self._given.getlist(name) for name in self._given})


class Request(OAuth2Request):  # type: ignore[misc]
    """The present request. Whether plain HTTP is acceptable was judged with the settings, not by Authlib."""

    def __init__(self, given: MultiDict[str, str]) -> None:
        super().__init__(request.method, f"https://masthead{request.path}", headers=request.headers)
        self.payload = Payload(given)

    @property
    def form(self) -> MultiDict[str, str]:
        return self.payload.data


def parameters_of_form() -> MultiDict[str, str]:
    """The parameters of a call by a program: in the body, each once (RFC 6749, section 3.2).

    Raises `InvalidRequestError`.
    """
    if request.args:
        raise InvalidRequestError("Parameters belong into the body.")
    return single(request.form)


def single(given: MultiDict[str, str]) -> MultiDict[str, str]:
    """Return parameters that are given once each and hold no more than text. Raises `InvalidRequestError`."""
    for name in given:
        if len(given.getlist(name)) > 1:
            raise InvalidRequestError("A parameter is given twice.")
        if name not in ASSERTIONS and len(given[name]) > LONGEST_PARAMETER:
            raise InvalidRequestError("A parameter is too long.")
        if "\x00" in given[name]:
            raise InvalidRequestError("A parameter holds what is no text.")
    # an empty value counts as left out (RFC 6749, section 3.1)
    return MultiDict((name, value) for name, value in given.items() if value)
