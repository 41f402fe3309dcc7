"""A sign-in that waits for its second factor: programs are told what to show, people are led to the page.

Its secret is in a cookie as well, so that who began in the dialog can go on on the page.
"""

from flask import Flask, Response

from service.core.factor_errors import SecondStepRequired
from service.core.second_factors import STEP_LIFE
from service.core.wording import sentence
from service.http.cookies import SECOND_STEP, jar
from service.http.errors import Problem, answer, to_people
from service.http.languages import gettext

PAGE = "/login/mfa"
CODE = "mfa_required"
MESSAGE = sentence("Enter a code from your authenticator app to finish signing in.")


def register(app: Flask) -> None:
    """Answer for every way of signing in whose account asks for a second factor."""

    @app.errorhandler(SecondStepRequired)
    def go_on(waiting: SecondStepRequired) -> Response:
        if to_people():
            response = Response(status=303, headers={"Location": PAGE})
        else:
            more = {"mfa_token": waiting.secret, "methods": list(waiting.methods)}
            response = answer(Problem(401, CODE, gettext(MESSAGE), more=more))
        jar().write(response, SECOND_STEP, waiting.secret, STEP_LIFE)
        return response
