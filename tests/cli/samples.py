"""What several tests of the command line look at: ended sessions, and a catalog with two of them."""

from __future__ import annotations

from pathlib import Path

from cardcat.catalog.attempts import Progress, StageRow, note_progress
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.findings import record_findings
from cardcat.catalog.items import ItemRow, add_items
from cardcat.catalog.locations import remember_location
from cardcat.catalog.sessions import SessionKey, finish_session, open_session
from cardcat.catalog.volumes import remember_device, remember_volume
from cardcat.model import (
    BackupResult,
    Counts,
    Finding,
    ItemState,
    Layout,
    Role,
    SessionResult,
    SessionStatus,
    Stage,
    Volume,
)

NOON = 1_714_564_800  # 2024-05-01 12:00:00 UTC

STAGES = (
    StageRow(Stage.SCAN, 0.25, 2, 0),
    StageRow(Stage.HASH, 0.01, 0, 0),
    StageRow(Stage.COPY, 0.5, 1, 2_500_000),
    StageRow(Stage.VERIFY, 0.125, 1, 2_500_000),
    StageRow(Stage.RECORD, 200.0, 1, 0),
)

DONE = SessionResult(
    id=7,
    destination_path="/mnt/archive",
    status=SessionStatus.COMPLETED,
    resumed=True,
    counts=Counts(scanned=1234, copied=1200, skipped=34, bytes_copied=7_000_000_000),
    files_ignored=3,
    files_excluded=0,
)
FULL = SessionResult(
    id=8,
    destination_path="/media/photographer/" + "a-very-long-name/" * 6 + "backup",
    status=SessionStatus.FAILED,
    resumed=False,
    counts=Counts(scanned=1234, copied=200, skipped=34, failed=1, pending=999, bytes_copied=1_000_000),
    files_ignored=3,
    files_excluded=0,
    message="The drive is full.",
    exit_code=10,
)
UNREADABLE = Finding("DCIM/\udcff\n.JPG", Stage.COPY, "OSError", "input/output error", failed=True)
HARMLESS = Finding("DCIM/1.JPG", Stage.METADATA, "ValueError", "broken EXIF block", attention=False)
LINK = Finding("DCIM/link", Stage.SCAN, "Link", "is a link", attention=True)


def result(*sessions: SessionResult, findings: tuple[Finding, ...] = ()) -> BackupResult:
    worst = (
        SessionStatus.COMPLETED if all(s.status == "completed" for s in sessions) else SessionStatus.FAILED
    )
    return BackupResult(worst, sessions, 7_000_000_000, 83.21649, findings)


def volume(name: str) -> Volume:
    return Volume(
        f"uuid:{name}", Path("/media/me") / name, name, "exfat", name, "/dev/sdx1", 64_000_000_000, 9
    )


def make_catalog(path: Path) -> None:
    """A catalog with a session that failed, one that was completed, and their volumes."""
    with open_catalog(path) as opened, opened.write() as c:
        device = remember_device(c, NOON)
        card = remember_volume(
            c, volume("EOS_DIGITAL"), device, NOON, uuid="11111111-0000-4000-8000-000000000000"
        )
        drive = remember_volume(
            c, volume("ARCHIVE"), device, NOON, uuid="22222222-0000-4000-8000-000000000000"
        )
        where = remember_location(c, volume_id=drive.id, uuid=None, path="photos", role=Role.BACKUP, now=NOON)
        key = SessionKey(card.id, ("DCIM", b""), where.id, Layout.TREE, ("*.LRV",))
        for status in (SessionStatus.FAILED, SessionStatus.COMPLETED):
            session = open_session(
                c,
                key,
                run_id="run",
                source_path="/media/me/EOS_DIGITAL/DCIM",
                destination_path="/media/me/ARCHIVE/photos",
                timezone="Europe/Paris",
                owner="{}",
                now=NOON,
            )
            failed = status is SessionStatus.FAILED
            items = [ItemRow("1.JPG", 1000, 0, ItemState.FAILED if failed else ItemState.SKIPPED)]
            items += [ItemRow("2.JPG", 2_500_000, 0, ItemState.VERIFIED)]
            add_items(c, session, items, NOON)
            note_progress(c, session, Progress(1, 2_500_000, 2_501_000), STAGES)
            if failed:
                trouble = Finding("1\udcff.JPG", Stage.COPY, "OSError", "Input/output error.", failed=True)
                odd = Finding("", Stage.SCAN, "ValueError", "The clock of the card is wrong.")
                record_findings(c, session, [trouble, odd], NOON)
            message = "1 file failed." if failed else None
            finish_session(
                c, session, status, message=message, is_cold=True, ignored=3, excluded=0, now=NOON + 185
            )
