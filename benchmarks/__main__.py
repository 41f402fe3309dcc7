"""`python -m benchmarks` measures for about four minutes, `--short` for less than one."""

import argparse
import multiprocessing
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import mail, report, servers
from benchmarks.measures import Contest, Pace
from benchmarks.readers import seed
from benchmarks.servers import Server
from config.server import THREADS
from tests.support.databases import PostgresDatabases, SqliteDatabases
from tests.support.environment import service_environment
from tests.support.postgres import QUICK, PostgresServer

PRODUCTION_HASH = {"argon2_time_cost": 2, "argon2_memory_kib": 19456}
A_LOOK = ["--pairs", "300", "--door", "reset", "--database", "sqlite"]
NOBODYS_MAIL = "smtp://127.0.0.1:9"  # no worker runs: letters wait in the outbox


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    pace: Pace
    readers: int
    starts: int
    checks: int
    letters: int
    waiting: int


WHOLE = Plan(
    Pace(rounds=5, quick=1.0, slow=2.0),
    readers=10_000,
    starts=5,
    checks=100_000,
    letters=10_000,
    waiting=1_000_000,
)
SHORT = Plan(
    Pace(rounds=2, quick=0.4, slow=1.0), readers=1_000, starts=2, checks=2_000, letters=500, waiting=20_000
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="benchmarks", description="Measure against what this machine can do."
    )
    parser.add_argument("--short", action="store_true", help="fewer and shorter bursts")
    parser.add_argument("--sqlite", action="store_true", help="leave PostgreSQL out")
    parser.add_argument("--mail", action="store_true", help="measure letters only")
    chosen = parser.parse_args()
    plan = SHORT if chosen.short else WHOLE
    pace = plan.pace
    settings = [
        f"one web process, {THREADS} threads; Argon2id {PRODUCTION_HASH['argon2_memory_kib'] // 1024} MiB/2/1",
        f"{plan.readers:,} readers, {pace.rounds} rounds of {pace.quick} s (sign-ins, sign-ups: {pace.slow} s)",
        "16 connections (8); figures are medians; ratios are medians of rounds, and what counts",
    ]
    print(report.of_machine(settings))
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="masthead-bench-")))
        senders = stack.enter_context(ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")))
        databases = {"SQLite, synchronous=FULL": SqliteDatabases(folder).new(folder)}
        if not chosen.sqlite:
            databases[f"PostgreSQL, {', '.join(QUICK[:3])}"] = stack.enter_context(postgres())
        for title, url in databases.items():
            print(report.heading(title))
            if not chosen.mail:
                measure(url, plan, senders, durable=url.startswith("sqlite"))
            measure_mail(url, plan, senders)
    if not (chosen.short or chosen.mail):
        print("\nTiming equality, a look (python -m tests.timing is the whole of it)", flush=True)
        subprocess.run([sys.executable, "-m", "tests.timing", *A_LOOK], cwd=servers.ROOT, check=False)


def measure_mail(database_url: str, plan: Plan, senders: ProcessPoolExecutor) -> None:
    """Letters to a sink, and claims from a long queue."""
    found = mail.letters(database_url, plan.letters, min(plan.pace.rounds, 3), senders)
    settings = service_environment(database_url, NOBODYS_MAIL)
    claimed = senders.submit(mail.claim, settings, plan.waiting).result()
    print(*report.of_mail(found, plan.letters, claimed, plan.waiting), sep="\n", flush=True)


def measure(database_url: str, plan: Plan, senders: ProcessPoolExecutor, *, durable: bool) -> None:
    """Run one contest and print its part of the table."""
    settings = service_environment(database_url, NOBODYS_MAIL, rate_limit_scale=1_000_000, **PRODUCTION_HASH)
    readers = seed(settings, plan.readers)
    first_answer = cold_start(settings, plan.starts)
    with ExitStack() as stack:
        contestants: dict[str, Server] = {
            "service": stack.enter_context(servers.service(settings)),
            "sketch": stack.enter_context(servers.bare("sketch", database_url)),
            "Flask view": stack.enter_context(servers.bare("flask_app", database_url)),
        }
        idle = contestants["service"].memory
        contest = Contest(contestants, readers, senders, plan.pace)
        found = contest.run()
        contest.checks(plan.checks)
        loaded = contestants["service"].memory
    print(file=sys.stderr)
    print(*report.of_database(found, durable=durable), *report.of_refusals(found), sep="\n")
    print(*report.of_process(first_answer, idle, loaded), sep="\n", flush=True)


def cold_start(settings: dict[str, str], times: int) -> float:
    """Start the service a few times; return the median of the seconds to the first answer, compiled code in place."""
    taken = []
    for _ in range(times + 1):
        with servers.service(settings) as server:
            taken.append(server.first_answer)
    return median(taken[1:])


@contextmanager
def postgres() -> Iterator[str]:
    """A fresh database on a PostgreSQL of our own."""
    server = PostgresServer()
    try:
        server.start()
        yield PostgresDatabases(server).new()
    finally:
        server.close()


if __name__ == "__main__":
    main()
