"""`flask doctor`, the part that asks DNS: SPF, DKIM, DMARC, and whether mail servers are who they say."""

from collections.abc import Callable, Iterator
from functools import partial

from service.adapters.mail_dns import DnsAway, Judgement, MailDns
from service.cli.finding import Finding
from service.delivery.addresses import domain_of, wire_mailbox
from service.wiring import Masthead
from service.wiring.mail import mail_hosts

Question = Callable[[], Judgement]


def sender_dns(service: Masthead) -> list[Finding]:
    """Ask about the sender, in production or where a name server is set; elsewhere letters stay at home."""
    settings = service.settings
    if not settings.production and settings.dns_server is None:
        return [
            Finding("mail dns", True, f"not asked in {settings.env}; AUTH_DNS_SERVER would have it asked")
        ]
    dns = MailDns(settings.dns_server)
    return [_finding(check, ask) for check, ask in _questions(service, dns)]


def _questions(service: Masthead, dns: MailDns) -> Iterator[tuple[str, Question]]:
    settings, signer = service.settings, service.signer
    sender = domain_of(wire_mailbox(settings.mail_from))
    bounces = domain_of(settings.mail_bounce_address) if settings.mail_bounce_address else sender
    yield "spf", partial(dns.spf, bounces)
    if signer is None:
        unsigned = "we do not sign: let your mail server do it, or set AUTH_MAIL_DKIM_SELECTOR and its key"
        yield "dkim", partial(Judgement, True, unsigned)
    else:
        yield "dkim", partial(dns.dkim, signer.selector, signer.domain, signer.public_key)
    yield "dmarc", partial(dns.dmarc, sender)
    yield "alignment", partial(_alignment, sender, bounces, signer.domain if signer else None)
    for host in mail_hosts(settings):
        yield "reverse dns", partial(_as_hint, partial(dns.reverse, host))


def _alignment(sender: str, bounces: str, signed: str | None) -> Judgement:
    """DMARC counts SPF and DKIM only for the domain readers see (RFC 7489, 3.1), or one below or above it."""
    if any(_related(sender, other) for other in (bounces, signed) if other):
        return Judgement(True, f"letters from {sender} are vouched for by its own domain")
    return Judgement(False, f"DMARC will not count {bounces} for {sender}: bounce and sign in one domain")


def _related(one: str, other: str) -> bool:
    return one == other or one.endswith(f".{other}") or other.endswith(f".{one}")


def _as_hint(ask: Question) -> Judgement:
    """A relay's name is its operator's business: said, not counted."""
    judgement = ask()
    return Judgement(True, judgement.detail)


def _finding(check: str, ask: Question) -> Finding:
    try:
        judgement = ask()
    except DnsAway as error:
        return Finding(check, True, f"could not be asked: {error}")
    return Finding(check, judgement.ok, judgement.detail)
