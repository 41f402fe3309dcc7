"""Sign-in with other providers; an account may come from one that tells no address."""

import sqlalchemy as sa
from alembic import op

from service.store.schema import Exact, Instant

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("users") as users:
        users.alter_column("email", existing_type=sa.String(), nullable=True)
        users.alter_column("canonical", existing_type=Exact, nullable=True)
    op.add_column("identities", sa.Column("refresh_token", sa.String(), nullable=True))
    op.add_column("identities", sa.Column("blocked_at", Instant(), nullable=True))
    op.create_table(
        "provider_attempts",
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("next", sa.String(), nullable=True),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("handle_hash", sa.LargeBinary(), nullable=True),
        sa.Column("parked", sa.String(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name="pk_provider_attempts"),
        sa.UniqueConstraint("handle_hash", name="uq_provider_attempts_handle_hash"),
    )
    op.create_index("ix_provider_attempts_expires_at", "provider_attempts", ["expires_at"])
    op.create_table(
        "pending_identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("issuer", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("canonical", Exact, nullable=False),
        sa.Column("name", sa.String(), nullable=True),
        sa.Column("refresh_token", sa.String(), nullable=True),
        sa.Column("next", sa.String(), nullable=True),
        sa.Column("locale", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pending_identities"),
    )
    op.create_index("ix_pending_identities_browser_hash", "pending_identities", ["browser_hash"])
    op.create_index("ix_pending_identities_canonical", "pending_identities", ["canonical"])
    op.create_index("ix_pending_identities_expires_at", "pending_identities", ["expires_at"])
    op.create_table(
        "spent_tokens",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_spent_tokens"),
    )
    op.create_index("ix_spent_tokens_expires_at", "spent_tokens", ["expires_at"])
