"""What the in-page dialog must know before it opens: nothing secret, the same for every reader."""

from typing import Literal

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from service.api.embed_words import words_in
from service.api.models import dump
from service.http.logos import LOGOS, Logo
from service.http.requests import brand, flows, languages
from service.languages import catalogue, direction

FOR_MINUTES = "public, max-age=300"
ELSEWHERE = "cross-site"  # what a browser says of a page whose cookies are not ours (Fetch Metadata)

api = APIBlueprint(
    "api_embed",
    __name__,
    url_prefix="/embed",
    abp_tags=[Tag(name="Dialog", description="What `/embed.js` asks for. See `docs/dialog.md`.")],
)


class EmbedPath(BaseModel):
    """In which language."""

    language: str = Field(description="Language tag (BCP 47); another than those offered gets the default.")


class ProviderModel(BaseModel):
    """Another way in: `/login/{name}`."""

    name: str
    label: str
    logo: Logo | None = Field(description="Box and shapes (colour, path) of an SVG drawing.")


class GuardModel(BaseModel):
    """The captcha, and of which places it asks everybody (`always`) or some (`suspicion`)."""

    kind: str
    places: dict[str, str]


class EmbedModel(BaseModel):
    """The dialog's settings and words."""

    language: str
    direction: Literal["ltr", "rtl"]
    same_site: bool = Field(
        description="Whether the page that asks is of our site (`Sec-Fetch-Site`), so that our cookies reach it."
    )
    site_name: str
    support_url: str
    min_length: int
    providers: list[ProviderModel]
    captcha: GuardModel | None
    words: dict[str, str]


@api.get("/<language>.json", responses={200: EmbedModel})
def embed_settings(path: EmbedPath) -> Response:
    """Get the dialog's settings and words

    For the pages of allowed origins. May be kept for five minutes; `ETag` and `If-None-Match` work.
    """
    response = jsonify(dump(_about(languages().best([path.language]))))
    response.headers["Cache-Control"] = FOR_MINUTES
    response.vary.add("Sec-Fetch-Site")
    response.add_etag()
    response.make_conditional(request)
    return response


def _about(language: str) -> EmbedModel:
    publisher, captchas = brand(), flows().captchas
    hours = max(1, round(flows().signup.lifetime.total_seconds() / 3600))
    return EmbedModel(
        language=language.replace("_", "-"),
        direction="rtl" if direction(language) == "rtl" else "ltr",
        same_site=request.headers.get("Sec-Fetch-Site") != ELSEWHERE,
        site_name=publisher.site_name,
        support_url=publisher.support_url,
        min_length=flows().signup.new_passwords.min_length,
        providers=[
            ProviderModel(name=name, label=label, logo=LOGOS.get(name))
            for name, label in flows().linking.labels.items()
        ],
        captcha=GuardModel(
            kind=captchas.captcha.widget.kind,
            places={str(place): str(when) for place, when in captchas.places.items()},
        )
        if captchas.captcha
        else None,
        words=words_in(catalogue(language), hours=hours),
    )
