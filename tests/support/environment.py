"""The settings tests run with: production code with cheap hashes, wide throttles and no worker of its own."""

import os

SECRET_KEYS = "a-key-for-tests-only-0123456789abcdef"
PUBLIC_URL = "http://localhost:8000"


def service_environment(database_url: str, mail_url: str, **overrides: str | int | None) -> dict[str, str]:
    """The AUTH_* variables of a test service. Overrides are written `public_url="https://…"`; None leaves one out."""
    settings: dict[str, str | int | None] = {
        "env": "test",
        "secret_keys": SECRET_KEYS,
        "public_url": PUBLIC_URL,
        "database_url": database_url,
        "mail_urls": mail_url,
        "mail_from": "The Masthead <accounts@example.org>",
        "worker": "off",
        "rate_limit_scale": 1000,
        "argon2_time_cost": 1,
        "argon2_memory_kib": 8192,
        "log_level": "WARNING",
    }
    settings |= overrides
    return {f"AUTH_{name.upper()}": str(value) for name, value in settings.items() if value is not None}


def process_environment(variables: dict[str, str]) -> dict[str, str]:
    """The environment of a child process: ours without any AUTH_* of the person testing, plus these."""
    return {name: value for name, value in os.environ.items() if not name.startswith("AUTH_")} | variables
