"""What every template knows: the publisher's brand, hashed asset addresses, the language, who is signed in."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from flask import Flask, get_flashed_messages
from jinja2 import ChoiceLoader, FileSystemLoader, StrictUndefined

from service.core.brand import Brand
from service.core.design import Palette, custom_properties
from service.core.errors import Unavailable
from service.http import assets, sign_in
from service.http.headers import csp_nonce
from service.http.languages import gettext, spoken
from service.http.logos import LOGOS
from service.languages import direction
from service.web import embed

STATIC = Path(__file__).parents[1] / "static"
SHEET, THEME = "masthead.css", "theme.css"


def register(
    app: Flask,
    brand: Brand,
    *,
    overrides: Path | None,
    providers: Sequence[tuple[str, str]],
    development: bool,
) -> Callable[[str], str]:
    """Set up Jinja: the publisher's folder first, no undefined names. Returns what gives the address of a file.

    `providers` are the names and labels of those a reader may sign in with.
    """
    folders = [folder for folder in (overrides, Path(app.root_path).parent / "templates") if folder]
    app.jinja_loader = ChoiceLoader([FileSystemLoader(folder) for folder in folders])
    app.jinja_env.undefined = StrictUndefined
    written = {SHEET: style_sheet(brand.accent, overrides), **embed.parts(STATIC, brand.accent)}
    asset = assets.register(app, STATIC, written, shared=embed.PARTS)

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

    return asset


def style_sheet(accent: str, overrides: Path | None) -> str:
    """Return the one style sheet: the design in the publisher's colours, our rules, the publisher's own at the end."""
    theme = overrides / THEME if overrides else None
    last = theme.read_text(encoding="utf-8") if theme and theme.is_file() else ""
    return custom_properties(Palette.of(accent)) + (STATIC / SHEET).read_text(encoding="utf-8") + last
