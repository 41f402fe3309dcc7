"""A copy of SQLite made by SQLite itself while readers come and go is whole."""

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import func, select

from service.store.database import open_engine
from service.store.schema import AuditRow, UserRow
from service.store.store import SqlStore
from tests.store.conftest import NOW, a_user

WRITES = 40


@pytest.mark.case("FLT-24")
def test_a_backup_made_under_load_holds_whole_transactions(sqlite_url: str, tmp_path: Path) -> None:
    store = SqlStore(open_engine(sqlite_url))
    under_way = threading.Event()

    def write() -> None:
        for number in range(WRITES):
            user = a_user(f"reader{number}@example.org")
            with store.write() as uow:
                uow.users.add(user)
                uow.audit.record("user.created", at=NOW, user_id=user.id)
            if number == 5:
                under_way.set()

    writer = threading.Thread(target=write)
    writer.start()
    assert under_way.wait(timeout=20)
    source = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), timeout=20)
    copy = sqlite3.connect(tmp_path / "copy.db")
    source.backup(copy, pages=10, sleep=0.001)
    writer.join()
    assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    copy.close()
    source.close()
    store.engine.dispose()

    restored = open_engine(f"sqlite:///{tmp_path / 'copy.db'}")
    with restored.connect() as connection:
        users, events = (
            connection.scalar(select(func.count()).select_from(table)) for table in (UserRow, AuditRow)
        )
    restored.dispose()
    assert 5 < users == events
