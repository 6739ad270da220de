"""Journals of sessions that found nothing new: rows that say what an earlier session says are in no index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """
    The index over states was read once a session, and each row was in it with all of its path.

    The one over copies grew by a row a file with each session of a card, anywhere in it.
    """
    op.drop_index("ix_backup_items_session_id_state_size", table_name="backup_items")
    op.drop_index("ix_backup_items_file_location_id", table_name="backup_items")
    op.add_column(
        "backup_items", sa.Column("is_repeat", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.create_index(
        "ix_backup_items_file_location_id",
        "backup_items",
        ["file_location_id"],
        sqlite_where=sa.text("is_repeat = 0"),
        postgresql_where=sa.text("NOT is_repeat"),
    )
