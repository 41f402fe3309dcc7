"""What DNS says about a sender: whether receivers can tell our letters from forgeries."""

from dataclasses import dataclass
from ipaddress import ip_address

from dns.exception import DNSException
from dns.name import from_text
from dns.rdatatype import RdataType
from dns.resolver import NXDOMAIN, NoAnswer, Resolver
from dns.reversename import from_address

LIFETIME = 3.0  # seconds one question may take, tries included
DNS_PORT = 53


class DnsAway(Exception):
    """No name server answered in time, which says nothing about the records."""


@dataclass(frozen=True)
class Judgement:
    """Whether a record is fine, and what to do if not."""

    ok: bool
    detail: str


class MailDns:
    """Ask the system's name server, or `server` (`address` or `address:port`)."""

    def __init__(self, server: str | None = None) -> None:
        self._resolver = Resolver(configure=server is None)
        self._resolver.lifetime = LIFETIME
        if server is not None:
            host, _, port = server.partition(":")
            self._resolver.nameservers = [host]
            self._resolver.port = int(port or DNS_PORT)

    def spf(self, domain: str) -> Judgement:
        """Judge who may send for the domain bounces go to (RFC 7208)."""
        records = [text for text in self._texts(domain) if text.lower().split()[:1] == ["v=spf1"]]
        if not records:
            return Judgement(False, f'{domain} has none: add TXT "v=spf1 include:<your mail server\'s> -all"')
        if len(records) > 1:
            return Judgement(
                False, f"{domain} has {len(records)} SPF records, so receivers heed none: join them"
            )
        if records[0].lower().split()[-1] in ("+all", "all", "?all"):
            return Judgement(
                False, f"{domain} lets everybody send: end it with -all, not {records[0].split()[-1]}"
            )
        return Judgement(True, f"{domain}: {records[0]}")

    def dkim(self, selector: str, domain: str, public_key: str) -> Judgement:
        """Judge the published key against the one we sign with (RFC 6376, 3.6.1)."""
        name = f"{selector}._domainkey.{domain}"
        published = [_tags(text).get("p", "") for text in self._texts(name)]
        if not published:
            return Judgement(
                False, f'{name} has none: add TXT "v=DKIM1; k={_kind(public_key)}; p={public_key}"'
            )
        if public_key not in published:
            return Judgement(False, f"{name} holds another key than AUTH_MAIL_DKIM_PRIVATE_KEY: letters fail")
        return Judgement(True, f"{name} holds our key")

    def dmarc(self, domain: str) -> Judgement:
        """Judge the policy for the sender's domain, or what it inherits (RFC 7489, 6.6.3)."""
        labels = domain.split(".")
        for name in (".".join(labels[start:]) for start in range(max(1, len(labels) - 1))):
            for text in self._texts(f"_dmarc.{name}"):
                if text.lower().replace(" ", "").startswith("v=dmarc1"):
                    policy = _tags(text).get("p", "none")
                    hint = " (p=none only watches: once reports are clean, ask for quarantine)" * (
                        policy == "none"
                    )
                    return Judgement(True, f"{name}: p={policy}{hint}")
        return Judgement(
            False, f'_dmarc.{domain} has none: add TXT "v=DMARC1; p=none; rua=mailto:<you>", then tighten'
        )

    def reverse(self, host: str) -> Judgement:
        """Look whether a mail server's addresses lead back to a name that leads to them."""
        lonely = [address for address in self._addresses(host) if not self._leads_back(address)]
        if lonely:
            return Judgement(False, f"{host}: {', '.join(lonely)} has no name that leads back to it (PTR)")
        return Judgement(True, f"{host}: addresses and names agree")

    def _leads_back(self, address: str) -> bool:
        names = self._ask(from_address(address).to_text(), RdataType.PTR)
        return any(address in self._addresses(name.rstrip(".")) for name in names[:5])

    def _addresses(self, host: str) -> list[str]:
        try:
            return [str(ip_address(host))]
        except ValueError:
            return [*self._ask(host, RdataType.A), *self._ask(host, RdataType.AAAA)]

    def _texts(self, name: str) -> list[str]:
        return self._ask(name, RdataType.TXT)

    def _ask(self, name: str, kind: RdataType) -> list[str]:
        """Return the records of a name, none where there are none. Raises `DnsAway`."""
        try:
            answer = self._resolver.resolve(from_text(name), kind, raise_on_no_answer=False)
        except (NXDOMAIN, NoAnswer):
            return []
        except (DNSException, OSError) as error:
            raise DnsAway(f"{type(error).__name__} when asked for {name}") from error
        if kind is RdataType.TXT:
            return [b"".join(record.strings).decode("utf-8", "replace") for record in answer]
        return [record.to_text() for record in answer]


def _tags(text: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, _, value in pairs}


def _kind(public_key: str) -> str:
    return "ed25519" if len(public_key) == 44 else "rsa"
