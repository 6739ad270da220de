from __future__ import annotations

import io
import sys

import pytest

from cardcat import reporting
from cardcat.cli.progress import FINDINGS_SHOWN, Bar, Told, Work, telling
from cardcat.model import BackupResult, Counts, Finding, SessionResult, SessionStatus, Stage


class Clock:
    """A clock that goes when a test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def finding(number: int, *, failed: bool = False, attention: bool = True) -> Finding:
    return Finding(f"DCIM/{number}.JPG", Stage.COPY, "OSError", "input/output error", None, failed, attention)


def result(session: int) -> BackupResult:
    ended = SessionResult(
        session,
        "/mnt/a",
        SessionStatus.FAILED,
        resumed=False,
        counts=Counts(),
        files_ignored=0,
        files_excluded=0,
    )
    return BackupResult(SessionStatus.FAILED, (ended,), 0, 0.0)


def test_a_line_for_each_stage_and_one_every_ten_seconds(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    told = Told(clock)
    told.begin(Stage.SCAN, files=0, size=0)
    told.begin(Stage.COPY, files=4000, size=7_000_000_000)
    for _ in range(30):
        clock.now += 1
        told.advance(files=10, size=17_500_000)
    assert capsys.readouterr().err.splitlines() == [
        "Scanning",
        "Copying: 4,000 files, 7.0 GB",
        "Copying: 100/4,000 files, 175.0 MB/7.0 GB, 17.5 MB/s, 6 min 30 s left",
        "Copying: 200/4,000 files, 350.0 MB/7.0 GB, 17.5 MB/s, 6 min 20 s left",
        "Copying: 300/4,000 files, 525.0 MB/7.0 GB, 17.5 MB/s, 6 min 10 s left",
    ]


def test_a_second_round_of_a_stage_adds_to_it(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    told = Told(clock)
    told.begin(Stage.COPY, files=10, size=0)
    told.begin(Stage.COPY, files=5, size=0)
    clock.now += 10
    told.advance(files=3, size=0)
    assert capsys.readouterr().err.splitlines() == ["Copying: 10 files", "Copying: 3/15 files, 40 s left"]


def test_numbers_say_what_is_known() -> None:
    assert Work(Stage.SCAN, 0, 0, 0.0, files_done=1234).numbers(5.0) == "1,234 files"
    assert Work(Stage.COPY, 2, 100, 0.0).numbers(0.0) == "0/2 files"
    assert Work(Stage.COPY, 2, 100, 0.0, 2, 100).numbers(10.0) == "2/2 files, 100 B/100 B, 10 B/s"


def test_a_scan_that_counts_sizes_has_no_rate() -> None:
    assert Work(Stage.SCAN, 0, 0, 0.0, 1234, 10**9).numbers(5.0) == "1,234 files, 1.0 GB"


def test_progress_without_a_stage_is_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    told = Told(clock)
    told.advance(files=1, size=1)
    told.begin(Stage.COPY, files=4, size=0)
    clock.now += 10
    told.advance(files=1, size=0)
    assert capsys.readouterr().err.splitlines() == ["Copying: 4 files", "Copying: 1/4 files, 30 s left"]


def test_rate_and_time_left_are_those_of_the_stage_at_work(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    told = Told(clock)
    told.begin(Stage.HASH, files=1, size=1000)
    clock.now += 5000
    told.advance(files=1, size=1000)
    told.begin(Stage.COPY, files=100, size=100_000_000)
    clock.now += 10
    told.advance(files=10, size=10_000_000)
    assert capsys.readouterr().err.splitlines()[-1] == (
        "Copying: 10/100 files, 10.0 MB/100.0 MB, 1.0 MB/s, 1 min 30 s left"
    )


def test_time_counts_from_when_the_extent_of_a_stage_is_known(capsys: pytest.CaptureFixture[str]) -> None:
    clock = Clock()
    told = Told(clock)
    told.begin(Stage.HASH, files=0, size=0)
    clock.now += 5000
    told.begin(Stage.HASH, files=2, size=2000)
    clock.now += 10
    told.advance(files=1, size=1000)
    assert capsys.readouterr().err.splitlines() == [
        "Comparing: 2 files, 2.0 KB",
        "Comparing: 1/2 files, 1.0 KB/2.0 KB, 100 B/s, 10 s left",
    ]


def test_a_stage_with_nothing_to_do_is_not_named(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told(Clock())
    for stage in (Stage.SCAN, Stage.SCAN, Stage.HASH, Stage.COPY):
        told.begin(stage, files=0, size=0)
    assert capsys.readouterr().err == "Scanning\n"


def test_the_first_findings_are_said_and_the_rest_counted(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told()
    for number in range(FINDINGS_SHOWN + 5):
        told.finding(finding(number, failed=number == 0))
    told.finding(finding(99, attention=False))
    told.finished(result(7))
    told.close()
    told.close()
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "not backed up: DCIM/0.JPG: input/output error"
    assert lines[1] == "warning: DCIM/1.JPG: input/output error"
    assert lines[FINDINGS_SHOWN:] == ["… and 5 more: cardcat sessions errors 7"]


def test_a_note_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    told = Told()
    told.note("The server does not answer.")
    told.note("The server does not answer.")
    assert capsys.readouterr().err == "The server does not answer.\n"


def test_inside_of_telling_the_reporter_is_the_current_one() -> None:
    with telling() as told:
        assert reporting.current() is told
    assert reporting.current() is not told


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    clock = Clock()
    with telling() as told:
        assert isinstance(told, Bar)
        told._clock = clock
        told.begin(Stage.SCAN, files=0, size=0)
        told.begin(Stage.COPY, files=10, size=1000)
        clock.now += 10
        told.advance(files=5, size=500)
        told.finding(finding(1))
    shown = terminal.getvalue()
    assert "5/10 files, 500 B/1.0 KB, 50 B/s, 10 s left" in shown
    assert "warning: DCIM/1.JPG: input/output error" in shown


@pytest.mark.parametrize("term", ["dumb", "unknown"])
def test_a_terminal_that_can_do_nothing_gets_lines(monkeypatch: pytest.MonkeyPatch, term: str) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("TERM", term)
    with telling() as told:
        assert not isinstance(told, Bar)
