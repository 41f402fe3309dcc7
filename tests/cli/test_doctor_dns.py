"""`flask doctor` asks DNS what receivers will ask it: SPF, DKIM, DMARC and names of mail servers."""

import base64
import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from tests.cli.conftest import printed, runner
from tests.support.name_server import NameServer
from tests.support.service import Service

Make = Callable[..., Service]
Records = dict[tuple[str, str], list[str]]
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
SOUND: Records = {
    ("example.org", "TXT"): ['"some-verification=1"', '"v=spf1 include:_spf.relay.example -all"'],
    ("m1._domainkey.example.org", "TXT"): [f'"v=DKIM1; k=rsa; p={PUBLIC[:200]}" "{PUBLIC[200:]}"'],
    ("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=quarantine; rua=mailto:dmarc@example.org"'],
    ("1.0.0.127.in-addr.arpa", "PTR"): ["localhost."],
    ("localhost", "A"): ["127.0.0.1"],
}


def findings(make_service: Make, database: str, records: Records, **settings: str) -> dict[str, dict]:
    with NameServer(records) as server:
        service = make_service(
            database,
            dns_server=server.address,
            **{"mail_dkim_selector": "m1", "mail_dkim_private_key": PEM} | settings,
        )
        result = runner(service)("doctor", "--json")
    report = json.loads(result.stdout)
    found = {check["check"]: check for check in report["checks"]}
    assert result.exit_code == (0 if all(check["ok"] for check in found.values()) else 1)
    return found


def test_sound_records_are_sound(make_service: Make, sqlite_url: str) -> None:
    found = findings(make_service, sqlite_url, SOUND)
    assert [found[check]["ok"] for check in ("spf", "dkim", "dmarc", "alignment", "reverse dns")] == [
        True
    ] * 5
    assert found["spf"]["detail"] == "example.org: v=spf1 include:_spf.relay.example -all"
    assert "holds our key" in found["dkim"]["detail"]
    assert "p=quarantine" in found["dmarc"]["detail"]


@pytest.mark.parametrize(
    ("changes", "check", "mend"),
    [
        ({("example.org", "TXT"): ['"something else"']}, "spf", 'add TXT "v=spf1'),
        ({("example.org", "TXT"): ['"v=spf1 -all"', '"v=spf1 ~all"']}, "spf", "join them"),
        ({("example.org", "TXT"): ['"v=spf1 +all"']}, "spf", "lets everybody send"),
        ({("m1._domainkey.example.org", "TXT"): []}, "dkim", f"p={PUBLIC}"),
        ({("m1._domainkey.example.org", "TXT"): ['"v=DKIM1; p=MIIB"']}, "dkim", "another key"),
        ({("_dmarc.example.org", "TXT"): []}, "dmarc", "v=DMARC1; p=none"),
    ],
)
def test_what_is_missing_is_named_with_the_record_to_add(
    make_service: Make, sqlite_url: str, changes: Records, check: str, mend: str
) -> None:
    found = findings(make_service, sqlite_url, SOUND | changes)
    assert [name for name, finding in found.items() if not finding["ok"]] == [check]
    assert mend in found[check]["detail"]


def test_a_policy_may_be_inherited_and_one_that_only_watches_gets_a_hint(
    make_service: Make, sqlite_url: str
) -> None:
    records: Records = {
        ("mail.example.org", "TXT"): ['"v=spf1 -all"'],
        ("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=none"'],
        ("m1._domainkey.example.org", "TXT"): SOUND["m1._domainkey.example.org", "TXT"],
    }
    found = findings(
        make_service,
        sqlite_url,
        records,
        mail_from="Masthead <accounts@mail.example.org>",
        mail_dkim_domain="example.org",
    )
    assert "only watches" in found["dmarc"]["detail"]
    assert found["alignment"]["ok"]


def test_bounces_at_a_stranger_s_domain_are_not_counted_by_dmarc(make_service: Make, sqlite_url: str) -> None:
    records = SOUND | {("relay.example", "TXT"): ['"v=spf1 -all"']}
    found = findings(
        make_service,
        sqlite_url,
        records,
        mail_bounce_address="bounces@relay.example",
        mail_dkim_selector="",
        mail_dkim_private_key="",
    )
    assert not found["alignment"]["ok"]
    assert "let your mail server do it" in found["dkim"]["detail"]


def test_a_mail_server_without_a_name_is_a_hint_and_no_fault(make_service: Make, sqlite_url: str) -> None:
    found = findings(make_service, sqlite_url, {**SOUND, ("1.0.0.127.in-addr.arpa", "PTR"): []})
    assert found["reverse dns"]["ok"]
    assert "127.0.0.1 has no name" in found["reverse dns"]["detail"]


def test_a_name_server_that_says_nothing_costs_seconds_and_condemns_nobody(
    make_service: Make, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.adapters.mail_dns.LIFETIME", 0.2)
    with NameServer({}, silent=True) as server:
        report = printed(runner(make_service(sqlite_url, dns_server=server.address))("doctor", "--json"))
    spf = next(check for check in report["checks"] if check["check"] == "spf")
    assert spf["ok"]
    assert "could not be asked" in spf["detail"]


def test_outside_production_nobody_is_asked(make_service: Make, sqlite_url: str) -> None:
    report = printed(runner(make_service(sqlite_url))("doctor", "--json"))
    (said,) = (check["detail"] for check in report["checks"] if check["check"] == "mail dns")
    assert said.startswith("not asked in test")
