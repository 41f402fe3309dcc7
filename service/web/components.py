"""Every part pages are made of, in every state, and every error page. Registered in development only."""

from dataclasses import asdict
from datetime import timedelta

from flask import Blueprint, Flask, Response, render_template

from service.core.brand import Brand
from service.core.design import SIZES, SPACES, Palette
from service.core.errors import CrossOriginRefused, NotFound, RateLimited, Unavailable
from service.core.service_errors import InvalidAuthorizationRequest
from service.http import errors
from service.web import qr_code

REFUSALS = {
    400: InvalidAuthorizationRequest(),
    403: CrossOriginRefused(),
    404: NotFound(),
    429: RateLimited(timedelta(minutes=2)),
    503: Unavailable(),
}


def register(app: Flask, brand: Brand) -> None:
    """Add the pages below `/dev/components`."""
    pages = Blueprint("components", __name__, url_prefix="/dev/components")
    palette = Palette.of(brand.accent)
    light, dark = asdict(palette.light), asdict(palette.dark)

    @pages.get("")
    def parts() -> str:
        return render_template(
            "dev/components.html",
            colours=[(name.replace("_", "-"), light[name], dark[name]) for name in light],
            sizes=[(name.replace("_", "-"), step) for name, step in SIZES.items()],
            spaces=[(name.replace("_", "-"), space) for name, space in SPACES.items()],
            picture=qr_code.picture("otpauth://totp/The%20Masthead:ada?secret=K3VQ7XRAM2PHC4TZ"),
            statuses=sorted([*REFUSALS, 500]),
        )

    @pages.get("/errors/<int:status>")
    def error(status: int) -> Response:
        if status == 500:
            return errors.answer(errors.internal_error())
        raise REFUSALS.get(status, NotFound())

    app.register_blueprint(pages)
