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
    passkeys,
    password_reset,
    second_factor,
    second_step,
    signup,
    social,
)

SIGNING_IN = (signup, login, login_link, second_step, social, connect, password_reset)
ACCOUNT = (account, account_email, account_deletion, identities, second_factor, passkeys, not_me)


def register(app: Flask) -> None:
    """Add every page of the contract."""
    for module in (*SIGNING_IN, *ACCOUNT):
        app.register_blueprint(module.pages)
