"""The JSON API: model in, flow call, model out. `register` puts it on an application."""

from flask_openapi3 import APIBlueprint, OpenAPI

from service.api import documentation, email, login_link, me, password, session, signup


def register(app: OpenAPI) -> list[APIBlueprint]:
    """Add every call of the contract and the description made from them; return the blueprints."""
    blueprints = [module.api for module in (signup, session, login_link, password, email, me)]
    for blueprint in blueprints:
        app.register_api(blueprint)
    documentation.register(app)
    return blueprints
