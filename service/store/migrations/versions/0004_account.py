"""Change of address with its undo, sign-in links, accounts that are to be erased, known browsers."""

import sqlalchemy as sa
from alembic import op

from service.store.schema import Exact, Instant

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("users", sa.Column("login_letter", sa.Uuid(), nullable=True))
    op.add_column("users", sa.Column("email_letter", sa.Uuid(), nullable=True))
    op.add_column("users", sa.Column("erases_at", Instant(), nullable=True))
    doomed = sa.text("erases_at IS NOT NULL")
    op.create_index(
        "ix_users_erases_at", "users", ["erases_at"], postgresql_where=doomed, sqlite_where=doomed
    )
    op.create_table(
        "email_undos",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("canonical", Exact, nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_email_undos"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_email_undos_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_email_undos_user_id", "email_undos", ["user_id"])
    op.create_index("ix_email_undos_expires_at", "email_undos", ["expires_at"])
    op.create_table(
        "devices",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "secret_hash", name="pk_devices"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_devices_user_id", ondelete="CASCADE"),
    )
    op.create_index("ix_devices_last_used_at", "devices", ["last_used_at"])
