"""`python -m benchmarks` measures for about eight minutes, `--short` for less than one and a half."""

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import mail, report, servers
from benchmarks.measures import EVERYDAY, Contest, Pace, Samples
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
    many_readers: int = 0


WHOLE = Plan(
    Pace(rounds=5, quick=1.0, slow=2.0),
    readers=10_000,
    starts=5,
    checks=100_000,
    letters=10_000,
    waiting=1_000_000,
    many_readers=1_000_000,
)
SHORT = Plan(
    Pace(rounds=2, quick=0.4, slow=1.0), readers=10_000, starts=2, checks=2_000, letters=500, waiting=20_000
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
        senders = stack.enter_context(open_senders())
        databases: dict[str, Callable[[], str]] = {"SQLite, synchronous=FULL": partial(sqlite, folder)}
        if not chosen.sqlite:
            databases[f"PostgreSQL, {', '.join(QUICK[:3])}"] = stack.enter_context(postgres())
        for title, new in databases.items():
            print(report.heading(title))
            url = new()
            if not chosen.mail:
                measure(url, new, plan, senders)
            measure_mail(url, plan, senders)
    if not (chosen.short or chosen.mail):
        print("\nTiming equality, a look (python -m tests.timing is the whole of it)", flush=True)
        subprocess.run([sys.executable, "-m", "tests.timing", *A_LOOK], cwd=servers.ROOT, check=False)


def open_senders() -> ProcessPoolExecutor:
    """What sends the load, and does what is compared with: in sessions of their own, as the servers are.

    Linux first shares the processors among sessions (sched_autogroup), then inside of each.
    """
    spawn = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(2, mp_context=spawn, initializer=os.setsid)


def measure_mail(database_url: str, plan: Plan, senders: ProcessPoolExecutor) -> None:
    """Letters to a sink, and claims from a long queue."""
    found = mail.letters(database_url, plan.letters, min(plan.pace.rounds, 3), senders)
    settings = service_environment(database_url, NOBODYS_MAIL)
    claimed = senders.submit(mail.claim, settings, plan.waiting).result()
    print(*report.of_mail(found, plan.letters, claimed, plan.waiting), sep="\n", flush=True)


def settings_for(database_url: str) -> dict[str, str]:
    return service_environment(database_url, NOBODYS_MAIL, rate_limit_scale=1_000_000, **PRODUCTION_HASH)


def measure(database_url: str, new: Callable[[], str], plan: Plan, senders: ProcessPoolExecutor) -> None:
    """Run one contest and print its part of the table; `new` makes another database of the same kind."""
    settings = settings_for(database_url)
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
        loaded, crowded = contestants["service"].memory, contest.crowd()
        durable = database_url.startswith("sqlite")
        print(file=sys.stderr)
        print(*report.of_database(found, durable=durable), *report.of_refusals(found), sep="\n")
        print(*report.of_process(first_answer, idle, loaded, crowded), sep="\n", flush=True)
        if plan.many_readers:
            grown = growth(contest, settings_for(new()), plan)
            print(file=sys.stderr)
            print(*report.of_growth(grown, plan.readers, plan.many_readers), sep="\n", flush=True)


def growth(small: Contest, settings: dict[str, str], plan: Plan) -> dict[str, tuple[Samples, Samples]]:
    """Measure beside a service with many accounts."""
    readers = seed(settings, plan.many_readers)
    with servers.service(settings) as server:
        large = Contest({"service": server}, readers, small.senders, plan.pace)
        large.warm_up()
        found = {work: (Samples(), Samples()) for work in EVERYDAY}
        for work in EVERYDAY * plan.pace.rounds:
            for contest, samples in zip((small, large), found[work], strict=True):
                samples.add(contest.everyday(work))
    return found


def cold_start(settings: dict[str, str], times: int) -> float:
    """Start the service a few times; return the median of the seconds to the first answer, compiled code in place."""
    taken = []
    for _ in range(times + 1):
        with servers.service(settings) as server:
            taken.append(server.first_answer)
    return median(taken[1:])


def sqlite(folder: Path) -> str:
    """A fresh database in a file of its own."""
    return SqliteDatabases(folder).new(Path(tempfile.mkdtemp(dir=folder)))


@contextmanager
def postgres() -> Iterator[Callable[[], str]]:
    """What makes fresh databases on a PostgreSQL of our own."""
    server = PostgresServer()
    try:
        server.start()
        yield PostgresDatabases(server).new
    finally:
        server.close()


if __name__ == "__main__":
    main()
