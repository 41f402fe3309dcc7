"""The OpenID provider: clients, signing keys, grants, tokens, consents."""

import sqlalchemy as sa
from alembic import op

from service.store.schema import Exact, Instant, Strings

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    _clients_and_keys()
    _grants()
    _tokens_and_consents()


def _clients_and_keys() -> None:
    op.create_table(
        "oauth_clients",
        sa.Column("id", Exact, nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("auth", sa.String(), nullable=False),
        sa.Column("grants", Strings(), nullable=False),
        sa.Column("scopes", Strings(), nullable=False),
        sa.Column("redirect_uris", Strings(), nullable=False),
        sa.Column("post_logout_redirect_uris", Strings(), nullable=False),
        sa.Column("audiences", Strings(), nullable=False),
        sa.Column("first_party", sa.Boolean(), nullable=False),
        sa.Column("backchannel_logout_uri", sa.String(), nullable=True),
        sa.Column("jwks", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("earlier_secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("earlier_secret_until", Instant(), nullable=True),
        sa.Column("disabled_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_clients"),
    )
    op.create_table(
        "oauth_keys",
        sa.Column("generation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kid", sa.String(), nullable=False),
        sa.Column("algorithm", sa.String(), nullable=False),
        sa.Column("public", sa.JSON(), nullable=False),
        sa.Column("private", sa.String(), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.Column("active_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("generation", name="pk_oauth_keys"),
        sa.UniqueConstraint("kid", name="uq_oauth_keys_kid"),
    )


def _grants() -> None:
    op.create_table(
        "oauth_grants",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", Exact, nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=True),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("scopes", Strings(), nullable=False),
        sa.Column("auth_time", Instant(), nullable=False),
        sa.Column("amr", Strings(), nullable=False),
        sa.Column("redirect_uri", sa.String(), nullable=False),
        sa.Column("challenge", sa.String(), nullable=False),
        sa.Column("nonce", sa.String(), nullable=True),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_expires_at", Instant(), nullable=False),
        sa.Column("redeemed_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_oauth_grants"),
        sa.UniqueConstraint("code_hash", name="uq_oauth_grants_code_hash"),
        _of_client("oauth_grants"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_oauth_grants_user_id", ondelete="CASCADE"),
    )
    for column in ("client_id", "user_id", "session_id", "expires_at"):
        op.create_index(f"ix_oauth_grants_{column}", "oauth_grants", [column])


def _tokens_and_consents() -> None:
    op.create_table(
        "oauth_refresh_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash", name="pk_oauth_refresh_tokens"),
        _of_grant("oauth_refresh_tokens"),
    )
    op.create_index("ix_oauth_refresh_tokens_grant_id", "oauth_refresh_tokens", ["grant_id"])
    op.create_table(
        "oauth_access_tokens",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("client_id", Exact, nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("scopes", Strings(), nullable=False),
        sa.Column("audience", Strings(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("token_hash", name="pk_oauth_access_tokens"),
        _of_client("oauth_access_tokens"),
        _of_grant("oauth_access_tokens"),
    )
    for column in ("client_id", "grant_id", "expires_at"):
        op.create_index(f"ix_oauth_access_tokens_{column}", "oauth_access_tokens", [column])
    op.create_table(
        "oauth_consents",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", Exact, nullable=False),
        sa.Column("scopes", Strings(), nullable=False),
        sa.Column("granted_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("user_id", "client_id", name="pk_oauth_consents"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_oauth_consents_user_id", ondelete="CASCADE"),
        _of_client("oauth_consents"),
    )
    op.create_index("ix_oauth_consents_client_id", "oauth_consents", ["client_id"])


def _of_client(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_client_id"
    return sa.ForeignKeyConstraint(["client_id"], ["oauth_clients.id"], name=name, ondelete="CASCADE")


def _of_grant(table: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_grant_id"
    return sa.ForeignKeyConstraint(["grant_id"], ["oauth_grants.id"], name=name, ondelete="CASCADE")
