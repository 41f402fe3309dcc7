"""`python -m tests.timing`: the full method, on both databases, with production's hashes.

Per kind of account 3000 pairs with an unknown address, over one keep-alive connection. It takes a while and
wants a quiet machine; `--pairs 500 --door reset --database sqlite` is a look. Exit status 1 when some kind
can be told apart by time.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.adapters.passwords.argon2id import Argon2id
from service.store.database import open_engine
from service.store.store import SqlStore
from tests.support.databases import PostgresDatabases, SqliteDatabases
from tests.support.live import LiveService
from tests.support.postgres import PostgresServer
from tests.support.smtp import SmtpSink
from tests.timing.doors import DOORS, NOBODY, add_crowd, asking
from tests.timing.paired import Limits, compare

PRODUCTION = Argon2id(time_cost=2, memory_kib=19456, parallelism=1)
ACCOUNTS = 200
WARM_UP = 200


@contextmanager
def fresh_database(kind: str) -> Iterator[str]:
    """A migrated database of a kind."""
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as template:
            yield SqliteDatabases(Path(template)).new(Path(folder))
        return
    server = PostgresServer()
    try:
        server.start()
        yield PostgresDatabases(server).new()
    finally:
        server.close()


def judge(database_url: str, doors: list[str], pairs: int) -> bool:
    """Measure, print a line a kind, and say whether every kind passed."""
    store = SqlStore(open_engine(database_url))
    add_crowd(store, PRODUCTION, each=ACCOUNTS)
    store.engine.dispose()
    settings = {
        "argon2_time_cost": PRODUCTION.time_cost,
        "argon2_memory_kib": PRODUCTION.memory_kib,
        "rate_limit_scale": 10**7,
    }
    passed = True
    with (
        LiveService(database_url, SmtpSink(), worker="process", **settings) as service,
        asking(service.url, ACCOUNTS) as asker,
    ):
        for name in doors:
            times = asker.measure(DOORS[name], pairs, WARM_UP)
            for kind in DOORS[name].kinds:
                comparison = compare(times[NOBODY], times[kind])
                objections = comparison.objections(Limits())
                passed = passed and not objections
                print(f"  {name:7} {kind:13} {'no' if objections else 'ok'}  {comparison}", flush=True)
    return passed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.timing", description=__doc__)
    parser.add_argument("--pairs", type=int, default=3000)
    parser.add_argument("--door", choices=DOORS, action="append", help="by default all")
    parser.add_argument(
        "--database", choices=["sqlite", "postgresql"], action="append", help="by default both"
    )
    options = parser.parse_args()
    passed = True
    for kind in options.database or ["sqlite", "postgresql"]:
        print(f"{kind}: each kind of account against an unknown address", flush=True)
        with fresh_database(kind) as url:
            passed = judge(url, options.door or list(DOORS), options.pairs) and passed
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
