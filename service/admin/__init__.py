"""The staff pages below /admin, in English: look after readers, letters and services. `register` adds them."""

from flask import Flask

from service.admin import audit, clients, keys, mail, overview, users, webhooks

SUBJECTS = (overview, users, mail, audit, clients, webhooks, keys)


def register(app: Flask) -> None:
    """Add every staff page; the one guard has to stand before them."""
    for subject in SUBJECTS:
        app.register_blueprint(subject.pages)
