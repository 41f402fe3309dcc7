"""Sign-in, sign-out, and the reader's sessions."""

from uuid import UUID

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint, Tag
from pydantic import BaseModel, Field

from service.api.answers import CAPTCHA, COOKIE, SECOND_STEP, no_content, problems
from service.api.models import DeviceModel, DevicesModel, LoginBody, SignedInModel, dump, signed_in_json
from service.core.devices import describe_device
from service.core.errors import EmailUnverified, NotFound
from service.http import errors, sign_in
from service.http.cookies import BINDING, jar
from service.http.languages import gettext
from service.http.origins import require_own_origin
from service.http.requests import flows, visit
from service.languages import write_device

api = APIBlueprint(
    "api_session",
    __name__,
    url_prefix="/api/v1",
    abp_tags=[Tag(name="Sessions", description="Signing in and out, and the devices signed in.")],
)
COOKIE_OR_NONE: list[dict[str, list[str]]] = [*COOKIE, {}]


class SessionPath(BaseModel):
    """Which session."""

    id: str = Field(description="Id of a session, as listed.")


@api.post(
    "/login",
    responses={
        200: SignedInModel,
        **problems(
            body=True,
            s400=CAPTCHA,
            s401="`invalid_credentials`: unknown address, wrong password or no password, all alike."
            f" After the right one {SECOND_STEP}",
            s403="After the right password only: `account_disabled`, `email_unverified` (a new link is mailed)."
            " Also `cross_origin_refused`.",
        ),
    },
)
def log_in(body: LoginBody) -> Response:
    """Sign in with a password"""
    try:
        begun = flows().login.with_password(
            email=body.email,
            password=body.password,
            remember=body.remember,
            visit=visit(),
            previous=sign_in.presented_secret(),
            captcha=body.captcha,
        )
    except EmailUnverified as refusal:
        response = errors.answer(errors.problem_of(refusal))
        jar().write(response, BINDING, refusal.binding, flows().signup.lifetime)
        return response
    return sign_in.begin(jsonify(signed_in_json(begun)), begun)


@api.post("/logout", responses={204: None, **problems()}, security=COOKIE_OR_NONE)
def log_out() -> Response:
    """Sign out; also 204 when signed out already"""
    if sign_in.signed_in() is not None:
        require_own_origin()
        flows().sessions.sign_out(sign_in.presented_secret(), visit())
    return sign_in.end(no_content())


@api.get("/session", responses={200: SignedInModel, **problems(s401="`unauthenticated`.")}, security=COOKIE)
def session() -> Response:
    """Who is signed in"""
    return jsonify(signed_in_json(sign_in.require_signed_in()))


@api.get("/sessions", responses={200: DevicesModel, **problems(s401="`unauthenticated`.")}, security=COOKIE)
def sessions() -> Response:
    """The reader's signed-in devices"""
    here = sign_in.require_signed_in()
    devices = [
        DeviceModel(
            id=str(one.id),
            current=one.id == here.session.id,
            created_at=one.created_at,
            last_seen_at=one.last_seen_at,
            ip=one.ip,
            device=write_device(describe_device(one.agent), gettext),
        )
        for one in flows().sessions.list(here.user.id)
    ]
    return jsonify(dump(DevicesModel(devices)))


@api.delete(
    "/sessions/<id>",
    responses={
        204: None,
        **problems(s401="`unauthenticated`.", s404="`not_found`, also for other people's."),
    },
    security=COOKIE,
)
def end_session(path: SessionPath) -> Response:
    """End one of the reader's sessions"""
    here = sign_in.require_signed_in()
    try:
        session_id = UUID(path.id)
    except ValueError as error:
        raise NotFound from error
    flows().sessions.end(session_id, user_id=here.user.id, visit=visit())
    return no_content()


@api.delete("/sessions", responses={204: None, **problems(s401="`unauthenticated`.")}, security=COOKIE)
def end_other_sessions() -> Response:
    """Sign out everywhere else"""
    renewed = flows().sessions.end_others(sign_in.require_signed_in(), visit())
    return sign_in.begin(no_content(), renewed)
