"""What the parts below do by themselves: Argon2id on every core, and commits that wait for the disk.

The hashing threads step back as the service's do: at full priority they would take from whatever else runs on the
machine what the service's leave to it, and the ratio would measure the neighbours.
"""

import sqlite3
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from time import perf_counter

from nacl import pwhash

from config import cores
from service.adapters.passwords.pool import step_back


def hashes(stored: str, password: str, seconds: float) -> float:
    """Verify a hash over and over on all cores; return verifications a second."""
    end = perf_counter() + seconds
    threads = cores.count()

    def verify_until_end() -> int:
        done = 0
        while pwhash.argon2id.verify(stored.encode(), password.encode()) and perf_counter() < end:
            done += 1
        return done

    with ThreadPoolExecutor(threads, initializer=step_back, initargs=(cores.allowed(),)) as pool:
        futures = [pool.submit(verify_until_end) for _ in range(threads)]
        return sum(future.result() for future in futures) / seconds


def commits(seconds: float) -> float:
    """Insert one small row a transaction into a SQLite file with `synchronous=FULL`; return commits a second."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "commits.db"
        with closing(sqlite3.connect(file, isolation_level=None)) as connection:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("CREATE TABLE letters (id INTEGER PRIMARY KEY, text TEXT)")
            done, end = 0, perf_counter() + seconds
            while perf_counter() < end:
                connection.execute("INSERT INTO letters (text) VALUES (?)", ("x" * 300,))
                done += 1
    return done / seconds
