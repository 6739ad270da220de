"""`cardcat duplicates find`."""

from __future__ import annotations

import base64
import csv
import os
import sys
from pathlib import Path

import pytest

from cardcat.cli import searching
from cardcat.searching.search import Progress
from tests.cli.conftest import Run

FIND = ("duplicates", "find")


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """Two groups, the larger waste in the one of the smaller files."""
    root = tmp_path / "shelf"
    (root / "a long name of a folder" / "and one more below it").mkdir(parents=True)
    for name in (
        "a",
        "b",
        "c",
        "a long name of a folder/and one more below it/with a long name of a file.txt",
    ):
        (root / name).write_bytes(bytes(2_000))
    for name in ("d", "e"):
        (root / name).write_bytes(bytes(5_000))
    (root / "alone").write_bytes(b"alone")
    return root


def test_a_table_with_the_largest_waste_first_and_the_sums_last(cardcat: Run, shelf: Path) -> None:
    answer = cardcat(*FIND, str(shelf))
    assert (answer.code, answer.err) == (0, "")
    lines = answer.out.splitlines()
    assert lines[0] == f"Below {shelf}:"
    assert lines[1].split() == ["Waste", "Size", "Copies", "File"]
    assert lines[2].split() == ["6.0", "KB", "2.0", "KB", "4", "a"]
    assert lines[3].startswith(" " * 24 + "a long name of a folder/")
    assert "…" in lines[3]
    assert [line.split() for line in lines[4:6]] == [["b"], ["c"]]
    assert lines[6].split() == ["5.0", "KB", "5.0", "KB", "2", "d"]
    assert lines[7].split() == ["e"]
    assert all(len(line) <= 80 for line in lines)
    assert lines[8:] == [
        "Equal by XXH3-128 of all bytes. 7 files (18.0 KB) looked at, 18.0 KB read.",
        "That is good for a report. To compare by SHA-256: --sure",
        "To learn why they are there and what can go: cardcat index PATH",
        "In all: 2 files in 6 copies: 11.0 KB more than needed.",
    ]


def test_several_paths_are_told_in_full(cardcat: Run, shelf: Path) -> None:
    answer = cardcat(*FIND, str(shelf / "a"), str(shelf / "b"))
    lines = answer.out.splitlines()
    assert lines[0].split() == ["Waste", "Size", "Copies", "File"]
    assert lines[2].endswith("b")


def test_a_limit_is_told_of(cardcat: Run, shelf: Path) -> None:
    answer = cardcat(*FIND, "--limit", "1", str(shelf))
    assert "… and 1 more (--limit 2 shows them all)" in answer.out
    assert "In all: 2 files in 6 copies" in answer.out
    assert len(cardcat(*FIND, "--limit", "1", "--json", str(shelf)).json["groups"]) == 1


def test_many_copies_are_cut_short_in_the_table_only(cardcat: Run, tmp_path: Path) -> None:
    for number in range(15):
        (tmp_path / f"{number:02d}").write_bytes(b"x")
    assert "… and 5 more copies (--json has them all)" in cardcat(*FIND, str(tmp_path)).out
    (group,) = cardcat(*FIND, "--json", str(tmp_path)).json["groups"]
    assert len(group["copies"]) == 15


def test_in_json(cardcat: Run, shelf: Path) -> None:
    (shelf / "linked").hardlink_to(shelf / "d")
    document = cardcat(*FIND, "--json", "--sure", "--exclude", "c", "--min-size", "1KB", str(shelf)).json
    first, second = document.pop("groups")
    assert document == {
        "total_groups": 2,
        "total_copies": 5,
        "wasted_space_bytes": 9_000,
        "algorithm": "sha256",
        "files": 6,
        "size_bytes": 21_000,
        "read_bytes": 16_000,
        "hard_links": 1,
        "too_small": 1,
        "excluded": 1,
        "special": 0,
        "destinations": [],
        "findings": [],
    }
    assert (first["file_size_bytes"], first["wasted_space_bytes"], len(first["hash"])) == (5_000, 5_000, 64)
    assert first["copies"] == [
        {"path": str(shelf / "d"), "links": [{"path": str(shelf / "linked")}]},
        {"path": str(shelf / "e")},
    ]
    assert len(second["copies"]) == 3


def test_in_csv(cardcat: Run, shelf: Path) -> None:
    answer = cardcat(*FIND, "--csv", str(shelf))
    rows = [*csv.DictReader(answer.out.splitlines())]
    assert [(row["group"], row["copy"], row["file_size_bytes"]) for row in rows] == [
        *(("1", str(copy), "2000") for copy in (1, 2, 3, 4)),
        *(("2", str(copy), "5000") for copy in (1, 2)),
    ]
    assert rows[-1]["path"] == str(shelf / "e")


