"""What every template knows: the publisher's brand, hashed asset addresses, the language, who is signed in."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from flask import Flask, get_flashed_messages, url_for
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined

from service.core.brand import Brand
from service.core.errors import Unavailable
from service.http import sign_in
from service.http.headers import csp_nonce
from service.http.languages import gettext, spoken
from service.http.logos import LOGOS
from service.languages import direction

A_YEAR = 31536000


def register(
    app: Flask,
    brand: Brand,
    *,
    overrides: Path | None,
    providers: Sequence[tuple[str, str]],
    development: bool,
) -> None:
    """Set up Jinja: the publisher's folder first, no undefined names.

    `providers` are the names and labels of those a reader may sign in with.
    """
    folders = [folder for folder in (overrides, Path(app.root_path).parent / "templates") if folder]
    app.jinja_loader = ChoiceLoader([FileSystemLoader(folder) for folder in folders])
    app.jinja_env.undefined = StrictUndefined
    digests = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        for path in Path(app.static_folder or "").glob("*.*")
    }
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = A_YEAR

    def asset(name: str) -> str:
        return url_for("static", filename=name, v=digests[name])

    def signed_in() -> bool:
        try:
            return sign_in.signed_in() is not None
        except Unavailable:  # the page that says so must not fail for the same reason
            return False

    app.jinja_env.globals.update(
        brand=asdict(brand),
        asset=asset,
        csp_nonce=csp_nonce,
        development=development,
        logos=LOGOS,
        providers=providers,
    )

    @app.context_processor
    def about_this_visitor() -> dict[str, object]:
        language = spoken()
        return {
            "signed_in": signed_in(),
            "notices": [gettext(str(notice)) for notice in get_flashed_messages()],
            "locale": language,
            "direction": direction(language),
        }
