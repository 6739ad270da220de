"""`cardcat backup` and `cardcat safe-to-format` without the work itself: what goes in, what comes out."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from cardcat import reporting, stopping
from cardcat.model import (
    BackupOptions,
    BackupResult,
    Counts,
    Layout,
    Preview,
    SessionResult,
    SessionStatus,
)
from tests.cli.conftest import Fake, Run
from tests.cli.samples import DONE, FULL, HARMLESS, LINK, UNREADABLE, result

Golden = Callable[[str, str], None]


def ended(status: SessionStatus, code: int = 0) -> SessionResult:
    return dataclasses.replace(DONE, status=status, exit_code=code)


@pytest.fixture
def answers(fake: Fake) -> Callable[[BackupResult], list[tuple[BackupOptions, str | None]]]:
    """Let both ways to back up give this result, and note what they were asked."""

    def install(given: BackupResult) -> list[tuple[BackupOptions, str | None]]:
        asked: list[tuple[BackupOptions, str | None]] = []

        def direct(options: BackupOptions, *, catalog: str | None, stop: Callable[[], bool]) -> BackupResult:
            assert stop is stopping.stop_requested
            asked.append((options, catalog))
            for finding in given.findings:
                reporting.current().finding(finding)
            reporting.current().finished(given)
            return given

        def flow(options: BackupOptions, catalog: str | None) -> BackupResult:
            asked.append((options, f"flow: {catalog}"))
            return given

        fake("cardcat.backup", backup=direct)
        fake("cardcat.prefect_run", run_flow=flow)
        return asked

    return install


Answers = Callable[[BackupResult], list[tuple[BackupOptions, str | None]]]


def test_the_options_arrive(
    cardcat: Run, answers: Answers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answers(result(DONE))
    monkeypatch.chdir(tmp_path)
    words = "--layout tree --timezone Europe/Paris --recheck --exclude *.LRV --exclude tmp --catalog c.db"
    assert cardcat("backup", "card\udcff", "a", "/b", "--direct", *words.split()).code == 0
    options = BackupOptions(
        source=tmp_path / "card\udcff",
        destinations=(tmp_path / "a", Path("/b")),
        layout=Layout.TREE,
        timezone="Europe/Paris",
        excludes=("*.LRV", "tmp"),
        recheck=True,
    )
    assert asked == [(options, "c.db")]


def test_without_direct_it_is_a_flow(cardcat: Run, answers: Answers) -> None:
    asked = answers(result(DONE))
    cardcat("backup", "/card", "/mnt/archive", "--catalog", "/c.db")
    assert asked == [(BackupOptions(Path("/card"), (Path("/mnt/archive"),)), "flow: /c.db")]


def test_json_has_the_published_shape(cardcat: Run, answers: Answers) -> None:
    answers(result(DONE, findings=(HARMLESS, UNREADABLE)))
    document = cardcat("backup", "/card", "/mnt/archive", "--direct", "--json").json
    assert document == {
        "status": "completed",
        "sessions": [
            {
                "id": 7,
                "destination_path": "/mnt/archive",
                "status": "completed",
                "resumed": True,
                "files_scanned": 1234,
                "files_copied": 1200,
                "files_skipped": 34,
                "files_failed": 0,
                "files_pending": 0,
                "files_ignored": 3,
                "bytes_copied": 7_000_000_000,
                "files_not_in_mhl": 0,
                "mhl_error": None,
                "mhl_hint": None,
                "error_message": None,
            }
        ],
        "bytes_read_from_source": 7_000_000_000,
        "duration_seconds": 83.216,
        "findings": [
            {
                "path": "DCIM/1.JPG",
                "stage": "metadata",
                "error_type": "ValueError",
                "message": "broken EXIF block",
            },
            {
                "path": "DCIM/\\xff\n.JPG",
                "path_b64": base64.b64encode(b"DCIM/\xff\n.JPG").decode(),
                "stage": "copy",
                "error_type": "OSError",
                "message": "input/output error",
            },
        ],
        "flow_run_id": None,
    }


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (result(DONE), 0),
        (result(DONE, findings=(HARMLESS,)), 0),
        (result(DONE, findings=(UNREADABLE,)), 1),
        (result(DONE, findings=(dataclasses.replace(HARMLESS, attention=True),)), 1),
        (result(ended(SessionStatus.FAILED)), 1),
        (result(DONE, FULL), 10),
        (result(FULL, ended(SessionStatus.CANCELLED)), 10),
        (result(ended(SessionStatus.CANCELLED), findings=(UNREADABLE,)), 130),
        (result(FULL, ended(SessionStatus.FAILED, 3)), 3),
        (result(FULL, ended(SessionStatus.FAILED, 20)), 20),
        (result(), 0),
    ],
)
def test_the_exit_code_is_that_of_the_worst(
    cardcat: Run, answers: Answers, given: BackupResult, code: int
) -> None:
    answers(given)
    assert cardcat("backup", "/card", "/mnt/archive", "--direct").code == code
    assert cardcat("backup", "/card", "/mnt/archive", "--direct", "--json").code == code


def test_what_a_person_reads(cardcat: Run, answers: Answers, golden: Golden) -> None:
    answers(result(DONE))
    answer = cardcat("backup", "/media/me/EOS 5D", "/mnt/archive", "--direct")
    golden("cli/backup.txt", answer.out)
    assert answer.err == ""


def test_what_a_person_reads_if_a_drive_was_full(cardcat: Run, answers: Answers, golden: Golden) -> None:
    answers(result(DONE, FULL, findings=(UNREADABLE,)))
    answer = cardcat(
        "backup", "/card", "/mnt/archive", FULL.destination_path, "--direct", "--catalog", "/c.db"
    )
    golden("cli/backup-full-drive.txt", answer.out)
    assert answer.err == "not backed up: DCIM/\\xff\\n.JPG: input/output error\n"


def test_a_completed_backup_says_what_needs_a_look(cardcat: Run, answers: Answers) -> None:
    other = dataclasses.replace(LINK, path="DCIM/pipe")
    answers(result(DONE, findings=(LINK, LINK, other, HARMLESS)))
    answer = cardcat("backup", "/card", "/mnt/archive", "--direct")
    assert answer.code == 1
    assert "\n2 files need a look:  cardcat sessions errors 7\nSafe to format?" in answer.out
    answers(result(DONE, findings=(LINK,)))
    answer = cardcat("backup", "/card", "/mnt/archive", "--direct")
    assert "\n1 file needs a look:  cardcat sessions errors 7\n" in answer.out


def test_a_card_that_was_pulled(cardcat: Run, answers: Answers) -> None:
    sentence = "The source /card is gone: it was unplugged. (0 failed, 999 pending)"
    pulled = dataclasses.replace(
        FULL, counts=Counts(scanned=1234, copied=235, pending=999), message=sentence, exit_code=3
    )
    answers(result(dataclasses.replace(pulled, id=7, destination_path="/mnt/archive"), pulled))
    words = ("backup", "/card", "/mnt/archive", FULL.destination_path, "--direct")
    plain, with_json = cardcat(*words), cardcat(*words, "--json")
    assert (plain.code, with_json.code) == (3, 3)
    assert f"/mnt/archive: {sentence}\n" in plain.out
    assert plain.out.endswith(
        "Put the card back, then:  cardcat sessions rerun 7\n"
        "Put the card back, then:  cardcat sessions rerun 8\n"
    )
    document = with_json.json
    assert document["status"] == "failed"
    assert [session["error_message"] for session in document["sessions"]] == [sentence, sentence]
    assert document["sessions"][1]["files_pending"] == 999


def test_the_page_of_the_run_is_named(cardcat: Run, answers: Answers, fake: Fake) -> None:
    answers(dataclasses.replace(result(DONE), flow_run_id="0192-abc"))
    fake("cardcat.server", status=lambda: SimpleNamespace(ui_url="http://127.0.0.1:4200"))
    answer = cardcat("backup", "/card", "/mnt/archive")
    assert "http://127.0.0.1:4200/runs/flow-run/0192-abc" in answer.out
    fake("cardcat.server", status=lambda: SimpleNamespace(ui_url=None))
    assert "page" not in cardcat("backup", "/card", "/mnt/archive").out


def test_a_dry_run_says_what_would_be_done(cardcat: Run, fake: Fake, golden: Golden) -> None:
    def preview(options: BackupOptions, catalog: str | None) -> list[Preview]:
        assert catalog == "/c.db"
        return [
            Preview("/mnt/archive", 1234, 1200, 7_000_000_000, 30, 500_000_000_000, files_to_read=4),
            Preview("/mnt/\udcff", 1234, 1234, 8_000_000_000, 0, 1_000_000_000),
        ]

    fake("cardcat.backup", preview=preview)
    words = ("backup", "/card", "/mnt/archive", "/mnt/\udcff", "--dry-run", "--catalog", "/c.db")
    plain, document = cardcat(*words), cardcat(*words, "--json").json
    assert plain.code == 0
    golden("cli/backup-dry-run.txt", plain.out)
    assert document["dry_run"] is True
    assert document["destinations"][1] == {
        "destination_path": "/mnt/\\xff",
        "destination_path_b64": base64.b64encode(b"/mnt/\xff").decode(),
        "files_scanned": 1234,
        "files_to_copy": 1234,
        "bytes_to_copy": 8_000_000_000,
        "files_to_skip": 0,
        "files_to_read": 0,
        "free_bytes": 1_000_000_000,
    }