def test_odd_names_are_escaped_and_exact_in_json_and_csv(cardcat: Run, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"\x1b[2J\n\xff.jpg")
    odd.write_bytes(b"x")
    (tmp_path / "plain.jpg").write_bytes(b"x")
    raw = base64.b64encode(os.fsencode(odd)).decode()
    shown = r"\x1b[2J\n\xff.jpg"
    table = cardcat(*FIND, str(tmp_path)).out
    assert shown in table
    assert "\x1b" not in table
    copies = cardcat(*FIND, "--json", str(tmp_path)).json["groups"][0]["copies"]
    assert copies[0]["path_b64"] == raw
    rows = [*csv.DictReader(cardcat(*FIND, "--csv", str(tmp_path)).out.splitlines())]
    assert [(row["path"], row["path_b64"]) for row in rows] == [
        (str(tmp_path / shown), raw),
        (str(tmp_path / "plain.jpg"), ""),
    ]


def test_what_stands_aside_is_told(cardcat: Run, shelf: Path) -> None:
    (shelf / ".cardcat").mkdir()
    (shelf / "linked").hardlink_to(shelf / "d")
    (shelf / "link").symlink_to("d")
    out = cardcat(*FIND, "--exclude", "c", "--min-size", "10", str(shelf)).out
    assert f"{shelf} is a destination of cardcat: copies there are meant to be. They count here." in out
    assert "1 name is a hard link to a file that has another name here: one copy, no waste." in out
    assert "  also named linked" in out
    assert "Left out: 1 too small, 1 excluded, 1 links, pipes or devices." in out


def test_trouble_is_a_finding(cardcat: Run, shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = os.open

    def not_d(path: str | bytes, flags: int, *rest: int, dir_fd: int | None = None) -> int:
        if path == b"d":
            raise PermissionError(13, "Permission denied")
        return usual(path, flags, *rest, dir_fd=dir_fd)

    monkeypatch.setattr(os, "open", not_d)
    answer = cardcat(*FIND, str(shelf))
    assert answer.code == 1
    assert answer.err.splitlines() == ["These were not compared:", f"  {shelf / 'd'}: permission denied"]
    document = cardcat(*FIND, "--json", str(shelf))
    assert document.code == 1
    assert document.json["findings"] == [{"path": str(shelf / "d"), "message": "permission denied"}]
    assert cardcat(*FIND, "--csv", str(shelf)).code == 1


def test_nothing_equal(cardcat: Run, tmp_path: Path) -> None:
    answer = cardcat(*FIND, str(tmp_path))
    assert (answer.code, answer.out) == (0, "No two files are equal. 0 files (0 B) looked at, 0 B read.\n")
    assert cardcat(*FIND, "--json", str(tmp_path)).json["groups"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "PATH is not given"),
        (("--min-size", "much", "."), "--min-size needs a size, not 'much'."),
        (("--limit", "0", "."), "--limit needs a whole number"),
        (("--exclude", "", "."), "One of the --exclude patterns is empty."),
        (("--csv", "--json", "."), "--csv and --json are two answers."),
        (("",), "PATH is an empty name."),
    ],
)
def test_wrong_use(cardcat: Run, arguments: tuple[str, ...], said: str) -> None:
    answer = cardcat(*FIND, *arguments)
    assert answer.code == 2
    assert said in answer.err


def test_a_path_that_is_not_there(cardcat: Run, tmp_path: Path) -> None:
    answer = cardcat(*FIND, str(tmp_path / "nowhere"))
    assert answer.code == 3
    assert answer.err.startswith(f"No such file or directory while opening {tmp_path / 'nowhere'}")


def test_no_catalog_is_made(cardcat: Run, shelf: Path) -> None:
    cardcat(*FIND, str(shelf))
    assert not Path(os.environ["CARDCAT_CATALOG"]).parent.exists()


def test_a_terminal_is_kept_up_to_date(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(searching, "_EVERY", 0.0)
    with searching.shown_progress() as tell:
        tell(Progress("Listing", 1_200))
        tell(Progress("Reading", 3, of=1_200, size=2_500))
    assert capsys.readouterr().err.split("\r\x1b[K") == [
        "",
        "Listing: 1,200 files",
        "Reading: 3 of 1,200 files, 2.5 KB",
        "",
    ]
