"""Redis as larger sites run it, in the smallest form: a server watched by a Sentinel, and a cluster of one."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import redis

from tests.support.processes import free_port
from tests.support.redis_server import RedisServer

PASSWORD = "open, sesame/"
NAME = "counters"
T = TypeVar("T")


class WatchedRedis:
    """A server with a password, and a Sentinel without one that says where it is."""

    def __init__(self, folder: Path) -> None:
        self.server = RedisServer(password=PASSWORD)
        settings = folder / "sentinel.conf"
        settings.write_text(
            f"sentinel monitor {NAME} 127.0.0.1 {self.server.port} 1\n"
            f'sentinel auth-pass {NAME} "{PASSWORD}"\n'
        )
        self.sentinel = RedisServer(str(settings), "--sentinel")
        login = f":{quote(PASSWORD, safe='')}"
        self.url = f"redis+sentinel://{login}@127.0.0.1:{self.sentinel.port}/{NAME}?sentinel_password="

    def start(self) -> None:
        self.server.start()
        self.sentinel.start()

    def stop(self) -> None:
        self.sentinel.stop()
        self.server.stop()


class RedisCluster:
    """One server that holds every slot."""

    def __init__(self, folder: Path) -> None:
        port = until(free_port, lambda port: port < 55_536)  # its bus listens 10,000 above
        nodes = folder / "nodes.conf"
        self.server = RedisServer(
            *("--cluster-enabled", "yes", "--cluster-config-file", str(nodes)), port=port, password=PASSWORD
        )
        self.url = f"redis+cluster://:{quote(PASSWORD, safe='')}@127.0.0.1:{port}"

    def start(self) -> None:
        self.server.start()
        with redis.Redis.from_url(self.server.url) as connection:
            connection.execute_command("CLUSTER", "ADDSLOTS", *range(16384))
            until(lambda: connection.cluster("info")["cluster_state"], lambda state: state == "ok")

    def stop(self) -> None:
        self.server.stop()


def until(look: Callable[[], T], good: Callable[[T], bool]) -> T:
    """Look until what is seen is good."""
    deadline = time.monotonic() + 10
    while not good(seen := look()):
        assert time.monotonic() < deadline, seen
        time.sleep(0.02)
    return seen
