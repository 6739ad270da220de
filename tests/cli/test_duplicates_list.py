"""`cardcat duplicates list` and `waste`."""

from __future__ import annotations

import csv
import io
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import polars as pl
import pytest

from cardcat.catalog.engine import open_catalog
from cardcat.cli.duplicates_waste import _name
from cardcat.indexing import index
from cardcat.notebooks.why import reasons
from cardcat.text import size
from tests.analysis.damage import spoil_the_middle
from tests.cli.conftest import Answer, Run
from tests.support import fill, jpeg

EVIL = "IMG_1 \x1b[31m<b>.jpg"


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A folder that was copied, a renamed photo, and one with a hostile name."""
    files = {f"{top}/p{n}.jpg": jpeg(n) for top in ("2019", "old/2019") for n in range(3)}
    files |= {"pics/IMG_1.jpg": jpeg(10), "pics/IMG_1 (1).jpg": jpeg(10)}
    files |= {f"x/{EVIL}": jpeg(11) + b"larger", "y/one.jpg": jpeg(11) + b"larger"}
    root = fill(tmp_path / "library", files)
    index([root], catalog=tmp_path / "shelf.db", mode="content")
    return root


@pytest.fixture
def duplicates(cardcat: Run, library: Path, tmp_path: Path) -> Run:
    def run(*arguments: str) -> Answer:
        return cardcat("duplicates", *arguments, "--catalog", str(tmp_path / "shelf.db"))

    return run


def test_folders_come_before_single_files(duplicates: Run, library: Path) -> None:
    lines = duplicates("list").out.splitlines()
    assert lines[0] == "Folders that are there twice"
    assert lines[1] == f"  1  {library}/old/2019"
    assert lines[2].startswith(f"     is a whole copy of {library}/2019: 3 files, ")
    assert [line.split()[5:6] for line in lines if line.endswith(".jpg") and "p0" in line] == []
    assert sum("renamed" in line and "IMG_1" in line for line in lines) == 1
    assert any(line.startswith("3 files more: what is said of folders explains them") for line in lines)
    assert lines[-2].startswith("In all: 5 files in 10 copies: ")


def test_with_a_reason_all_of_them_are_named(duplicates: Run) -> None:
    lines = duplicates("list", "--why", "tree").out.splitlines()
    assert sum("whole tree 1" in line for line in lines) == 3
    assert not any("renamed" in line for line in lines)


def test_the_table_fits_and_shows_hostile_names_as_they_are(duplicates: Run) -> None:
    out = duplicates("list").out
    assert "\x1b" not in out
    table = out[out.index("Waste") : out.index("Why: ")].splitlines()
    assert max(map(len, table)) <= 80


def test_pages(duplicates: Run) -> None:
    first, second = (duplicates("list", "--limit", "1", "--page", page).out for page in "12")
    assert "one.jpg" in first or "IMG_1" in first
    assert first != second
    assert "Folders" not in second
    assert "There is no page 3: 2 pages in all." in duplicates("list", "--limit", "1", "--page", "3").out


def test_in_json(duplicates: Run, library: Path) -> None:
    document = duplicates("list", "--json").json
    assert (document["total_groups"], document["total_copies"], len(document["groups"])) == (5, 10, 5)
    (finding,) = document["folders"]
    assert (finding["why"], finding["kind"], finding["files"]) == ("whole tree copied", "equal", 3)
    assert (finding["folder"], finding["other_folder"]) == (f"{library}/old/2019", f"{library}/2019")
    assert {group["why"] for group in document["groups"]} == {"whole tree copied", "renamed copy", "other"}
    assert sum(group["finding"] == 1 for group in document["groups"]) == 3
    assert {each["why"]: each["groups"] for each in document["why"]} == {
        "whole tree copied": 3, "renamed copy": 1, "other": 1,
    }  # fmt: skip


def test_as_files(duplicates: Run, tmp_path: Path) -> None:
    table, parquet = tmp_path / "a.csv", tmp_path / "a.parquet"
    answer = duplicates("list", "--limit", "1", "--csv", str(table), "--parquet", str(parquet))
    assert answer.code == 0
    assert f"Written: {table}" in answer.out
    rows = list(csv.DictReader(io.StringIO(table.read_text())))
    assert len(rows) == 5
    assert {row["why"] for row in rows} == {"whole tree copied", "renamed copy", "other"}
    assert pl.read_parquet(parquet)["hash"].to_list() == [row["hash"] for row in rows]


@pytest.mark.parametrize("option", ["--csv", "--parquet", "--report"])
def test_nothing_is_overwritten(duplicates: Run, tmp_path: Path, option: str) -> None:
    taken = tmp_path / "taken"
    taken.write_text("mine")
    answer = duplicates("list", option, str(taken))
    assert (answer.code, answer.out) == (2, "")
    assert taken.read_text() == "mine"


def test_two_files_of_one_name(duplicates: Run, tmp_path: Path) -> None:
    one = str(tmp_path / "one")
    assert duplicates("list", "--csv", one, "--parquet", one).code == 2
    assert not Path(one).exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("--why", "nonsense"),
        ("--kind", "sound"),
        ("--month", "May"),
        ("--min-waste", "much"),
        ("--volume", "nowhere"),
        ("--limit", "0"),
        ("--page", "x"),
    ],
)
def test_filters_that_make_no_sense(duplicates: Run, arguments: tuple[str, ...]) -> None:
    answer = duplicates("list", *arguments)
    assert answer.code == 2
    assert "hint: " in answer.err
    assert "Traceback" not in answer.err


def test_when_nothing_passes(duplicates: Run) -> None:
    answer = duplicates("list", "--min-waste", "1.5GB")
    assert (answer.code, answer.out.splitlines()) == (0, ["No duplicate passes these filters."])


@pytest.mark.parametrize("by", ["folder", "volume", "camera", "month", "kind"])
def test_waste(duplicates: Run, by: str) -> None:
    whole = duplicates("list", "--json").json["wasted_space_bytes"]
    document = duplicates("waste", "--by", by, "--json").json
    assert document["wasted_space_bytes"] == whole == sum(row["wasted_bytes"] for row in document["rows"])
    assert document["total_rows"] == len(document["rows"]) > 0
    answer = duplicates("waste", "--by", by)
    assert max(map(len, answer.out.splitlines())) <= 80
    assert answer.out.splitlines()[-1].startswith("In all: ")


@pytest.mark.parametrize(
    ("drive", "shown"), [("/", "/photos/a"), ("/mnt/old", "/mnt/old/photos/a"), ("OLD", "OLD/photos/a")]
)
def test_a_folder_is_named_as_a_path(drive: str, shown: str) -> None:
    assert _name("folder", {"drive": drive, "location": "photos", "folder": "a"}) == shown


def test_waste_by_something_else(duplicates: Run) -> None:
    answer = duplicates("waste", "--by", "colour")
    assert (answer.code, "folder, volume, camera, month, kind" in answer.err) == (2, True)


def test_an_empty_catalog_and_none(cardcat: Run, tmp_path: Path) -> None:
    empty, none = tmp_path / "empty.db", tmp_path / "nowhere" / "catalog.db"
    open_catalog(empty).close()
    for command in (("list",), ("waste",), ("list", "--why", "tree", "--csv", str(tmp_path / "x.csv"))):
        for path, said in ((empty, "No "), (none, "There is no catalog at")):
            answer = cardcat("duplicates", *command, "--catalog", str(path))
            assert (answer.code, answer.err) == (0, "")
            assert answer.out.startswith(said)
            (tmp_path / "x.csv").unlink(missing_ok=True)
            assert cardcat("duplicates", *command, "--catalog", str(path), "--json").json
            (tmp_path / "x.csv").unlink(missing_ok=True)
    assert not none.parent.exists()


@pytest.mark.parametrize("is_there", [True, False])
def test_files_are_written_also_if_there_is_nothing_to_list(
    duplicates: Run, cardcat: Run, tmp_path: Path, is_there: bool
) -> None:
    path = tmp_path / "nothing" / "catalog.db"
    if is_there:
        path.parent.mkdir()
        open_catalog(path).close()
    files = [tmp_path / name for name in ("x.csv", "x.parquet", "x.html")]
    options = ["--csv", str(files[0]), "--parquet", str(files[1]), "--report", str(files[2])]
    empty = cardcat("duplicates", "list", *options, "--catalog", str(path), "--json").json
    full = tmp_path / "full.parquet"
    document = duplicates("list", "--parquet", str(full), "--json").json
    assert empty.keys() == document.keys()
    assert [one["path"] for one in empty["written"]] == [str(file) for file in files]
    assert pl.read_parquet(files[1]).schema == pl.read_parquet(full).schema
    assert files[0].read_text().strip().split(",") == pl.read_parquet(full).columns
    assert "No library" in files[2].read_text() or "0 files" in files[2].read_text()
    assert path.exists() is is_there


@pytest.mark.parametrize("table", ["file_locations", "folders", "media_files"])
def test_a_damaged_snapshot_is_made_anew(duplicates: Run, tmp_path: Path, table: str) -> None:
    settle(tmp_path / "shelf.db")
    asked = [("list",), ("list", "--json"), ("waste",)]
    before = [duplicates(*one) for one in asked]
    shown = ("show", before[1].json["groups"][0]["hash"])
    asked, before = [*asked, shown], [*before, duplicates(*shown)]
    for one, answer in zip(asked, before, strict=True):
        spoil_the_middle(tmp_path / "cache", table)
        assert duplicates(*one) == answer
        assert answer.code == 0


def settle(catalog: Path) -> None:
    """It was written long enough ago that a look from outside tells whether it has changed."""
    past = time.time() - 60
    for file in catalog.parent.glob(f"{catalog.name}*"):
        os.utime(file, (past, past))


def test_all_say_the_same_after_a_copy_is_gone(
    duplicates: Run, cardcat: Run, library: Path, tmp_path: Path
) -> None:
    where = ("--catalog", str(tmp_path / "shelf.db"))
    assert duplicates("list", "--json").json["total_groups"] == 5
    (library / "pics/IMG_1 (1).jpg").unlink()
    (library / "y/one.jpg").unlink()
    assert cardcat("verify", *where).code != 0
    document = duplicates("list", "--json").json
    assert (document["total_groups"], document["total_copies"]) == (3, 6)
    report = tmp_path / "report.html"
    assert duplicates("list", "--report", str(report)).out.count("renamed") == 0
    assert "3 files in 6 copies." in report.read_text()
    asked = cardcat("ask", "duplicates", *where, "--json").json["rows"]
    assert {row["hash"] for row in asked} == {row["hash"] for row in document["groups"]}
    waste = duplicates("waste", "--json").json["wasted_space_bytes"]
    assert waste == document["wasted_space_bytes"] == sum(row["wasted_bytes"] for row in asked)
    explained = reasons(str(tmp_path / "shelf.db")).reasons
    assert sum(row["size"] for row in explained) == waste
    shown = duplicates("show", str(library / "pics/IMG_1.jpg"), "--json").json
    assert (shown["why"], shown["wasted_space_bytes"]) == (None, 0)


def test_what_a_plan_may_put_aside_is_told(duplicates: Run, library: Path, tmp_path: Path) -> None:
    """The last copy on a drive is not."""
    whole = duplicates("list", "--json").json
    assert whole["on_same_drive_bytes"] == whole["wasted_space_bytes"]
    last = duplicates("list").out.splitlines()[-1]
    wasted = size(whole["wasted_space_bytes"])
    assert last == f"Of that, {wasted} lie on one and the same drive: cardcat duplicates plan"
    elsewhere = fill(tmp_path / "elsewhere", {"x.jpg": jpeg(10), "y.jpg": jpeg(40), "z.jpg": jpeg(40)})
    index([elsewhere], catalog=tmp_path / "shelf.db", mode="content")
    on_another_drive(tmp_path / "shelf.db", elsewhere)
    document = duplicates("list", "--json").json
    drives = duplicates("waste", "--by", "volume", "--json").json["rows"]
    assert document["on_same_drive_bytes"] == sum(row["twice_bytes"] for row in drives)
    assert document["wasted_space_bytes"] - document["on_same_drive_bytes"] == len(jpeg(10))
    alone = duplicates("list", "--volume", "ELSEWHERE", "--why", "renamed")
    assert f"Of that, {size(len(jpeg(10)))} lie on one" in alone.out.splitlines()[-1]


def test_what_no_drive_has_twice_is_told(duplicates: Run, cardcat: Run, tmp_path: Path) -> None:
    here, there = (fill(tmp_path / name, {"x.jpg": jpeg(10)}) for name in ("here", "there"))
    index([here, there], catalog=tmp_path / "two.db", mode="content")
    on_another_drive(tmp_path / "two.db", there)
    answer = cardcat("duplicates", "list", "--catalog", str(tmp_path / "two.db"))
    assert answer.out.splitlines()[-1] == (
        "No drive holds one of them twice, and the last on a drive is never put aside."
    )


def on_another_drive(catalog: Path, root: Path) -> None:
    with closing(sqlite3.connect(catalog)) as connection, connection:
        connection.execute(
            "INSERT INTO volumes (id, uuid, key, label, last_seen_at, created_at)"
            " VALUES (99, 'other', 'uuid:other', 'ELSEWHERE', 1, 1)"
        )
        moved = connection.execute(
            "UPDATE locations SET volume_id = 99 WHERE '/' || path = ?", (str(root),)
        ).rowcount
        assert moved == 1
