"""The application factory."""

import logging
import os
import sys
import threading
from collections.abc import Iterable
from json import JSONEncoder
from multiprocessing.util import Finalize
from pathlib import Path
from typing import TYPE_CHECKING

from flask_openapi3 import Info, OpenAPI
from flask_wtf import CSRFProtect
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from config.kinds import WorkerMode
from config.logging import configure_logging
from config.settings import Settings, SettingsError, load_settings
from service import __version__, admin, api, cli, oidc, web
from service.adapters.metrics import EventCounter
from service.admin import guard as staff_guard
from service.api import documentation, events, mail_events
from service.api.answers import refuse_body
from service.api.models import ProblemModel, signed_in_json
from service.core.forward_auth import PATH as FORWARD_AUTH_PATH
from service.core.return_urls import ReturnUrls
from service.core.tokens import derive_key
from service.delivery.worker import Worker
from service.gate import SESSION_PATH, Answer, Gate, tell_a_proxy
from service.http import (
    errors,
    headers,
    languages,
    operations,
    origins,
    requests,
    second_step,
    sign_in,
    tracing,
)
from service.http.cookies import FORMS, SESSION, CookieJar
from service.http.strict_json import LONGEST_BODY, StrictRequest
from service.web import article, components, devbox, embed, letters, presentation, social
from service.wiring import Masthead, assemble

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LONGEST_FAREWELL = 35.0  # seconds the delivery thread may need to finish what it holds


def create_app(settings: Settings | None = None) -> OpenAPI:
    """Return the WSGI application for `settings`, by default those of the environment.

    Wrong settings end the process with every mistake named.
    """
    try:
        settings = settings or load_settings(os.environ)
        configure_logging(settings)
        logging.getLogger("service").addHandler(EventCounter())
        masthead = assemble(settings)
    except (SettingsError, ValueError) as error:
        sys.exit(str(error))
    secure = masthead.return_urls.own_origin.startswith("https://")
    cookies = CookieJar(secure)
    app = OpenAPI(
        "service",
        root_path=str(Path(__file__).parent),
        static_folder=None,  # see `service.http.assets`
        info=Info(
            title=f"{settings.site_name} accounts", version=__version__, description=documentation.DESCRIPTION
        ),
        security_schemes={
            "session": {"type": "apiKey", "in": "cookie", "name": cookies.name(SESSION)},
            "service": documentation.SERVICE,
            "metrics": {"type": "http", "scheme": "bearer"},
        },
        doc_ui=False,
        operation_id_callback=lambda **route: route["name"],
        validation_error_callback=refuse_body,
        validation_error_model=ProblemModel,
    )
    app.extensions["masthead"] = masthead
    app.extensions["cookies"] = cookies
    app.request_class = StrictRequest
    app.url_map.merge_slashes = False  # the redirect to the merged path would name the request's Host
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.config.update(forms_configuration(settings, cookies), MAX_CONTENT_LENGTH=LONGEST_BODY)
    register_everything(app, masthead)
    put_in_front(app, masthead, cookies)
    return app


def forms_configuration(settings: Settings, cookies: CookieJar) -> dict[str, object]:
    """What the signed cookie of the forms (CSRF token, notices, the token of a link) needs.

    It opens no account, see `service.http.sign_in`.
    """
    secrets = [key.get_secret_value().encode() for key in settings.secret_keys]
    newest, *older = (derive_key(secret, "forms") for secret in secrets)
    return {
        "SECRET_KEY": newest,
        "SECRET_KEY_FALLBACKS": older,
        "SESSION_COOKIE_NAME": cookies.name(FORMS),
        "SESSION_COOKIE_SECURE": cookies.secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "WTF_CSRF_SECRET_KEY": derive_key(secrets[0], "csrf"),
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,  # asks for a Referer; `service.http.origins` asks for more
        "MAX_FORM_MEMORY_SIZE": LONGEST_BODY,
        "MAX_FORM_PARTS": 50,
    }


