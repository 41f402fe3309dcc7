"""Accounts, identities, sign-ups, sessions, the outbox and the audit trail."""

import sqlalchemy as sa
from alembic import op

from service.store.schema import Consent, Exact, Instant, Strings

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("canonical", Exact, nullable=False),
        sa.Column("email_verified_at", Instant(), nullable=True),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("locale", sa.String(), nullable=True),
        sa.Column("roles", Strings(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("credential_epoch", sa.Integer(), nullable=False),
        sa.Column("reset_letter", sa.Uuid(), nullable=True),
        sa.Column("newsletter", Consent(), nullable=True),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("canonical", name="uq_users_canonical"),
    )
    op.create_table(
        "identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("issuer", Exact, nullable=False),
        sa.Column("subject", Exact, nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_identities"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_identities_user_id", ondelete="CASCADE"),
        sa.UniqueConstraint("issuer", "subject", name="uq_identities_issuer_subject"),
        sa.UniqueConstraint("user_id", "provider", name="uq_identities_user_id_provider"),
    )
    op.create_table(
        "pending_signups",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("canonical", Exact, nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("binding_hash", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("locale", sa.String(), nullable=True),
        sa.Column("next", sa.String(), nullable=True),
        sa.Column("newsletter", Consent(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pending_signups"),
    )
    op.create_index("ix_pending_signups_canonical", "pending_signups", ["canonical"])
    op.create_index("ix_pending_signups_expires_at", "pending_signups", ["expires_at"])
    op.create_table(
        "sessions",
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("amr", Strings(), nullable=False),
        sa.Column("remember", sa.Boolean(), nullable=False),
        sa.Column("ip", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("auth_time", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_seen_at", Instant(), nullable=False),
        sa.Column("idle_until", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("secret_hash", name="pk_sessions"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_sessions_user_id", ondelete="CASCADE"),
        sa.UniqueConstraint("id", name="uq_sessions_id"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"])
    op.create_index("ix_sessions_idle_until", "sessions", ["idle_until"])
    op.create_table(
        "outbox",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("letter", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("canonical", Exact, nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("context", sa.JSON(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("rendered_at", Instant(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("settled_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
    )
    waiting = sa.text("settled_at IS NULL")
    op.create_index(
        "ix_outbox_waiting", "outbox", ["priority", "due_at"], postgresql_where=waiting, sqlite_where=waiting
    )
    op.create_index("ix_outbox_canonical_created_at", "outbox", ["canonical", "created_at"])
    op.create_index("ix_outbox_settled_at", "outbox", ["settled_at"])
    op.create_table(
        "audit_events",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("ip", sa.String(), nullable=False),
        sa.Column("agent", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_events"),
    )
    op.create_index("ix_audit_events_user_id_at", "audit_events", ["user_id", "at"])
