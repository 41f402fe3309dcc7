"""The pages: forms in, flow call, page out. `register` puts them on an application."""

from flask import Flask

from service.web import account, identities, login, password_reset, signup, social


def register(app: Flask) -> None:
    """Add every page of the contract."""
    for module in (signup, login, social, password_reset, account, identities):
        app.register_blueprint(module.pages)
