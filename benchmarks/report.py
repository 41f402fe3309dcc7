"""The table people read: figures, ratios, and the goals of the performance specification beside them."""

import os
import platform
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from benchmarks.measures import Samples

LIBRARIES = ("granian", "flask", "sqlalchemy", "psycopg", "pynacl")


@dataclass(frozen=True)
class Line:
    """One line of the table. `met` is None where there is no goal."""

    work: str
    figure: str
    beside: str = ""
    goal: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        verdict = {None: "", True: "met", False: "NOT MET"}[self.met]
        return f"  {self.work:<34}{self.figure:<34}{self.beside:<26}{self.goal:<14}{verdict}".rstrip()


def heading(title: str) -> str:
    """The title of a table with the names of its columns."""
    return f"\n{title}\n{Line('', 'answers/s    p50 ms    p99 ms', 'ratio', 'goal')}"


def of_machine(settings: Sequence[str]) -> str:
    """Say what was measured on, and with what."""
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return (
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before, {platform.system()}, Python"
        f" {platform.python_version()}, SQLite {sqlite3.sqlite_version}, {libraries}\n{'; '.join(settings)}"
    )


def of_database(found: Mapping[str, Samples], *, durable: bool) -> Iterator[Line]:
    """The lines of one database. Where commits do not wait for the disk the goal for resets does not apply."""
    service = found["checks, service"]
    to_sketch, to_view = service.ratio(found["checks, sketch"]), service.ratio(found["checks, Flask view"])
    yield Line(
        "session checks", _figures(service), f"{to_sketch:.2f} of the sketch", ">= 0.60", to_sketch >= 0.6
    )
    yield Line("", "", f"{to_view:.1f} times a Flask view")
    yield Line("  the bare WSGI sketch", _figures(found["checks, sketch"]))
    yield Line("  the bare Flask view", _figures(found["checks, Flask view"]))
    yield from _of_services(found)
    to_raw = found["sign-ins"].ratio(found["raw hashes"])
    yield Line(
        "sign-ins", _figures(found["sign-ins"]), f"{to_raw:.2f} of the raw hash", ">= 0.95", to_raw >= 0.95
    )
    yield Line("  raw Argon2id on all cores", f"{found['raw hashes'].rate:9,.1f}")
    busy, idle = found["checks, busy"], found["checks, idle"]
    to_idle, slowest = busy.ratio(idle), busy.percentile(0.99)
    yield Line(
        "checks while sign-ins saturate", _figures(busy), f"{to_idle:.2f} of idle", ">= 0.40", to_idle >= 0.4
    )
    yield Line("", "", f"p99 {slowest:.1f} ms", "<= 15 ms", slowest <= 15)
    for name in ("known", "unknown"):
        resets = found[f"resets, {name}"]
        goal = (">= 1,000/s", resets.rate >= 1000) if durable else ("", None)
        to_raw = resets.ratio(found["raw commits"])
        beside = f"{to_raw:.2f} of raw commits" if durable else ""
        yield Line(f"reset requests, {name} addresses", _figures(resets), beside, *goal)
    if durable:
        yield Line("  raw commits, one writer", f"{found['raw commits'].rate:9,.1f}")
    yield Line("sign-ups", _figures(found["sign-ups"]))


def _of_services(found: Mapping[str, Samples]) -> Iterator[Line]:
    """What other services ask, beside the same ceilings."""
    proxies, view = found["proxies"], found["checks, Flask view"]
    to_sketch = proxies.ratio(found["checks, sketch"])
    yield Line(
        "/forward-auth", _figures(proxies), f"{to_sketch:.2f} of the sketch", ">= 0.60", to_sketch >= 0.6
    )
    for work, name in (("/oauth/introspect", "introspection"), ("/oauth/token", "tokens")):
        asked = found[name]
        yield Line(work, _figures(asked), f"{asked.ratio(view):.2f} of the Flask view")


def of_refusals(found: Mapping[str, Samples]) -> Iterator[Line]:
    """Say which requests got a 503: where other work starves the hash pool, nobody waits longer than it allows."""
    for name, samples in found.items():
        if refused := sum(samples.refused):
            yield Line(f"  503 to {name}", f"{refused:9,}")


def of_mail(found: Mapping[str, Samples], count: int, claimed: float, waiting: int) -> Iterator[Line]:
    """Letters a second to a sink on this machine, and what one claim takes while others wait."""
    service = found["letters, service"]
    to_loop = service.ratio(found["letters, Flask-Mail"])
    figure = f"{service.rate:9,.1f}"
    yield Line(
        f"letters, {count:,} drained", figure, f"{to_loop:.2f} of Flask-Mail", ">= 500/s", service.rate >= 500
    )
    yield Line("  Flask-Mail's plain loop", f"{found['letters, Flask-Mail'].rate:9,.1f}")
    yield Line("  smtplib, ready bytes", f"{found['letters, smtplib'].rate:9,.1f}")
    yield Line(f"a claim while {waiting:,} wait", f"{claimed:9.2f} ms", "", "<= 20 ms", claimed <= 20)


def of_growth(found: Mapping[str, tuple[Samples, Samples]], few: int, many: int) -> Iterator[Line]:
    """What is left of each rate where there are many accounts."""
    for work, (small, large) in found.items():
        kept = large.ratio(small)
        beside = f"{kept:.2f} of at {few:,}"
        yield Line(f"{work}, {many:,} accounts", _figures(large), beside, ">= 0.95", kept >= 0.95)


def of_process(first_answer: float, idle: float, loaded: float, crowded: float) -> Iterator[Line]:
    """Start and memory of the service. Hashes at once, 19 MiB each, and their threads are all a crowd may add."""
    yield Line(
        "first answer after a cold start", f"{first_answer:9.2f} s", "", "<= 0.5 s", first_answer <= 0.5
    )
    yield Line("worker memory, idle", f"{idle:9.1f} MiB", "", "<= 70 MiB", idle <= 70)
    yield Line("worker memory, after the load", f"{loaded:9.1f} MiB", f"{loaded - idle:+.1f} MiB")
    more, room = crowded - loaded, 19 * (os.cpu_count() or 1) + 100
    yield Line(
        "worker memory, 500 sign in at once",
        f"{crowded:9.1f} MiB",
        f"{more:+.1f} MiB",
        f"<= +{room} MiB",
        more <= room,
    )


def _figures(samples: Samples) -> str:
    return f"{samples.rate:9,.1f} {samples.percentile(0.5):9.2f} {samples.percentile(0.99):9.2f}"
