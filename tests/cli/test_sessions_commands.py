"""The commands that tell of sessions, on a real catalog."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Connection

from cardcat.catalog.attempts import Progress, StageRow, note_progress
from cardcat.catalog.engine import open_catalog
from cardcat.catalog.findings import record_findings
from cardcat.catalog.items import ItemRow, add_items, set_items
from cardcat.catalog.sessions import finish_session, get_session, open_session, reopen_session, set_flow_run
from cardcat.model import (
    BackupOptions,
    BackupResult,
    Finding,
    ItemState,
    Layout,
    SessionStatus,
    Stage,
)
from cardcat.owner import owner_stamp
from tests.catalog.helpers import run
from tests.cli.conftest import Fake, Run
from tests.cli.samples import NOON
from tests.support import Desk, fill, jpeg


def test_sessions_in_json(cardcat: Run, catalog: Path) -> None:
    listed = cardcat("sessions", "list", "--catalog", str(catalog), "--json").json
    assert [row["id"] for row in listed] == [2, 1]
    assert cardcat("sessions", "list", "--catalog", str(catalog), "--json", "--limit", "1").json == listed[:1]
    shown = cardcat("sessions", "show", "1", "--catalog", str(catalog), "--json").json
    assert shown | listed[1] == shown
    assert listed[1] == {
        "id": 1,
        "status": "failed",
        "is_interrupted": False,
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
        "open_findings": 2,
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
    assert row | cardcat("sessions", "list", *where, "--json").json[0] == row
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


RUNS = ("0190aaaa-0000-7000-8000-000000000001", "0190aaaa-0000-7000-8000-000000000002")
Golden = Callable[[str, str], None]


def again(c: Connection, session: int, *, owner: str = "{}", now: int = NOON + 9_000) -> None:
    row = get_session(c, session)
    assert row is not None
    paths = (row.source_path, row.destination_path)
    reopen_session(
        c, session, run_id="again", source_path=paths[0], destination_path=paths[1], owner=owner, now=now
    )


def finish(c: Connection, session: int, status: SessionStatus, message: str | None, now: int) -> None:
    finish_session(c, session, status, message=message, is_cold=True, ignored=3, excluded=0, now=now)


def begin(c: Connection, *, owner: str, card: str = "/media/me/EOS_DIGITAL/DCIM") -> int:
    row = get_session(c, 1)
    assert row is not None
    return open_session(
        c,
        row.key,
        run_id="other",
        source_path=card,
        destination_path=row.destination_path,
        timezone="UTC",
        owner=owner,
        now=NOON + 10_000,
    )


@pytest.fixture
def resumed(catalog: Path) -> Path:
    """The catalog with a third session: cancelled, interrupted, taken up again, seen by two Prefect runs."""
    with open_catalog(catalog) as opened, opened.write() as c:
        session = begin(c, owner="{}")
        set_flow_run(c, session, RUNS[0])
        items = [ItemRow(f"{n}.JPG", 1_000_000, 0, ItemState.PLANNED) for n in range(4)]
        add_items(c, session, items, NOON + 10_000)
        set_items(c, session, [ItemRow("0.JPG", 1_000_000, 0, ItemState.VERIFIED)], NOON + 10_060)
        note_progress(
            c, session, Progress(1, 1_000_000, 1_500_000), [StageRow(Stage.COPY, 2.0, 1, 1_000_000)]
        )
        finish(c, session, SessionStatus.CANCELLED, "Cancelled; 3 files are pending.", NOON + 10_060)
        again(c, session, now=NOON + 20_000)
        set_flow_run(c, session, RUNS[1])
        set_items(
            c,
            session,
            [
                ItemRow("1.JPG", 1_000_000, 0, ItemState.VERIFIED),
                ItemRow("2.JPG", 1_000_000, 0, ItemState.VERIFIED),
                ItemRow("3.JPG", 1_000_000, 0, ItemState.FAILED, "Input/output error."),
            ],
            NOON + 20_030,
        )
        trouble = Finding("3.JPG", Stage.COPY, "OSError", "Input/output error.", failed=True)
        odd = [Finding(f"{n}.JPG", Stage.METADATA, "Metadata", "Odd.", attention=False) for n in (1, 2)]
        record_findings(c, session, [trouble, *odd], NOON + 20_030)
        stages = [StageRow(Stage.COPY, 4.0, 2, 2_000_000), StageRow(Stage.SCAN, 0.5, 4, 0)]
        note_progress(c, session, Progress(2, 2_000_000, 3_000_000), stages)
        finish(c, session, SessionStatus.FAILED, "1 files failed, 0 are pending.", NOON + 20_030)
    return catalog


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Callable[[str | None], list[str]]:
    """Says at which address a Prefect server runs; what is returned counts how often that was asked."""
    asked: list[str] = []

    def at(address: str | None) -> list[str]:
        def find() -> str | None:
            asked.append("find")
            return address and f"{address}/api"

        monkeypatch.setattr("cardcat.server.find", find)
        return asked

    return at


def test_all_of_a_session_that_was_taken_up_again(
    cardcat: Run, resumed: Path, server: Callable[[str | None], list[str]], golden: Golden
) -> None:
    server("http://127.0.0.1:4321")
    answer = cardcat("--catalog", str(resumed), "sessions", "show", "3")
    golden("cli/sessions-show-3.txt", answer.out.replace(f" --catalog {resumed}", ""))
    assert max(map(len, answer.out.replace(f" --catalog {resumed}", "").splitlines())) <= 80

    document = cardcat("--catalog", str(resumed), "sessions", "show", "3", "--json").json
    first, second = document["timeline"]
    assert (first["status"], first["duration_seconds"], first["files_copied"]) == ("cancelled", 60, 1)
    assert (first["files_pending"], first["files_skipped"], first["bytes_read_from_source"]) == (
        3,
        0,
        1_500_000,
    )
    assert (second["status"], second["files_copied"], second["files_skipped"]) == ("failed", 2, 1)
    assert (second["bytes_copied"], second["files_failed"]) == (2_000_000, 1)
    assert [row["page"] for row in (first, second)] == [
        f"http://127.0.0.1:4321/runs/flow-run/{run}" for run in RUNS
    ]
    assert (document["page"], document["flow_run_id"]) == (second["page"], RUNS[1])
    assert second["stages"][1] == {
        "stage": "copy",
        "seconds_at_work": 4.0,
        "files": 2,
        "bytes": 2_000_000,
        "bytes_per_second": 500_000,
        "files_per_second": 0.5,
    }
    assert [(row["stage"], row["files"], row["bytes"]) for row in document["stages"]] == [
        ("scan", 4, 0),
        ("copy", 3, 3_000_000),
    ]
    assert document["findings"] == [
        {"stage": "copy", "error_type": "OSError", "open": 1, "put_right": 0, "failures": 1},
        {"stage": "metadata", "error_type": "Metadata", "open": 2, "put_right": 0, "failures": 0},
    ]
    assert [line.partition(" --catalog")[0] for line in document["next"]] == [
        "cardcat sessions errors 3",
        "cardcat sessions rerun 3",
    ]


def test_without_a_server_the_runs_are_named_and_how_to_see_them(
    cardcat: Run, resumed: Path, server: Callable[[str | None], list[str]]
) -> None:
    server(None)
    said = cardcat("--catalog", str(resumed), "sessions", "show", "3").out
    assert "cardcat server start" in said
    assert all(run in said for run in RUNS)
    assert "http" not in said
    document = cardcat("--catalog", str(resumed), "sessions", "show", "3", "--json").json
    assert (document["page"], document["timeline"][0]["page"]) == (None, None)


def test_no_server_is_asked_for_a_session_that_none_has_seen(
    cardcat: Run, catalog: Path, server: Callable[[str | None], list[str]]
) -> None:
    asked = server("http://127.0.0.1:4321")
    assert "http" not in cardcat("--catalog", str(catalog), "sessions", "show", "1").out
    assert asked == []


def test_a_list_with_all_there_is_to_tell_fits_80_columns(
    cardcat: Run, resumed: Path, golden: Golden
) -> None:
    with open_catalog(resumed) as opened, opened.write() as c:
        begin(c, owner=owner_stamp())
        begin(c, owner="{}", card="/media/me/" + "a-very-long-name/" * 9)
    said = cardcat("--catalog", str(resumed), "sessions", "list").out
    golden("cli/sessions-list-full.txt", said)
    assert max(map(len, said.splitlines())) <= 80


def test_the_widest_list_fits_80_columns(cardcat: Run, resumed: Path) -> None:
    with open_catalog(resumed) as opened, opened.write() as c:
        begin(c, owner="{}")
        for words in ("id = id + 99000", "files_copied = 100000, files_scanned = 100000"):
            c.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            for table, key in (
                ("backup_sessions", "id"),
                ("session_details", "session_id"),
                ("backup_errors", "session_id"),
            ):
                if words.startswith("id") or table == "backup_sessions":
                    c.exec_driver_sql(f"UPDATE {table} SET {words.replace('id', key)}")
            for table in ("backup_items", "session_attempts", "attempt_stages"):
                if words.startswith("id"):
                    c.exec_driver_sql(f"UPDATE {table} SET session_id = session_id + 99000")
    said = cardcat("--catalog", str(resumed), "sessions", "list").out
    assert "99004" in said
    assert "100,000" in said
    assert "interrupted" in said
    assert max(map(len, said.splitlines())) <= 80


def test_a_session_whose_process_is_gone_is_interrupted_and_the_list_changes_nothing(
    cardcat: Run, catalog: Path
) -> None:
    with open_catalog(catalog) as opened, opened.write() as c:
        alive = begin(c, owner=owner_stamp())
        dead = begin(c, owner='{"host": "gone"')
    before = catalog.read_bytes()
    where = ("--catalog", str(catalog))
    listed = {row["id"]: row for row in cardcat("sessions", "list", *where, "--json").json}
    assert (listed[alive]["status"], listed[alive]["is_interrupted"]) == ("running", False)
    assert (listed[dead]["status"], listed[dead]["is_interrupted"]) == ("running", True)

    def ids(status: str) -> list[int]:
        answer = cardcat("sessions", "list", *where, "--json", "--status", status)
        return [row["id"] for row in answer.json]

    assert ids("running") == [alive]
    assert ids("interrupted") == [dead]
    assert (ids("failed"), ids("completed"), ids("cancelled")) == ([1], [2], [])
    shown = cardcat("sessions", "show", str(dead), *where).out
    assert "Status:       interrupted\n" in shown
    assert f"To finish it:     cardcat sessions rerun {dead}" in shown
    working = cardcat("sessions", "show", str(alive), *where).out
    assert "Status:       running\n" in working
    assert "rerun" not in working
    assert catalog.read_bytes() == before


def test_sessions_of_a_card_or_to_a_drive(cardcat: Run, catalog: Path, tmp_path: Path) -> None:
    with open_catalog(catalog) as opened, opened.write() as c:
        begin(c, owner="{}", card="/media/me/EOS_DIGITAL/DCIM2")
        begin(c, owner="{}", card=str(tmp_path / "cards" / "50%_[x]"))
    (tmp_path / "link").symlink_to(tmp_path / "cards")
    where = ("--catalog", str(catalog), "--json")

    def ids(*words: str) -> list[int]:
        return [row["id"] for row in cardcat("sessions", "list", *where, *words).json]

    assert ids("--source", "/media/me/EOS_DIGITAL/DCIM") == [2, 1]
    assert ids("--source", "/media/me/EOS_DIGITAL/") == [3, 2, 1]
    assert ids("--source", "/media/me/EOS_DIGITA") == []
    assert ids("--source", str(tmp_path / "link")) == [4]
    assert ids("--source", str(tmp_path / "cards" / "50%_[x]")) == [4]
    assert ids("--source", str(tmp_path / "cards" / "50__[x]")) == []
    assert ids("--destination", "/media/me/ARCHIVE", "--status", "failed") == [1]
    assert ids("--destination", "/", "--limit", "1") == [4]
    none = cardcat("--catalog", str(catalog), "sessions", "list", "--source", "/elsewhere")
    assert (none.code, none.out) == (0, "There is no such session.\n")
    assert cardcat("--catalog", str(catalog), "sessions", "list", "--status", "odd").code == 2


def test_what_a_later_session_did_is_not_to_be_finished(cardcat: Run, catalog: Path) -> None:
    where = ("--catalog", str(catalog))
    assert cardcat("sessions", "show", "1", *where, "--json").json["later_session"] == 2
    assert "rerun" not in cardcat("sessions", "show", "1", *where).out
    with open_catalog(catalog) as opened, opened.write() as c:
        add_items(c, 2, [ItemRow("3.JPG", 1, 0, ItemState.PLANNED)], NOON)
        finish(c, 2, SessionStatus.FAILED, "Full.", NOON + 185)
    assert "cardcat sessions rerun 1" in cardcat("sessions", "show", "1", *where).out


def test_a_report_is_written_where_it_was_asked_for_and_never_over_another(
    cardcat: Run, catalog: Path, tmp_path: Path
) -> None:
    place = tmp_path / "report.html"
    words = ("--catalog", str(catalog), "sessions", "show", "1", "--report", str(place))
    assert cardcat(*words).out.endswith(f"\nReport: {place}\n")
    written = place.read_bytes()
    again = cardcat(*words)
    assert (again.code, again.out) == (2, "")
    assert "nothing is ever overwritten" in again.err
    assert place.read_bytes() == written
    place.unlink()
    assert cardcat(*words, "--json").json["report"] == str(place)
    assert cardcat(*words[:-2], "--json").json["report"] is None
    assert place.read_bytes()[:15] == written[:15]
    missing = cardcat(
        "--catalog", str(catalog), "sessions", "show", "9", "--report", str(tmp_path / "no.html")
    )
    assert missing.code == 2
    assert not (tmp_path / "no.html").exists()


def test_a_report_needs_nothing_that_is_slow_to_load(catalog: Path, tmp_path: Path) -> None:
    code = (
        "import sys; from cardcat.cli.main import main; main(sys.argv[1:]);"
        "print([name for name in ('prefect', 'polars', 'pandera', 'PIL') if name in sys.modules])"
    )
    place = str(tmp_path / "report.html")
    done = run(code, "--catalog", str(catalog), "sessions", "show", "1", "--report", place)
    assert done.stdout.splitlines()[-1] == "[]", done.stderr
