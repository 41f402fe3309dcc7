"""Secrets planted on every way in, then looked for in logs, in the database, on error pages and in letters."""

from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from pyotp import TOTP

from tests.flows.people import everything_stored
from tests.support.live import LiveClient, LiveService
from tests.support.service import Service
from tests.support.smtp import SmtpSink, wait_until

ADDRESS = "reader@example.org"
METRICS_TOKEN = "canary-metrics-7Qm2Xw9Lr4"


class Canaries:
    """What must be nowhere afterwards, and the answers it must not come back in."""

    def __init__(self, live: LiveService, mailbox: SmtpSink) -> None:
        self.live = live
        self.mailbox = mailbox
        self.planted: dict[str, str] = {}
        self.answers: list[str] = []

    def plant(self, name: str, secret: str) -> str:
        self.planted[name] = secret
        return secret

    def password(self, name: str) -> str:
        return self.plant(f"password {name}", f"canary {name} lantern 8842")

    def mailed(self, path: str, letters: int) -> str:
        """Wait for the reader's next letter; return its link's token, which only this letter may hold."""
        wait_until(lambda: len(self.mailbox.to(ADDRESS)) >= letters, timeout=30, what=f"letter {letters}")
        link = self.mailbox.link(self.mailbox.to(ADDRESS)[letters - 1], path)
        return self.plant(f"token of {path}", parse_qs(urlsplit(link).query)["token"][0])

    def ask(self, client: LiveClient, path: str, body: dict[str, object], status: int) -> None:
        answer = client.post(path, json=body)
        assert answer.status_code == status, answer.text
        self.answers.append(answer.text)
        for cookie in client.cookies.jar:
            self.plant(f"cookie {cookie.name} after {path}", cookie.value or "-" * 20)

    def second_factor(self, client: LiveClient, password: str) -> None:
        """Turn one on, and sign in with a recovery code; each secret is told once, to the browser alone."""
        told = client.post("/api/v1/me/mfa/totp", json={"current_password": password}).json()
        secret = self.plant("secret of the app", told["secret"])
        shown = {"code": TOTP(secret).now()}
        codes = client.post("/api/v1/me/mfa/totp/confirm", json=shown).json()["recovery_codes"]
        for number, code in enumerate(codes):
            self.plant(f"recovery code {number}", code)
            self.plant(f"recovery code {number}, plain", code.replace("-", ""))
        waiting = client.post("/api/v1/login", json={"email": ADDRESS, "password": password}).json()
        token = self.plant("waiting sign-in", waiting["mfa_token"])
        step = {"mfa_token": token, "method": "recovery_code", "code": codes[0]}
        self.ask(client, "/api/v1/login/mfa", step, 200)
        self.ask(client, "/api/v1/login/mfa", step, 401)
        options = client.post("/api/v1/login/passkey/options").json()["options"]
        self.plant("challenge", options["challenge"])


@pytest.mark.case("SEC-05", "SEC-06")
def test_no_secret_is_left_behind(
    live: Callable[..., LiveService],
    make_service: Callable[..., Service],
    database: str,
    smtp: SmtpSink,
) -> None:
    running = live(database, workers=1, log_level="DEBUG", log_format="json", metrics_token=METRICS_TOKEN)
    canaries = Canaries(running, smtp)
    canaries.plant("metrics token", METRICS_TOKEN)
    with running.client() as client:
        first, second, third = (canaries.password(name) for name in ("one", "two", "three"))
        canaries.ask(client, "/api/v1/signup", {"email": ADDRESS, "password": first}, 202)
        token = canaries.mailed("/signup/confirm", letters=1)
        canaries.ask(client, "/api/v1/signup/confirm", {"token": token}, 201)
        canaries.ask(client, "/api/v1/login", {"email": ADDRESS, "password": canaries.password("wrong")}, 401)
        canaries.ask(
            client, "/api/v1/login", {"email": canaries.password("typed as address"), "password": "x"}, 422
        )
        canaries.ask(client, "/api/v1/password/forgot", {"email": ADDRESS}, 202)
        token = canaries.mailed("/reset-password", letters=2)
        for path in (
            f"/reset-password?token={token}",
            f"/reset-password?token={token}x&next={quote(second)}",
        ):
            client.get(path)
        canaries.ask(client, "/api/v1/password/reset", {"token": token, "password": second}, 200)
        canaries.ask(client, "/api/v1/password/reset", {"token": token, "password": first}, 400)
        canaries.ask(client, "/api/v1/login", {"email": ADDRESS, "password": second}, 200)
        change = {"current_password": second, "new_password": third}
        canaries.ask(client, "/api/v1/password/change", change, 200)
        canaries.ask(client, "/api/v1/login/link", {"email": ADDRESS}, 202)
        wait_until(lambda: len(smtp.to(ADDRESS)) >= 5, timeout=30, what="all letters")
        canaries.second_factor(client, third)
        cut_off = b'{"email":"x@example.org","password":"%s"' % third.encode()
        broken = client.post("/api/v1/login", content=cut_off, headers={"Content-Type": "application/json"})
        assert broken.status_code == 400
        canaries.answers.append(broken.text)
        missing = client.get(f"/nowhere/{quote(second)}?token={quote(third)}")
        assert missing.status_code == 404
        told = client.get("/metrics", headers={"Authorization": f"Bearer {METRICS_TOKEN}"})
        canaries.answers += [missing.text, told.text]
    log, stored = running.log(), everything_stored(make_service(database))
    assert '"event": "login.failed"' in log
    assert ADDRESS in stored
    for name, secret in canaries.planted.items():
        for spelling in {secret, quote(secret), secret.replace(" ", "+")}:
            assert spelling not in log, f"{name} is in a log"
            assert spelling not in stored, f"{name} is in the database"
            assert spelling not in "".join(canaries.answers), f"{name} comes back"
    for name, secret in canaries.planted.items():
        holding = [
            letter for letter in smtp.messages if secret in letter.message.get_body(("plain",)).get_content()
        ]
        assert len(holding) <= ("token of" in name), f"{name} is mailed"
