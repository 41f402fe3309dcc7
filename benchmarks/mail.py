"""Letters: the service's worker beside what Flask-Mail and smtplib do with the same sink, and claiming from a queue.

Each function runs in a process of its own and returns one figure.
"""

import smtplib
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, sleep
from uuid import UUID

from flask import Flask
from flask_mail import Mail, Message
from sqlalchemy import func, insert, select

from benchmarks.measures import Samples
from config.settings import load_settings
from service.core.values import Priority, User, new_id
from service.store.schema_mail import OutboxTable
from service.wiring import Masthead, assemble
from tests.delivery.mails import mail
from tests.support.environment import service_environment
from tests.support.processes import end_group, free_port

ROOT = Path(__file__).parents[1]
HOUR = timedelta(hours=1)
BATCH = 10_000
CLAIMS = 50


def letters(database_url: str, count: int, rounds: int, elsewhere: Executor) -> dict[str, Samples]:
    """Send `count` letters each way, in turns; rates are letters a second."""
    found = {name: Samples() for name in ("letters, service", "letters, Flask-Mail", "letters, smtplib")}
    with sink() as port:
        url = f"smtp://127.0.0.1:{port}"
        settings = service_environment(database_url, url, rate_limit_scale=1_000_000)
        for _ in range(rounds):
            found["letters, service"].rates.append(elsewhere.submit(drained, settings, count).result())
            found["letters, Flask-Mail"].rates.append(elsewhere.submit(plain_loop, port, count).result())
            found["letters, smtplib"].rates.append(elsewhere.submit(ready_bytes, port, count).result())
    return found


def drained(settings: Mapping[str, str], count: int) -> float:
    """Queue reset letters for readers who exist, and let a worker send them."""
    masthead = assemble(load_settings(settings))
    _queue(masthead, count)
    stop = threading.Event()
    worker = threading.Thread(target=masthead.worker.run, args=(stop,))
    begin = perf_counter()
    worker.start()
    while _waiting(masthead):
        sleep(0.05)
    seconds = perf_counter() - begin
    stop.set()
    worker.join()
    masthead.store.engine.dispose()
    return count / seconds


def plain_loop(port: int, count: int) -> float:
    """Send by Flask-Mail as its documentation does: one connection, a message each."""
    app = Flask(__name__)
    app.config.update(MAIL_SERVER="127.0.0.1", MAIL_PORT=port)
    flask_mail, letter = Mail(app), mail()
    begin = perf_counter()
    with app.app_context(), flask_mail.connect() as connection:
        for _ in range(count):
            message = Message(letter.subject, [letter.to], letter.text, letter.html, sender=letter.sender)
            connection.send(message)
    return count / (perf_counter() - begin)


def ready_bytes(port: int, count: int) -> float:
    """Send the same ready bytes over and over: the least SMTP from Python can cost."""
    text = b"Subject: x\r\n\r\n" + b"x" * 60 + b"\r\n" * 60
    begin = perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as client:
        for _ in range(count):
            client.sendmail("a@example.org", ["b@example.org"], text)
    return count / (perf_counter() - begin)


def claim(settings: Mapping[str, str], waiting: int) -> float:
    """Fill the queue; return the median of the milliseconds one claim takes, commit included."""
    masthead = assemble(load_settings(settings))
    now = datetime.now(UTC)
    with masthead.store.engine.execution_options(masthead_write=True).begin() as connection:
        for start in range(0, waiting, BATCH):
            connection.execute(
                insert(OutboxTable), [_row(now, number) for number in range(start, start + BATCH)]
            )
    taken = []
    for _ in range(CLAIMS):
        begin = perf_counter()
        with masthead.store.write() as uow:
            assert len(uow.outbox.claim(now, lease=HOUR, limit=8)) == 8
        taken.append(perf_counter() - begin)
    masthead.store.engine.dispose()
    return median(taken) * 1000


@contextmanager
def sink() -> Iterator[int]:
    """Run the mail server that keeps nothing."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.sink", str(port)], cwd=ROOT, start_new_session=True
    )
    try:
        for _ in range(200):
            with suppress(OSError), smtplib.SMTP("127.0.0.1", port):
                break
            sleep(0.05)
        yield port
    finally:
        end_group(process)


def _queue(masthead: Masthead, count: int) -> None:
    now = datetime.now(UTC)
    with masthead.store.write() as uow:
        for _ in range(count):
            address = f"{new_id().hex}@example.org"
            uow.users.add(User(new_id(), address, address, now, email_verified_at=now, name="Ada"))
            uow.outbox.add(
                "password_reset",
                address=address,
                canonical=address,
                at=now,
                expires_in=HOUR,
                priority=Priority.RESET,
                context={"next": None, "locale": "en"},
            )


def _waiting(masthead: Masthead) -> int:
    with masthead.store.engine.connect() as connection:
        waiting = select(func.count()).where(OutboxTable.settled_at.is_(None))
        return int(connection.execute(waiting).scalar_one())


def _row(now: datetime, number: int) -> dict[str, object]:
    row_id: UUID = new_id()
    address = f"{number}@example.org"
    return {
        "id": row_id,
        "letter": "password_reset",
        "address": address,
        "canonical": address,
        "context": {},
        "priority": int(Priority.NOTICE),
        "due_at": now,
        "fence": 0,
        "attempts": 0,
        "answer": "",
        "created_at": now,
        "expires_at": now + HOUR,
    }
