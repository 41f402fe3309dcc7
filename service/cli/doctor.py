"""`flask doctor`: everything that goes wrong in real life, checked on the real thing."""

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

import click

from service.cli.context import masthead
from service.cli.doctor_dns import sender_dns
from service.cli.finding import Finding
from service.cli.password_checks import passwords
from service.cli.provider_checks import provider_troubles, redirect_addresses
from service.cli.webhook_checks import webhooks
from service.core.captcha import VerifierAway
from service.core.errors import Unavailable
from service.store.migrations import current_revision, newest_revision, require_current
from service.wiring import Masthead
from service.wiring.basics import utc_now

LONGEST_WAIT = timedelta(minutes=5)


def settings(service: Masthead) -> Finding:
    """Reaching this line means the settings are accepted."""
    return Finding("settings", True, f"{service.settings.env}: accepted")


def database(service: Masthead) -> Finding:
    """The database answers."""
    kind = service.store.engine.dialect.name
    try:
        service.store.ping()
    except Unavailable as error:
        return Finding(
            "database", False, f"{kind} does not answer: {error.__cause__}. Check AUTH_DATABASE_URL."
        )
    return Finding("database", True, f"{kind} answers")


def migrations(service: Masthead) -> Finding:
    """The schema is the one this code needs."""
    try:
        current = current_revision(service.store.engine)
    except Unavailable:
        return Finding("migrations", False, "cannot be read while the database does not answer")
    newest = newest_revision()
    if current != newest:
        return Finding(
            "migrations", False, f"at {current or 'nothing'}, this code needs {newest}: run make migrate"
        )
    return Finding("migrations", True, f"at {current}")


def throttles(service: Masthead) -> Finding:
    """Redis answers, where one is set."""
    if service.settings.redis_url is None:
        return Finding("throttles", True, "counted in memory of one process")
    try:
        service.throttles.require_answer()
    except Unavailable:
        return Finding("throttles", False, "Redis does not answer: check AUTH_REDIS_URL")
    return Finding("throttles", True, "Redis answers")


def mail(service: Masthead) -> Finding:
    """Every transport lets us in."""
    troubles = service.mail_troubles()
    if troubles:
        return Finding("mail", False, "; ".join(troubles))
    return Finding("mail", True, f"{len(service.settings.mail_urls)} transport(s) let us in")


def outbox(service: Masthead) -> Finding:
    """Somebody empties the outbox."""
    now = utc_now()
    try:
        require_current(service.store.engine)
        with service.store.read() as uow:
            since = uow.outbox.waiting_since(now)
    except Unavailable:
        return Finding("outbox", False, "cannot be read before database and migrations are right")
    if since is not None and now - since > LONGEST_WAIT:
        minutes = int((now - since).total_seconds() // 60)
        return Finding("outbox", False, f"a letter has been due for {minutes} minutes: is a worker running?")
    return Finding("outbox", True, "no letter waits for a worker")


def providers(service: Masthead) -> Finding:
    """Google, Apple and the others can be asked; what must be registered there is said."""
    troubles = provider_troubles(service)
    if troubles:
        return Finding("providers", False, "; ".join(troubles))
    addresses = redirect_addresses(service)
    detail = (
        f"answer. Redirect addresses to register: {', '.join(addresses)}" if addresses else "none configured"
    )
    return Finding("providers", True, detail)


def captcha(service: Masthead) -> Finding:
    """The captcha's verifier answers and knows our key."""
    captchas = service.flows.captchas
    if captchas.captcha is None:
        return Finding("captcha", True, "none configured")
    kind = captchas.captcha.widget.kind
    try:
        captchas.captcha.check()
    except VerifierAway as trouble:
        return Finding(
            "captcha",
            False,
            f"{kind} cannot be asked ({trouble}): check AUTH_CAPTCHA_SECRET_KEY and the way out to the vendor",
        )
    places = ", ".join(f"{place} ({when})" for place, when in captchas.places.items())
    return Finding("captcha", True, f"{kind} answers; asked at {places}")


def passkeys(service: Masthead) -> Finding:
    """Browsers make passkeys for this place."""
    host = urlsplit(service.settings.public_url).hostname or ""
    try:
        ip_address(host)
    except ValueError:
        return Finding("passkeys", True, f"belong to {host}")
    return Finding(
        "passkeys", True, f"browsers offer none at {host}: AUTH_PUBLIC_URL needs a host name for that"
    )


def traces(service: Masthead) -> Finding:
    """The collector of traces answers, where one is set."""
    if service.tracing is None:
        return Finding("traces", True, "none sent")
    if trouble := service.tracing.trouble():
        return Finding(
            "traces", False, f"the collector does not take them ({trouble}): check AUTH_OTLP_ENDPOINT"
        )
    return Finding("traces", True, "the collector takes them")


CHECKS: tuple[Callable[[Masthead], Finding], ...] = (
    settings,
    database,
    migrations,
    throttles,
    mail,
    outbox,
    providers,
    captcha,
    passkeys,
    passwords,
    webhooks,
    traces,
)


@click.command()
@click.option("--json", "json_wanted", is_flag=True, help="Print the findings as JSON.")
def doctor(json_wanted: bool) -> None:
    """Check everything; exit 1 when something is broken."""
    findings = [*(check(masthead()) for check in CHECKS), *sender_dns(masthead())]
    healthy = all(finding.ok for finding in findings)
    if json_wanted:
        click.echo(json.dumps({"ok": healthy, "checks": [vars(finding) for finding in findings]}))
    else:
        for finding in findings:
            click.echo(f"{'ok    ' if finding.ok else 'BROKEN'}  {finding.check:<11} {finding.detail}")
    sys.exit(0 if healthy else 1)
