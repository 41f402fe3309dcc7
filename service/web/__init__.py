"""The pages: forms in, flow call, page out. `register` puts them on an application."""

from flask import Flask

from service.web import account, account_deletion, account_email, login, login_link, password_reset, signup


def register(app: Flask) -> None:
    """Add every page of the contract."""
    for module in (signup, login, login_link, password_reset, account, account_email, account_deletion):
        app.register_blueprint(module.pages)
