"""Answers kept under an Idempotency-Key; the audit trail by the page and by kind."""

import sqlalchemy as sa
from alembic import op

from service.store.schema import Exact, Instant

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_index("ix_audit_events_at_id", "audit_events", ["at", "id"])
    op.create_index("ix_audit_events_kind_at", "audit_events", ["kind", "at"])
    op.create_table(
        "idempotent_answers",
        sa.Column("client_id", Exact, nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "key_hash", name="pk_idempotent_answers"),
        sa.ForeignKeyConstraint(
            ["client_id"], ["oauth_clients.id"], name="fk_idempotent_answers_client_id", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_idempotent_answers_user_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_idempotent_answers_user_id", "idempotent_answers", ["user_id"])
    op.create_index("ix_idempotent_answers_expires_at", "idempotent_answers", ["expires_at"])