def register_everything(app: OpenAPI, masthead: Masthead) -> None:
    """Put plumbing, pages, API and commands on the application."""
    settings = masthead.settings
    if masthead.tracing:
        tracing.register(app, masthead.tracing)
    requests.register(app)
    headers.register(app, masthead.return_urls, settings.logo_url)
    from_anywhere = (
        *social.FROM_ANYWHERE,
        *events.FROM_ANYWHERE,
        *mail_events.FROM_ANYWHERE,
        *oidc.FROM_ANYWHERE,
    )
    origins.register(app, masthead.return_urls, anywhere=from_anywhere)
    errors.register(app)
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else None
    operations.register(app, masthead.require_ready, masthead.metrics, token)
    sign_in.register(app)
    second_step.register(app)
    staff_guard.register(app)  # before the form's token is looked at: for readers there is no form
    csrf = CSRFProtect(app)
    languages.register(app)
    asset = presentation.register(
        app,
        masthead.brand,
        overrides=settings.templates_dir,
        providers=[(provider.name, provider.label) for provider in masthead.providers],
        development=settings.development,
    )
    web.register(app)
    admin.register(app)
    embed.register(app, presentation.STATIC, asset)
    for endpoint in social.FROM_ANYWHERE:
        csrf.exempt(app.view_functions[endpoint])
    oidc.register(app, csrf, masthead.flows, settings.public_url)
    for blueprint in api.register(app):
        csrf.exempt(blueprint)
    if settings.development:
        article.register(app)
        devbox.register(app, masthead.dev_mailbox)
        letters.register(app, masthead.gallery)
        components.register(app, masthead.brand)
    cli.register(app)


def put_in_front(app: OpenAPI, masthead: Masthead, cookies: CookieJar) -> None:
    """Wrap the WSGI application: the proxies' client address, the gate, the delivery thread."""
    behind: WSGIApplication = app.wsgi_app
    settings = masthead.settings
    if masthead.stand_ins:
        behind = DispatcherMiddleware(behind, dict(masthead.stand_ins))
    if settings.trusted_proxies:
        behind = ProxyFix(behind, x_for=settings.trusted_proxies, x_proto=0, x_host=0, x_port=0, x_prefix=0)
    front: WSGIApplication = Gate(
        behind,
        masthead.store,
        masthead.flows.sessions,
        masthead.clock,
        cookie=cookies.name(SESSION),
        answers=answers_of_the_gate(masthead.return_urls),
        tracing=masthead.tracing,
    )
    if settings.worker is WorkerMode.THREAD:
        front = DeliveryThread(front, masthead.worker)
    app.wsgi_app = front  # type: ignore[assignment,method-assign]


def answers_of_the_gate(return_urls: ReturnUrls) -> dict[str, Answer]:
    """What is said on every page view of the site, as Flask would say it."""
    always, to_json = headers.for_data(return_urls), JSONEncoder(separators=(",", ":")).encode
    json = [("Content-Type", "application/json"), *always, ("Vary", "Cookie, Origin")]
    return {
        SESSION_PATH: Answer(json, lambda found, _: ((), f"{to_json(signed_in_json(found))}\n".encode())),
        FORWARD_AUTH_PATH: Answer([*always, ("Vary", "Cookie")], tell_a_proxy),
    }


class DeliveryThread:
    """A WSGI middleware that starts the worker's thread with the first request.

    Not when the application is built: commands and the server's parent process build it as well.
    """

    def __init__(self, behind: "WSGIApplication", worker: Worker) -> None:
        self._behind = behind
        self._worker = worker
        self._starting = threading.Lock()
        self._started = False

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not self._started:
            self._start()
        return self._behind(environ, start_response)

    def _start(self) -> None:
        with self._starting:
            if self._started:
                return
            self._started = True
            stop = threading.Event()
            thread = threading.Thread(target=self._worker.run, args=(stop,), name="delivery", daemon=True)
            thread.start()
            # atexit is not run in the forked processes of the web server; before the traces, which are to tell of it
            Finalize(None, _finish, args=(stop, thread), exitpriority=1)


def _finish(stop: threading.Event, thread: threading.Thread) -> None:
    stop.set()
    thread.join(timeout=LONGEST_FAREWELL)
