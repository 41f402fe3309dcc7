"""The JSON API: model in, flow call, model out. `register` puts it on an application."""

from flask_openapi3 import APIBlueprint, OpenAPI

from service.api import (
    captcha,
    documentation,
    email,
    embed,
    events,
    forward_auth,
    login_link,
    mail_events,
    me,
    passkeys,
    password,
    records,
    second_factor,
    session,
    signup,
    social,
    users,
)


def register(app: OpenAPI) -> list[APIBlueprint]:
    """Add every call of the contract and the description made from them; return the blueprints."""
    readers = (
        signup,
        session,
        login_link,
        social,
        passkeys,
        second_factor,
        password,
        email,
        me,
        captcha,
        embed,
    )
    modules = (*readers, forward_auth, users, records, events, mail_events)
    blueprints = [module.api for module in modules]
    for blueprint in blueprints:
        app.register_api(blueprint)
    documentation.register(app)
    return blueprints
