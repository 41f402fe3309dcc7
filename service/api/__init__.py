"""The JSON API: model in, flow call, model out. `register` puts it on an application."""

from flask import Blueprint
from flask_openapi3 import OpenAPI

from service.api import (
    documentation,
    email,
    events,
    login_link,
    mail_events,
    me,
    password,
    session,
    signup,
    social,
)


def register(app: OpenAPI) -> list[Blueprint]:
    """Add every call of the contract and the description made from them; return the blueprints."""
    modules = (signup, session, login_link, social, password, email, me, events)
    blueprints = [module.api for module in modules]
    for blueprint in blueprints:
        app.register_api(blueprint)
    app.register_blueprint(mail_events.events)
    documentation.register(app)
    return [*blueprints, mail_events.events]
