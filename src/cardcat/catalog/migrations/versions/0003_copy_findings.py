"""What was found wrong with copies when they were read again, and which physical disk a volume is on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add tables; those that are there keep every row and column."""
    op.create_table(
        "volume_disks",
        sa.Column(
            "volume_id",
            _BIG,
            sa.ForeignKey("volumes.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("disk", sa.Text, nullable=False),
    )
    op.create_table(
        "copy_findings",
        sa.Column("id", _BIG, primary_key=True, autoincrement=True),
        sa.Column(
            "file_location_id", _BIG, sa.ForeignKey("file_locations.id", ondelete="CASCADE"), nullable=False
        ),
        sa.Column("trouble", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.Column("expected_hash", sa.Text, nullable=False),
        sa.Column("observed_hash", sa.Text),
        sa.Column("observed_size", _BIG),
        sa.Column("found_at", _BIG, nullable=False),
        sa.Column("resolved_at", _BIG),
        sa.Column("resolution", sa.Text),
        sa.CheckConstraint("trouble IN ('damaged', 'missing', 'unreadable')", name="trouble"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "copy_checks",
        sa.Column(
            "file_location_id",
            _BIG,
            sa.ForeignKey("file_locations.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("checked_at", _BIG, nullable=False),
    )
    op.create_index(
        "ix_copy_findings_file_location_id_resolved_at", "copy_findings", ["file_location_id", "resolved_at"]
    )
