"""The JSON API: model in, flow call, model out. `register` puts it on an application."""

from flask import Blueprint
from flask_openapi3 import OpenAPI

from service.api import documentation, mail_events, password, session, signup


def register(app: OpenAPI) -> list[Blueprint]:
    """Add every call of the contract and the description made from them; return the blueprints."""
    blueprints = [module.api for module in (signup, session, password)]
    for blueprint in blueprints:
        app.register_api(blueprint)
    app.register_blueprint(mail_events.events)
    documentation.register(app)
    return [*blueprints, mail_events.events]
