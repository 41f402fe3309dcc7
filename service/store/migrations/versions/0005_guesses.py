"""Wrong passwords in a row, counted across restarts."""

import sqlalchemy as sa
from alembic import op

from service.store.schema import Instant

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "guesses",
        sa.Column("address_hash", sa.LargeBinary(), nullable=False),
        sa.Column("device_hash", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("address_hash", "device_hash", name="pk_guesses"),
    )
    op.create_index("ix_guesses_expires_at", "guesses", ["expires_at"])
