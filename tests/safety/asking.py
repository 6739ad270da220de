"""The verdict as the tests ask for it."""

from __future__ import annotations

from pathlib import Path

from cardcat.reporting import Reporter
from cardcat.safety.answer import Verdict
from cardcat.safety.verdict import safe_to_format
from cardcat.storage.disk import Disk
from tests.support import Desk


def judged(
    desk: Desk,
    copies: int = 1,
    *,
    full: bool = False,
    source: Path | None = None,
    trust_offline: int | None = None,
    reporter: Reporter | None = None,
    disk: Disk | None = None,
) -> Verdict:
    return safe_to_format(
        source or desk.card,
        catalog=str(desk.catalog),
        copies=copies,
        full=full,
        trust_offline=trust_offline,
        reporter=reporter,
        disk=disk,
    )


def reasons(found: Verdict) -> str:
    return "\n".join(f"{reason.path}: {reason.reason}" for reason in found.reasons)
