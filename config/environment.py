"""From environment variables to raw values: files for secrets, `.env` in development, misspelt names."""

import difflib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from config.providers import gather

PREFIX = "AUTH_"
DEVELOPMENT_KEY = Path("var/secret_key")


def read_environment(
    environ: Mapping[str, str], *, known: frozenset[str]
) -> tuple[dict[str, Any], list[str]]:
    """Return the raw values by field name, and the mistakes found on the way."""
    if environ.get("AUTH_ENV") == "development":
        environ = {k: v for k, v in dotenv_values(".env").items() if v is not None} | dict(environ)
    given, mistakes = _with_files(environ, known)
    values: dict[str, Any] = {name: value for name, value in given.items() if name in known and value}
    values["oidc_issuers"], wrong = gather(
        {name: text for name, text in given.items() if name.startswith("oidc_")}
    )
    mistakes += wrong
    mistakes += [
        _unknown(name, known) for name in given if name not in known and not name.startswith("oidc_")
    ]
    values["processes"] = environ.get("WEB_CONCURRENCY") or 1
    if values.get("env") == "development" and "secret_keys" not in values:
        values["secret_keys"] = development_key(DEVELOPMENT_KEY)
    return values, mistakes


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return "WEB_CONCURRENCY" if name == "processes" else PREFIX + name.upper()


def _with_files(environ: Mapping[str, str], names: frozenset[str]) -> tuple[dict[str, str], list[str]]:
    """Return what is set, by setting; `AUTH_X_FILE` gives the text of the file it names."""
    given: dict[str, str] = {}
    mistakes = []
    for key in sorted(key for key in environ if key.startswith(PREFIX)):
        name, value = key.removeprefix(PREFIX).lower(), environ[key]
        setting = name.removesuffix("_file")
        if setting != name and (setting in names or setting.startswith("oidc_")):
            try:
                value = Path(value).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                mistakes.append(f"{key}: the file cannot be read ({type(error).__name__})")
                continue
            if setting in given:
                mistakes.append(f"{key}: {variable(setting)} is set as well; keep one of the two")
            name = setting
        given[name] = value
    return given, mistakes


def development_key(path: Path) -> str:
    """Return the key kept for development, made at first use and readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii")


def _unknown(name: str, names: frozenset[str]) -> str:
    close = difflib.get_close_matches(name, names, n=1)
    hint = f"; did you mean {variable(close[0])}?" if close else ""
    return f"{variable(name)}: there is no such setting{hint}"
