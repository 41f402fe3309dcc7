"""The schema grows from nothing to what the code needs: once, whoever asks and however often."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import alembic.op
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text

from service.core.errors import Unavailable
from service.store.database import open_engine
from service.store.migrations import current_revision, newest_revision, require_current, upgrade
from service.store.migrations.versions import __path__ as versions
from service.store.schema import Table
from tests.support.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database without a single table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/empty.db"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.url(server.new_database())


@pytest.fixture
def engine(empty: str) -> Iterator[Engine]:
    opened = open_engine(empty)
    yield opened
    opened.dispose()


def tables(engine: Engine) -> set[str]:
    return set(inspect(engine).get_table_names())


def test_an_empty_database_becomes_exactly_what_the_tables_say(engine: Engine) -> None:
    upgrade(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, Table.metadata) == []
    assert tables(engine) == {*Table.metadata.tables, "alembic_version"}


def test_every_constraint_and_index_is_in_the_database(engine: Engine) -> None:
    upgrade(engine)
    found = inspect(engine)
    for table in Table.metadata.sorted_tables:
        indexes = {(i["name"], tuple(i["column_names"])) for i in found.get_indexes(table.name)}
        for index in table.indexes:
            assert (index.name, tuple(column.name for column in index.columns)) in indexes
        nullable = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert nullable == {column.name: column.nullable for column in table.columns}
        assert found.get_pk_constraint(table.name)["constrained_columns"] == [
            column.name for column in table.primary_key
        ]


def test_canonical_addresses_are_compared_byte_by_byte(engine: Engine) -> None:
    upgrade(engine)
    if engine.dialect.name == "postgresql":
        found = "SELECT collation_name FROM information_schema.columns WHERE column_name = 'canonical'"
        with engine.connect() as connection:
            assert set(connection.execute(text(found)).scalars()) == {"C"}
    else:
        with engine.connect() as connection:
            assert connection.execute(text("SELECT 'k' = 'K', 'ı' = 'i'")).one() == (0, 0)
            schema = "SELECT sql FROM sqlite_master WHERE name = 'users'"
            assert "NOCASE" not in str(connection.execute(text(schema)).scalar())


def test_upgrading_twice_is_upgrading_once(engine: Engine) -> None:
    upgrade(engine)
    upgrade(engine)
    assert current_revision(engine) == newest_revision()
    require_current(engine)


@pytest.mark.case("FLT-36")
@pytest.mark.parametrize("nodes", [2, 4])
def test_nodes_that_upgrade_at_once_do_it_once(empty: str, nodes: int) -> None:
    engines = [open_engine(empty) for _ in range(nodes)]
    with ThreadPoolExecutor(nodes) as pool:
        for done in [pool.submit(upgrade, engine) for engine in engines]:
            done.result(timeout=30)
    assert {current_revision(engine) for engine in engines} == {newest_revision()}
    with engines[0].connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM alembic_version")).scalar() == 1
    for engine in engines:
        engine.dispose()


class PowerCut(Exception):
    """The end, in the middle of something."""


@pytest.mark.case("FLT-36")
@pytest.mark.parametrize("step", [1, 4, 8])
def test_an_upgrade_that_died_half_way_leaves_nothing_and_can_be_repeated(
    engine: Engine, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = iter(range(1, 100))

    def dying(work: Callable[..., object]) -> Callable[..., object]:
        def operation(*arguments: object, **options: object) -> object:
            if next(steps) == step:
                raise PowerCut
            return work(*arguments, **options)

        return operation

    with monkeypatch.context() as patched:
        for name in ("create_table", "create_index"):
            patched.setattr(f"alembic.op.{name}", dying(getattr(alembic.op, name)))
        with pytest.raises(PowerCut):
            upgrade(engine)
    assert current_revision(engine) is None
    assert tables(engine) <= {"alembic_version"}
    upgrade(engine)
    require_current(engine)


def test_an_empty_database_is_not_ready(engine: Engine) -> None:
    with pytest.raises(Unavailable):
        require_current(engine)


def test_every_migration_file_is_on_the_way_to_the_newest() -> None:
    files = sorted(file.stem.split("_")[0] for file in Path(versions[0]).glob("[0-9]*.py"))
    assert files[-1] == newest_revision()
    assert len(files) == len(set(files))


def test_rebuilding_the_accounts_keeps_what_points_to_them(engine: Engine) -> None:
    _upgrade_to(engine, "0001")
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO users (id, email, canonical, roles, credential_epoch, created_at, updated_at)"
                " VALUES ('00000000000000000000000000000001', 'ada@example.org', 'ada@example.org', '[]', 0,"
                " '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO identities (id, user_id, provider, issuer, subject, created_at) VALUES"
                " ('00000000000000000000000000000002', '00000000000000000000000000000001', 'google', 'i', 's',"
                " '2026-01-01 00:00:00')"
            )
        )
    upgrade(engine)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT subject FROM identities")).scalars().all() == ["s"]
        if engine.dialect.name == "sqlite":
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1


def _upgrade_to(engine: Engine, revision: str) -> None:
    """Bring a database to an older revision, as an older version of the code did."""
    config = Config()
    config.set_main_option("script_location", str(Path(versions[0]).parent))
    config.set_main_option("path_separator", "os")
    with engine.execution_options(masthead_write=True).begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
