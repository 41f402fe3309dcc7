"""Every setting, typed and documented; the whole environment is judged at once.

Read by `load_settings` from `AUTH_*` variables (and `AUTH_X_FILE` for secrets), at start and only there.
All mistakes are reported together, each with its variable and the mend, never with a secret's value.
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from config.captcha import CaptchaVariables, captcha_refusals
from config.environment import read_environment, variable
from config.kinds import (
    DNS_NAME,
    RATE_LIMIT,
    SCHEMES,
    BreachCheck,
    Environment,
    HexColour,
    LogFormat,
    MailUnknown,
    Secrets,
    Span,
    Strings,
    WorkerMode,
    is_http_url,
)
from config.providers import OidcIssuer, provider_refusals
from config.refusals import refusals


class SettingsError(Exception):
    """The environment cannot be used. The text lists every mistake with its mend."""

    def __init__(self, mistakes: list[str]) -> None:
        self.mistakes = mistakes
        super().__init__(
            "\n".join(["Masthead cannot start with these settings:", *(f"  - {m}" for m in mistakes)])
        )


class Settings(CaptchaVariables, BaseSettings):
    """The settings of one service. Field `x` is the variable `AUTH_X`; spans are given in seconds."""

    model_config = SettingsConfigDict(env_prefix="AUTH_", frozen=True, hide_input_in_errors=True)

    env: Environment = Environment.PRODUCTION
    secret_keys: Secrets = ()
    public_url: str = "http://localhost:8000"

    site_name: str = Field("The Masthead", min_length=1, max_length=80)
    site_url: str = ""
    support_url: str = "mailto:support@example.org"
    logo_url: str | None = None
    accent_color: HexColour = "#8a1c2c"
    allowed_origins: Strings = ()

    database_url: SecretStr = SecretStr("sqlite:///var/masthead.db")
    redis_url: SecretStr | None = None

    mail_urls: Secrets = (SecretStr("devbox:"),)
    mail_from: str = "The Masthead <accounts@example.org>"
    mail_reply_to: str | None = None
    mail_unknown: MailUnknown = MailUnknown.NEVER
    mail_senders: int = Field(8, ge=1, le=64)
    mail_domain_senders: int = Field(5, ge=1, le=64)
    mail_domain_rate: float = Field(0, ge=0, le=10_000)
    mail_bounce_address: str | None = None
    mail_dkim_selector: str | None = Field(None, pattern=DNS_NAME, max_length=63)
    mail_dkim_domain: str | None = Field(None, pattern=DNS_NAME, max_length=253)
    mail_dkim_private_key: SecretStr | None = None
    mail_events_mailgun_key: SecretStr | None = None
    mail_events_sendgrid_key: SecretStr | None = None
    mail_events_postmark_secret: SecretStr | None = Field(None, min_length=16)
    mail_events_ses_topic_arn: Strings = ()
    dns_server: str | None = None
    templates_dir: Path | None = None
    default_locale: str = "en"
    locales: Strings = ()

    password_min_length: int = Field(8, ge=8, le=64)
    password_breach_check: BreachCheck = BreachCheck.BUNDLED
    password_hibp_url: str = "https://api.pwnedpasswords.com/range/"
    password_blocklist: Path | None = None
    password_min_strength: int = Field(2, ge=0, le=4)
    firebase_signer_key: SecretStr | None = None
    argon2_time_cost: int = Field(2, ge=1, le=20)
    argon2_memory_kib: int = Field(19456, ge=8, le=1048576)
    argon2_parallelism: int = Field(1, ge=1, le=16)
    hash_concurrency: int | None = Field(None, ge=1, le=256)

    reset_ttl: Annotated[Span, Field(le=timedelta(days=1))] = timedelta(hours=1)
    reset_excluded_roles: Strings = ()
    signup_ttl: Span = timedelta(days=1)
    login_link_ttl: Annotated[Span, Field(le=timedelta(days=1))] = timedelta(minutes=15)
    email_change_ttl: Span = timedelta(days=1)
    deletion_grace: Span = timedelta(days=14)
    session_idle: Span = timedelta(days=14)
    session_absolute: Span = timedelta(days=90)
    session_short: Span = timedelta(hours=12)

    google_client_id: str | None = None
    google_client_secret: SecretStr | None = None
    google_issuer: str = "https://accounts.google.com"
    google_native_client_ids: Strings = ()
    google_hosted_domain: str | None = None
    apple_client_id: str | None = None
    apple_team_id: str | None = None
    apple_key_id: str | None = None
    apple_private_key: SecretStr | None = None
    apple_issuer: str = "https://appleid.apple.com"
    apple_native_client_ids: Strings = ()
    oidc_issuers: tuple[OidcIssuer, ...] = ()
    fake_provider: bool | None = None

    rate_limits: Strings = ()
    rate_limit_scale: float = Field(1, gt=0)
    trusted_proxies: int = Field(0, ge=0, le=10)
    worker: WorkerMode | None = None
    metrics_token: SecretStr | None = Field(None, min_length=16)
    log_level: str = Field("INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$")
    log_format: LogFormat | None = None
    otlp_endpoint: SecretStr | None = None

    # how many web processes share the work (WEB_CONCURRENCY, for everybody who starts one)
    processes: int = Field(1, ge=1)

    @field_validator("public_url", "site_url", "password_hibp_url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        if not value:
            return value
        if not is_http_url(value):
            raise ValueError("give an address such as https://accounts.example.org")
        return value.rstrip("/")

    @field_validator("otlp_endpoint")
    @classmethod
    def _is_collector(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not is_http_url(value.get_secret_value()):
            raise ValueError("give a collector's address such as http://localhost:4318")
        return value

    @field_validator("public_url")
    @classmethod
    def _is_origin(cls, value: str) -> str:
        if urlsplit(value).path:
            raise ValueError("give an origin without a path: Masthead lives at the root of its own host name")
        return value

    @field_validator("logo_url", "support_url")
    @classmethod
    def _is_link(cls, value: str | None) -> str | None:
        if value and urlsplit(value).scheme not in ("http", "https", "mailto"):
            raise ValueError("give an https: address (the support link may be mailto:)")
        return value or None

    @field_validator("allowed_origins")
    @classmethod
    def _are_origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            parts = urlsplit(origin)
            if (
                parts.scheme not in ("http", "https")
                or not parts.hostname
                or parts.path.strip("/")
                or parts.query
            ):
                raise ValueError("list origins such as https://www.example.org, with no path")
        return tuple(origin.rstrip("/").lower() for origin in value)

    @field_validator(*SCHEMES)
    @classmethod
    def _has_known_scheme(cls, value: Any, info: ValidationInfo) -> Any:
        known = SCHEMES[str(info.field_name)]
        for url in value if isinstance(value, tuple) else (value,) if value else ():
            scheme, colon, _ = url.get_secret_value().partition(":")
            if not colon or scheme.partition("+")[0].lower() not in known:
                raise ValueError(f"begin each with one of: {', '.join(f'{scheme}:' for scheme in known)}")
        return value

    @field_validator("mail_from", "mail_reply_to")
    @classmethod
    def _is_sender(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", parseaddr(value)[1]):
            raise ValueError("give a sender such as The Masthead <accounts@example.org>")
        return value or None

    @field_validator("rate_limits")
    @classmethod
    def _are_rate_limits(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(RATE_LIMIT.fullmatch(limit) for limit in value):
            raise ValueError("write each as login_per_account=10/5minute")
        return value

    @field_validator("templates_dir")
    @classmethod
    def _is_folder(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_dir():
            raise ValueError("there is no such folder")
        return value

    @field_validator("firebase_signer_key")
    @classmethod
    def _is_base64(cls, value: SecretStr | None) -> SecretStr | None:
        try:
            key = b64decode(value.get_secret_value(), validate=True) if value else b""
        except ValueError:
            raise ValueError("give base64_signer_key as Firebase's console shows it") from None
        return value if key else None

    @field_validator("secret_keys")
    @classmethod
    def _are_strong(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in value:
            secret = key.get_secret_value()
            if len(secret.encode()) < 32 or len(set(secret)) < 8:
                raise ValueError("each key needs at least 32 bytes of chance: openssl rand -hex 32")
        if len({key.get_secret_value() for key in value}) < len(value):
            raise ValueError("the same key is listed twice")
        return value

    @model_validator(mode="before")
    @classmethod
    def _fill_defaults(cls, values: dict[str, Any]) -> dict[str, Any]:
        values.setdefault("site_url", values.get("public_url", "http://localhost:8000"))
        values.setdefault("allowed_origins", "/".join(str(values["site_url"]).split("/")[:3]))
        development = values.get("env") == Environment.DEVELOPMENT
        values.setdefault("worker", WorkerMode.THREAD if development else WorkerMode.PROCESS)
        values.setdefault("log_format", LogFormat.CONSOLE if development else LogFormat.JSON)
        return values

    @field_validator("mail_bounce_address")
    @classmethod
    def _leaves_room_for_a_token(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"[a-z0-9._-]{1,20}@[a-z0-9-]+(\.[a-z0-9-]+)+", value):
            raise ValueError(
                "give a plain address such as bounces@example.org, 20 characters before the @ at most"
            )
        return value or None

    @field_validator("dns_server")
    @classmethod
    def _is_name_server(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}(:\d{1,5})?", value):
            raise ValueError("give an IPv4 address, with :port if it is not 53")
        return value or None

    @property
    def production(self) -> bool:
        return self.env is Environment.PRODUCTION

    @property
    def stands_in(self) -> bool:
        """Whether the development provider stands in for Google and Apple: where no real one is configured."""
        if not self.development or self.fake_provider is False:
            return False
        return self.google_client_id is None and self.apple_client_id is None

    @property
    def development(self) -> bool:
        return self.env is Environment.DEVELOPMENT

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)


def all_refusals(settings: Settings) -> list[str]:
    """Return what is wrong with settings that are fine each by itself."""
    return [*refusals(settings), *provider_refusals(settings), *captcha_refusals(settings)]


def load_settings(environ: Mapping[str, str]) -> Settings:
    """Read and judge an environment. Raises `SettingsError` with everything that is wrong with it."""
    values, mistakes = read_environment(
        environ, known=frozenset(Settings.model_fields) - {"processes", "oidc_issuers"}
    )
    try:
        settings = Settings(**values)
    except ValidationError as error:
        wrong = {str(found["loc"][0]): found["msg"].removeprefix("Value error, ") for found in error.errors()}
        mistakes += [f"{variable(name)}: {message}" for name, message in wrong.items()]
        settings = Settings(**{name: value for name, value in values.items() if name not in wrong})
        told = all_refusals(settings)
        mistakes += [refusal for refusal in told if not refusal.startswith(tuple(map(variable, wrong)))]
    else:
        mistakes += all_refusals(settings)
    if mistakes:
        raise SettingsError(mistakes)
    return settings
