"""The pages: forms in, flow call, page out. `register` puts them on an application."""

from flask import Flask

from service.web import (
    account,
    account_deletion,
    account_email,
    connect,
    identities,
    login,
    login_link,
    not_me,
    password_reset,
    signup,
    social,
)

SIGNING_IN = (signup, login, login_link, social, connect, password_reset)
ACCOUNT = (account, account_email, account_deletion, identities, not_me)


def register(app: Flask) -> None:
    """Add every page of the contract."""
    for module in (*SIGNING_IN, *ACCOUNT):
        app.register_blueprint(module.pages)
