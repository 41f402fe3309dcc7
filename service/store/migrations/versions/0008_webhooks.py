"""Webhooks, the events that are kept for them, and lanes: rows of the outbox that go one after the other."""

import sqlalchemy as sa
from alembic import op

from service.store.schema import Exact, Instant, Strings

revision = "0008"
down_revision = "0007"

TURN = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WAITING_IN_LANE = "settled_at IS NULL AND lane IS NOT NULL"


def upgrade() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("events", Strings(), nullable=False),
        sa.Column("secret", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("earlier_secret", sa.String(), nullable=True),
        sa.Column("earlier_until", Instant(), nullable=True),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.Column("disabled_by", sa.String(), nullable=True),
        sa.Column("failing_since", Instant(), nullable=True),
        sa.Column("trouble", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_webhooks"),
    )
    op.create_table(
        "webhook_events",
        sa.Column("turn", TURN, nullable=False, autoincrement=True),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("turn", name="pk_webhook_events"),
        sa.UniqueConstraint("id", name="uq_webhook_events_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_webhook_events_user_id", "webhook_events", ["user_id"])
    op.create_index("ix_webhook_events_at", "webhook_events", ["at"])
    op.add_column("outbox", sa.Column("lane", Exact, nullable=True))
    op.add_column("outbox", sa.Column("turn", TURN, nullable=True))
    op.create_index(
        "uq_outbox_lane_turn",
        "outbox",
        ["lane", "turn"],
        unique=True,
        postgresql_where=sa.text(WAITING_IN_LANE),
        sqlite_where=sa.text(WAITING_IN_LANE),
    )
