"""The commands that tell of sessions, on a real catalog."""

from __future__ import annotations

import base64
import os
from pathlib import Path

import pytest

from cardcat.catalog.engine import open_catalog
from cardcat.catalog.findings import record_findings
from cardcat.catalog.items import ItemRow, add_items
from cardcat.catalog.sessions import finish_session
from cardcat.model import (
    BackupOptions,
    BackupResult,
    Finding,
    ItemState,
    Layout,
    SessionStatus,
    Stage,
)
from tests.cli.conftest import Fake, Run
from tests.cli.samples import NOON
from tests.support import Desk, fill, jpeg


def test_sessions_in_json(cardcat: Run, catalog: Path) -> None:
    listed = cardcat("sessions", "list", "--catalog", str(catalog), "--json").json
    assert [row["id"] for row in listed] == [2, 1]
    assert cardcat("sessions", "list", "--catalog", str(catalog), "--json", "--limit", "1").json == listed[:1]
    assert cardcat("sessions", "show", "1", "--catalog", str(catalog), "--json").json == listed[1]
    assert listed[1] == {
        "id": 1,
        "status": "failed",
        "source_path": "/media/me/EOS_DIGITAL/DCIM",
        "destination_path": "/media/me/ARCHIVE/photos",
        "layout": "tree",
        "timezone": "Europe/Paris",
        "excludes": ["*.LRV"],
        "started_at": NOON,
        "completed_at": NOON + 185,
        "duration_seconds": 185,
        "files_scanned": 2,
        "files_copied": 1,
        "files_skipped": 0,
        "files_failed": 1,
        "files_pending": 0,
        "files_ignored": 3,
        "files_excluded": 0,
        "bytes_copied": 2_500_000,
        "attempts": 1,
        "is_cold": True,
        "error_message": "1 file failed.",
        "flow_run_id": None,
    }


@pytest.mark.parametrize("number", ["3", str(2**63 - 1), str(2**63), "9" * 40])
@pytest.mark.parametrize("command", ["show", "errors", "rerun"])
def test_a_session_that_there_is_not(cardcat: Run, catalog: Path, command: str, number: str) -> None:
    answer = cardcat("sessions", command, number, "--catalog", str(catalog))
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.endswith("hint: List them: cardcat sessions list\n")


def test_errors_in_json(cardcat: Run, catalog: Path) -> None:
    first, second = cardcat("sessions", "errors", "1", "--catalog", str(catalog), "--json").json
    assert (first["path"], first["path_b64"]) == ("1\\xff.JPG", "Mf8uSlBH")
    assert (first["stage"], first["message"], first["is_failure"]) == ("copy", "Input/output error.", True)
    assert (second["path"], second["is_failure"]) == ("", False)
    assert cardcat("sessions", "errors", "2", "--catalog", str(catalog), "--json").json == []


def test_paths_that_are_no_text_are_told_exactly(cardcat: Run, tmp_path: Path, fake: Fake) -> None:
    desk = Desk(tmp_path)
    card = fill(tmp_path / "card\udcff", {"1.JPG": jpeg(1)})
    desk.backup("drive\udcfe", source=card)
    where = ("--catalog", str(desk.catalog))
    row = cardcat("sessions", "show", "1", *where, "--json").json
    assert row == cardcat("sessions", "list", *where, "--json").json[0]
    assert row["source_path"] == f"{tmp_path}/card\\xff"
    assert base64.b64decode(row["source_path_b64"]) == os.fsencode(card)
    assert row["destination_path"] == f"{tmp_path}/drive\\xfe"
    assert base64.b64decode(row["destination_path_b64"]) == os.fsencode(tmp_path / "drive\udcfe")

    asked: list[BackupOptions] = []

    def run_flow(options: BackupOptions, _: str | None) -> BackupResult:
        asked.append(options)
        return BackupResult(SessionStatus.COMPLETED, (), 0, 0.0)

    fake("cardcat.prefect_run", run_flow=run_flow)
    assert cardcat("sessions", "rerun", "1", *where).code == 0
    assert (asked[0].source, asked[0].destinations) == (card, (tmp_path / "drive\udcfe",))


def test_where_an_error_was_is_told_exactly(cardcat: Run, catalog: Path) -> None:
    drive = "/media/me/ARCHIVE/photos"
    with open_catalog(catalog) as opened, opened.write() as c:
        finding = Finding("1.JPG", Stage.VERIFY, "Mismatch", "Differs.", destination=drive, failed=True)
        record_findings(c, 2, [finding], NOON)
    (error,) = cardcat("sessions", "errors", "2", "--catalog", str(catalog), "--json").json
    assert error["destination_path"] == drive


def test_a_session_that_failed_as_a_whole_says_why(cardcat: Run, catalog: Path) -> None:
    with open_catalog(catalog) as opened, opened.write() as c:
        add_items(c, 2, [ItemRow("3.JPG", 1, 0, ItemState.PLANNED)], NOON)
        message = "The drive is full. (0 failed, 1 pending)"
        finish_session(
            c, 2, SessionStatus.FAILED, message=message, is_cold=True, ignored=0, excluded=0, now=NOON
        )
    answer = cardcat("sessions", "errors", "2", "--catalog", str(catalog))
    assert answer.out == f"Session 2: {message}\nNothing went wrong with any single file of session 2.\n"


def test_what_was_excluded_is_counted(cardcat: Run, catalog: Path) -> None:
    with open_catalog(catalog) as opened, opened.write() as c:
        finish_session(
            c, 2, SessionStatus.COMPLETED, message=None, is_cold=True, ignored=0, excluded=1234, now=NOON
        )
    assert "\nExcluded:     1,234\n" in cardcat("sessions", "show", "2", "--catalog", str(catalog)).out


def test_a_rerun_is_the_same_order(cardcat: Run, catalog: Path, fake: Fake) -> None:
    asked: list[tuple[BackupOptions, str | None]] = []

    def run_flow(options: BackupOptions, where: str | None) -> BackupResult:
        asked.append((options, where))
        return BackupResult(SessionStatus.COMPLETED, (), 0, 0.0)

    fake("cardcat.prefect_run", run_flow=run_flow)
    answer = cardcat("sessions", "rerun", "1", "--catalog", str(catalog), "--json")
    assert answer.json["status"] == "completed"
    options = BackupOptions(
        source=Path("/media/me/EOS_DIGITAL/DCIM"),
        destinations=(Path("/media/me/ARCHIVE/photos"),),
        layout=Layout.TREE,
        timezone="Europe/Paris",
        excludes=("*.LRV",),
        rerun=1,
    )
    assert asked == [(options, str(catalog))]
