"""Recordings that were not ended are found without a look at the details of all others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Each backup asks for them: with a large catalog, that took longer than to copy a card."""
    op.create_index(
        "ix_media_details_unfinished",
        "media_details",
        ["unfinished"],
        sqlite_where=sa.text("unfinished IS NOT NULL"),
        postgresql_where=sa.text("unfinished IS NOT NULL"),
    )
