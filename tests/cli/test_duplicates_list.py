"""`cardcat duplicates list` and `waste`."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import polars as pl
import pytest

from cardcat.catalog.engine import open_catalog
from cardcat.indexing import index
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
    assert lines[-1].startswith("In all: 5 files in 10 copies: ")


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
    assert abs(document["wasted_space_bytes"] - whole) <= 5  # parts are rounded
    assert document["total_rows"] == len(document["rows"]) > 0
    answer = duplicates("waste", "--by", by)
    assert max(map(len, answer.out.splitlines())) <= 80
    assert answer.out.splitlines()[-1].startswith("In all: ")


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
            assert cardcat("duplicates", *command, "--catalog", str(path), "--json").json
    assert not none.parent.exists()
