"""`cardcat catalog rebuild`, as a person and a script see it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.support import Desk, fill, jpeg, snapshot


@pytest.fixture
def drive(desk: Desk) -> Path:
    """A drive with two sessions, and no catalog any more."""
    fill(desk.card, {"A.JPG": jpeg(1), "a.txt": b"t"})
    desk.backup()
    desk.backup(source=fill(desk.make("other"), {"B.JPG": jpeg(2)}))
    for file in desk.folder.glob("catalog.db*"):
        file.unlink()
    return desk.folder / "drive"


def test_a_dry_run_says_what_is_on_the_drives_and_writes_nothing(
    cardcat: Run, desk: Desk, drive: Path
) -> None:
    before = snapshot(desk.folder)
    answer = cardcat("catalog", "rebuild", "--dry-run", str(drive), "--catalog", str(desk.catalog))
    assert answer.code == 0
    head, row, last = answer.out.splitlines()
    assert head.split() == ["Drive", "Manifests", "Files", "Since", "Until"]
    assert re.search(r" 2 +3 +20\d\d-\d\d-\d\d \d\d:\d\d  20\d\d-\d\d-\d\d \d\d:\d\d$", row)
    assert last == "This was a dry run: nothing was written."
    assert max(map(len, answer.out.splitlines())) <= 80

    said = cardcat(
        "catalog", "rebuild", "--dry-run", "--json", str(drive), "--catalog", str(desk.catalog)
    ).json
    (told,) = said["drives"]
    assert (told["path"], told["manifests"], told["files"]) == (str(drive), 2, 3)
    assert told["first_at"] <= told["last_at"]
    assert said["rebuilt"] is False
    assert snapshot(desk.folder) == before


def test_a_lost_catalog_is_made_again(cardcat: Run, desk: Desk, drive: Path) -> None:
    where = ("--catalog", str(desk.catalog))
    answer = cardcat("catalog", "rebuild", str(drive.parent), *where)
    assert answer.code == 0, answer.err
    assert f"The catalog {desk.catalog} was made anew: 3 copies of 3 contents, 2 of them photos" in answer.out
    assert "No copy is proved yet" in answer.out
    assert "Recording" in answer.err
    assert cardcat("catalog", "status", *where).code == 0
    shown = cardcat("show", str(drive / "2024/2024-05-01/A.JPG"), *where)
    assert (shown.code, "claimed" in shown.out) == (0, True)
    verdict = cardcat("safe-to-format", str(desk.card), *where, "--json")
    assert (verdict.code, verdict.json["safe"]) == (1, False)


def test_a_sound_catalog_is_replaced_with_yes_only(cardcat: Run, desk: Desk, drive: Path) -> None:
    words = ("catalog", "rebuild", str(drive), "--catalog", str(desk.catalog), "--json")
    first = cardcat(*words).json
    assert (first["copies"], first["contents"], first["media_files"]) == (3, 3, 2)
    assert first["set_aside"] is None
    refused = cardcat(*words)
    assert (refused.code, refused.json["error"]["exit_code"]) == (2, 2)
    assert "--yes" in refused.json["error"]["hint"]
    done = cardcat(*words, "--yes")
    assert done.code == 0
    assert Path(done.json["set_aside"]).is_file()


@pytest.mark.parametrize(("name", "code"), [("nowhere", 10), ("empty", 2), ("", 2)])
def test_what_is_no_drive_of_ours_is_told(cardcat: Run, desk: Desk, name: str, code: int) -> None:
    desk.make("empty")
    given = str(desk.folder / name) if name else ""
    answer = cardcat("catalog", "rebuild", given, "--catalog", str(desk.catalog))
    assert (answer.code, answer.out) == (code, "")
    assert "hint: " in answer.err
    assert not desk.catalog.exists()


def test_names_on_a_drive_do_nothing_to_a_terminal(cardcat: Run, desk: Desk, drive: Path) -> None:
    odd = drive.with_name("\x1b[2Jodd\udcff")
    drive.rename(odd)
    for more in ((), ("--dry-run",)):
        answer = cardcat("catalog", "rebuild", str(odd), "--catalog", str(desk.catalog), *more)
        assert answer.code == 0
        assert "\x1b" not in answer.out + answer.err
