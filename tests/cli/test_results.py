"""What a person may want to type after a backup."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from pathlib import Path

import pytest

from cardcat.cli.results import next_steps, show, typed
from cardcat.model import (
    INCOMPLETE,
    BackupOptions,
    Counts,
    Finding,
    SessionResult,
    Stage,
)
from cardcat.paths import display
from cardcat.safety.answer import Reason
from cardcat.summary import summary_markdown
from tests.cli.samples import DONE, FULL, LINK, result


def steps(*sessions: SessionResult, findings: tuple[Finding, ...] = ()) -> list[str]:
    return next_steps(result(*sessions, findings=findings), "/card", "/c.db", None)


def test_a_finding_is_shown_in_one_place_that_has_it() -> None:
    second = dataclasses.replace(DONE, id=9, destination_path="/mnt/safe")
    assert steps(DONE, second, findings=(LINK,))[:-1] == [
        "1 file needs a look:  cardcat sessions errors 7 --catalog /c.db"
    ]
    here = dataclasses.replace(LINK, destination="/mnt/safe")
    assert steps(DONE, second, findings=(here,))[:-1] == [
        "1 file needs a look:  cardcat sessions errors 9 --catalog /c.db"
    ]
    assert steps(DONE, FULL, findings=(LINK,))[0] == (
        "What went wrong:  cardcat sessions errors 8 --catalog /c.db"
    )


def test_there_is_no_way_to_where_nothing_is_told() -> None:
    full = dataclasses.replace(FULL, counts=Counts(scanned=2, copied=1, pending=1))
    assert steps(full) == ["To finish it:     cardcat sessions rerun 8 --catalog /c.db"]
    assert steps(FULL)[0] == "What went wrong:  cardcat sessions errors 8 --catalog /c.db"


@pytest.mark.parametrize(
    "name", ["EOS 5D", "it's", "\udcff'\\", "a\nb", "\u202egnp", "Zürich \udcff", "\x1b[31m"]
)
def test_a_command_that_is_shown_can_be_typed(name: str, tmp_path: Path) -> None:
    shown = display(typed("safe-to-format", f"/card/{name}"))
    said = subprocess.run(
        ["bash", "-c", f"cardcat() {{ printf '%s' \"$2\"; }}; {shown}"], capture_output=True, check=True
    )
    assert said.stdout == os.fsencode(f"/card/{name}")


def test_the_page_of_the_run_shows_a_command_that_can_be_typed() -> None:
    options = BackupOptions(source=Path("/media/me/EOS 5D"), destinations=(Path("/mnt/archive"),))
    words = summary_markdown(result(DONE), options, safe=True)
    assert words.endswith("    cardcat safe-to-format '/media/me/EOS 5D'")
    assert "a proved copy on another volume that is plugged in now" in words


def missing(number: int) -> Finding:
    path = f"DCIM/IMG_{number}.XML"
    return Finding(path, Stage.SCAN, INCOMPLETE, "its film is not on the card", attention=False)


def test_what_is_to_be_known_before_the_card_leaves_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    told = tuple(map(missing, range(12)))
    done = result(DONE, findings=(*told, *told))

    show(done, [])
    lines = capsys.readouterr().out.splitlines()
    assert sum("its film is not on the card" in line for line in lines) == 10
    assert lines[-1].strip() == "… and 2 more (--json lists them all)"
    words = summary_markdown(done, BackupOptions(Path("/card"), (Path("/mnt"),)), safe=True)
    assert words.count("its film is not on the card") == 10
    assert "and 2 more" in words


def test_a_run_without_warnings_says_nothing_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    show(result(DONE, findings=(LINK,)), [])

    assert "Before you format" not in capsys.readouterr().out
    assert "Before" not in summary_markdown(result(DONE), BackupOptions(Path("/c"), ()), safe=True)


def test_a_reason_of_many_files_is_said_once() -> None:
    reasons = [Reason(f"IMG_{number}.JPG", "has no proved copy") for number in range(60)]

    words = summary_markdown(
        result(DONE), BackupOptions(Path("/card"), (Path("/mnt"),)), safe=False, reasons=reasons
    )

    assert words.count("has no proved copy") == 1
    assert "`IMG_0.JPG` and 59 more files: `has no proved copy`" in words
