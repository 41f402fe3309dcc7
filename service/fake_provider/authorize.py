"""The authorization endpoint: ask the reader who they are, and send the answer back through their browser."""

from collections.abc import Mapping

from flask import Flask, redirect, render_template, request
from werkzeug.wrappers import Response

from service.fake_provider.authorization import AuthorizationRequest, known_redirect, read_request, with_query
from service.fake_provider.errors import Mistaken, UnknownClient
from service.fake_provider.issuer import Issuer
from service.fake_provider.people import Person, own_person


def register(app: Flask, issuer: Issuer) -> None:
    """Add the page and the form on it, both at the same address with the same query."""
    path = issuer.traits.paths["authorize"]

    @app.get(path, endpoint="authorize")
    def choose() -> str | Response:
        try:
            _asked(issuer)
        except UnknownClient:
            raise
        except Mistaken as mistake:
            return _tell_client(issuer, mistake)
        return render_template("chooser.html", people=issuer.people())

    @app.post(path, endpoint="choose")
    def answer() -> str | Response:
        asked = _asked(issuer)
        if "cancel" in request.form:
            return _send(asked, issuer.refusal(issuer.traits.cancelled, "The reader went back.", asked.state))
        return _send(asked, issuer.answer(_chosen(issuer, request.form), asked))


def _asked(issuer: Issuer) -> AuthorizationRequest:
    for name in request.args:
        if len(request.args.getlist(name)) > 1:
            raise UnknownClient("invalid_request", f"{name} is given twice.")
    raw_query = request.query_string.decode("ascii", "replace")
    return read_request(issuer.kind, issuer.client, request.args, raw_query)


def _tell_client(issuer: Issuer, mistake: Mistaken) -> Response:
    """Send the mistake to the client, where the kind does so; else it is raised again, for a page."""
    if issuer.traits.shows_mistakes:
        raise mistake
    refusal = issuer.refusal(mistake.error, mistake.description, request.args.get("state", ""))
    return redirect(with_query(known_redirect(issuer.client, request.args), refusal), 303)


def _chosen(issuer: Issuer, form: Mapping[str, str]) -> Person:
    if "person" not in form:
        return own_person(issuer.kind, form)
    for person in issuer.people():
        if person.subject == form["person"]:
            return person
    raise Mistaken("invalid_request", "There is no such person here.")


def _send(asked: AuthorizationRequest, answer: dict[str, str]) -> str | Response:
    if asked.form_post:
        return render_template("form_post.html", redirect_uri=asked.redirect_uri, answer=answer)
    return redirect(asked.answer_url(answer), 303)
