"""Debian's Apache with the certified module `auth_openidc`, run privately."""

import os
import shutil
from pathlib import Path

MODULES = Path("/usr/lib/apache2/modules")
PROGRAM = shutil.which("apache2", path=f"/usr/sbin{os.pathsep}{os.environ['PATH']}")
LOADED = (
    *("mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc"),
    *("headers", "proxy", "proxy_http"),
)


def available() -> bool:
    """Whether this machine has both."""
    return PROGRAM is not None and (MODULES / "mod_auth_openidc.so").exists()


def configuration(folder: Path, port: int, site: str) -> str:
    """An Apache of its own in a folder, with one site."""
    modules = [f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in LOADED]
    return "\n".join(
        [
            *modules,
            f'ServerRoot "{folder}"',
            f'PidFile "{folder}/apache.pid"',
            f'DefaultRuntimeDir "{folder}"',
            "ErrorLog /dev/stderr",
            "LogLevel warn auth_openidc:info",
            f"Listen 127.0.0.1:{port}",
            "ServerName 127.0.0.1",
            "User www-data",
            "Group www-data",
            "StartServers 1",
            "ServerLimit 1",
            site,
        ]
    )
