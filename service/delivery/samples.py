"""A sample of every letter in every variant, for previews, pictures and tests. A new letter gets its lines here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from service.core.values import Letter

SITE = "https://accounts.example.org"
TOKEN = "eyJ1c2VyIjoiMDE5M2E0In0.Z0Dw5g.q2v8fYl0kT3mXr7nS1bUeHc4JdA"
FORGOT = {"forgot_link": f"{SITE}/forgot-password"}
ACCOUNT = {"account_link": f"{SITE}/account/identities", **FORGOT}
RESET = {
    "name": "Ada",
    "link": f"{SITE}/reset-password?token={TOKEN}",
    "minutes": 60,
    "has_password": True,
    "providers": [],
    "verified": True,
}
CHANGE = {
    "name": "Ada",
    "when_text": datetime(2026, 11, 22, 21, 10, tzinfo=UTC),
    "device": "Firefox on Windows",
    "ip": "203.0.113.7",
}
SECOND_FACTOR = (
    CHANGE | FORGOT | {"account_link": f"{SITE}/account/second-factor", "passkey": None, "left": None}
)
PASSKEY = SECOND_FACTOR | {"account_link": f"{SITE}/account/passkeys", "passkey": "Ada's phone"}
NOT_ME = {
    "not_me_link": f"{SITE}/account/not-me?token={TOKEN}",
    "devices_link": f"{SITE}/account/devices",
    "days": 7,
}
GONE = datetime(2026, 12, 6, tzinfo=UTC).date()
LOGIN_LINK = {
    "name": "Ada",
    "link": f"{SITE}/login/link/confirm?token={TOKEN}",
    "minutes": 15,
}
BY_NOBODY = CHANGE | {"device": None, "ip": None}
DISABLED = {"webhook": "0193a4b2-7c1e-7d5a-9f30-2b6c1d8e4f50", "site_link": "https://news.example.org"}
CONNECT = {
    "name": "Ada",
    "provider": "Google",
    "link": f"{SITE}/login/connect/confirm?token={TOKEN}",
    "hours": 24,
}


@dataclass(frozen=True)
class Sample:
    """A letter in one of its variants, with what a flow would put into it."""

    letter: str
    variant: str
    context: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What a file of it is called: `password_reset`, `password_reset-no_password`."""
        return f"{self.letter}-{self.variant}" if self.variant else self.letter

    def in_language(self, locale: str) -> Letter:
        return Letter(self.letter, "ada@example.org", locale, dict(self.context))


SAMPLES = (
    Sample("password_reset", "", RESET),
    Sample(
        "password_reset", "providers_only", RESET | {"has_password": False, "providers": ["Apple", "Google"]}
    ),
    Sample("password_reset", "no_password", RESET | {"has_password": False}),
    Sample("password_reset", "unverified", RESET | {"name": None, "verified": False}),
    Sample("password_changed", "", CHANGE | FORGOT),
    Sample("password_stopped", "", {"name": "Ada", **FORGOT}),
    Sample("account_disabled", "", {"reason": "disabled"}),
    Sample("account_disabled", "staff", {"reason": "staff"}),
    Sample("no_account", "", {"signup_link": f"{SITE}/signup"}),
    Sample(
        "signup_confirm", "", {"name": "Ada", "link": f"{SITE}/signup/confirm?token={TOKEN}", "hours": 24}
    ),
    Sample("already_registered", "", {"login_link": f"{SITE}/login", "has_password": True, **FORGOT}),
    Sample(
        "already_registered", "no_password", {"login_link": f"{SITE}/login", "has_password": False, **FORGOT}
    ),
    Sample("identity_confirm", "", CONNECT | {"known": False}),
    Sample("identity_confirm", "known", CONNECT | {"known": True}),
    Sample("identity_linked", "", CHANGE | ACCOUNT | {"provider": "Google"}),
    Sample("identity_linked", "by_nobody", BY_NOBODY | ACCOUNT | {"provider": "Apple"}),
    Sample("identity_unlinked", "", CHANGE | ACCOUNT | {"provider": "Google"}),
    Sample("identity_unlinked", "by_nobody", BY_NOBODY | ACCOUNT | {"provider": "Apple"}),
    Sample("second_factor_changed", "app_added", SECOND_FACTOR | {"change": "app_added"}),
    Sample("second_factor_changed", "app_removed", SECOND_FACTOR | {"change": "app_removed"}),
    Sample("second_factor_changed", "by_staff", SECOND_FACTOR | BY_NOBODY | {"change": "app_removed"}),
    Sample("second_factor_changed", "codes_renewed", SECOND_FACTOR | {"change": "codes_renewed"}),
    Sample("second_factor_changed", "codes_removed", SECOND_FACTOR | {"change": "codes_removed"}),
    Sample("second_factor_changed", "code_used", SECOND_FACTOR | {"change": "code_used", "left": 9}),
    Sample("second_factor_changed", "last_code_used", SECOND_FACTOR | {"change": "code_used", "left": 0}),
    Sample("second_factor_changed", "passkey_added", PASSKEY | {"change": "passkey_added"}),
    Sample("second_factor_changed", "passkey_removed", PASSKEY | {"change": "passkey_removed"}),
    Sample("grant_ended", "", BY_NOBODY | FORGOT | {"client": "Comments"}),
    Sample("joined_with_provider", "", CHANGE | ACCOUNT | {"provider": "Apple"}),
    Sample(
        "staff_account_closed", "", {"user": "0193a4b2-7c1e-7d5a-9f30-2b6c1d8e4f50", "provider": "Google"}
    ),
    Sample("login_link", "", LOGIN_LINK | {"verified": True}),
    Sample("login_link", "unverified", LOGIN_LINK | {"verified": False}),
    Sample("new_device", "", CHANGE | NOT_ME),
    Sample(
        "email_change",
        "",
        {"name": "Ada", "link": f"{SITE}/account/email/confirm?token={TOKEN}", "hours": 24},
    ),
    Sample("email_taken", "", {"name": "Ada", "login_link": f"{SITE}/login", **FORGOT}),
    Sample(
        "email_changed", "", CHANGE | {"undo_link": f"{SITE}/account/email/undo?token={TOKEN}", "days": 7}
    ),
    Sample("email_restored", "", CHANGE | FORGOT | {"mine": True}),
    Sample("email_restored", "lost", CHANGE | {"mine": False, "forgot_link": None}),
    Sample("deletion_scheduled", "", CHANGE | FORGOT | {"login_link": f"{SITE}/login", "erases_text": GONE}),
    Sample("deletion_done", "", {"name": "Ada"}),
    Sample("staff_webhook_disabled", "", DISABLED | {"gone": False, "answer": "503 Service Unavailable"}),
    Sample("staff_webhook_disabled", "gone", DISABLED | {"gone": True, "answer": "410 Gone"}),
    Sample("mail_test", "", {"server": "smtp.example.org:587"}),
)
