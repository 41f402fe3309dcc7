"""What is heard of letters, and the addresses that get none."""

import sqlalchemy as sa
from alembic import op

from service.store.schema import Exact, Instant

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "suppressions",
        sa.Column("canonical", Exact, nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("since", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("canonical", name="pk_suppressions"),
    )
    op.create_index("ix_suppressions_expires_at", "suppressions", ["expires_at"])
    op.create_table(
        "mail_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", Exact, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("canonical", Exact, nullable=False),
        sa.Column("row_id", sa.Uuid(), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mail_events"),
        sa.UniqueConstraint("key", name="uq_mail_events_key"),
    )
    op.create_index("ix_mail_events_canonical_at", "mail_events", ["canonical", "at"])
    op.create_index("ix_mail_events_user_id_at", "mail_events", ["user_id", "at"])
    op.create_index("ix_mail_events_at", "mail_events", ["at"])
    known = sa.text("user_id IS NOT NULL")
    op.create_index("ix_outbox_user_id", "outbox", ["user_id"], postgresql_where=known, sqlite_where=known)
