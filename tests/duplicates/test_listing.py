"""The duplicates that are asked for."""

from __future__ import annotations

import polars as pl
import pytest

from cardcat.catalog.engine import open_catalog
from cardcat.duplicates.listing import as_table, why_of
from cardcat.duplicates.places import exact, in_frame
from cardcat.duplicates.why import Why
from cardcat.errors import CatalogError, UsageError
from tests.duplicates.conftest import MOV, Shelf
from tests.support import jpeg

MAY, JUNE = jpeg(60, "2024:05:01 10:00:00"), jpeg(61, "2023:06:01 10:00:00") + b"longer" * 500


@pytest.fixture
def varied(shelf: Shelf) -> Shelf:
    shelf.mode = "deep"
    return shelf.fill(
        {
            "a/may.jpg": MAY, "b/may (1).jpg": MAY, "b/other.jpg": 3,
            "c/june.jpg": JUNE, "d/may.jpg": JUNE, "d/sub/film.mov": MOV, "e/film.mov": MOV,
        }
    )  # fmt: skip


def listed(shelf: Shelf, **filters: object) -> set[str]:
    """The first letter of the path of each."""
    return {path[0] for path in shelf.listed(**filters).groups["path"]}


def test_filters(varied: Shelf) -> None:
    assert listed(varied) == {"a", "c", "d"}
    assert listed(varied, month="2024-05") == {"a"}
    assert listed(varied, month="2023") == {"c"}
    assert listed(varied, kind="video") == {"d"}
    assert listed(varied, kind="image") == {"a", "c"}
    assert listed(varied, why=Why.RENAMED) == {"a"}
    assert listed(varied, why=Why.TREE) == set()
    assert listed(varied, camera="no such camera") == set()
    camera = varied.listed().groups["camera"].drop_nulls().to_list()
    assert not camera or listed(varied, camera=camera[0].upper()) >= {"a"}


def test_a_folder_has_what_lies_in_or_below_it(varied: Shelf) -> None:
    assert listed(varied, folder=str(varied.root / "d")) == {"c", "d"}
    assert listed(varied, folder=str(varied.root / "d/sub")) == {"d"}
    assert listed(varied, folder=str(varied.root)) == {"a", "c", "d"}
    assert listed(varied, folder=str(varied.folder)) == {"a", "c", "d"}
    assert listed(varied, folder=str(varied.root / "dd")) == set()


def test_a_drive_has_all_that_is_on_it(varied: Shelf) -> None:
    with open_catalog(varied.catalog) as opened, opened.read() as c:
        (uuid,) = c.exec_driver_sql("SELECT uuid FROM volumes").scalars()
    assert listed(varied, volume=uuid) == {"a", "c", "d"}
    with pytest.raises(UsageError, match="No drive is known as elsewhere"):
        varied.listed(volume="elsewhere")


def test_the_least_waste_and_the_sums(varied: Shelf) -> None:
    found = varied.listed(least=len(JUNE))
    assert found.groups["wasted"].to_list() == [len(JUNE)]
    assert (found.whole.groups, found.whole.copies, found.whole.wasted) == (1, 2, len(JUNE))
    assert found.by_why == [(Why.OTHER, 1, len(JUNE))]


def test_a_month_that_is_none(varied: Shelf) -> None:
    for month in ("May", "2024-13", "24-05"):
        with pytest.raises(UsageError, match="is no month"):
            varied.listed(month=month)


def test_a_reason_goes_by_its_beginning() -> None:
    assert [why_of(word) for word in ("renamed", "TAKE", "whole tree copied", "card", "tree")] == [
        Why.RENAMED, Why.TAKEOUT, Why.TREE, Why.CARD, Why.TREE,
    ]  # fmt: skip
    for word in ("", "nonsense"):
        with pytest.raises(UsageError, match="There is no reason"):
            why_of(word)


def test_the_findings_are_those_about_what_is_asked_for(shelf: Shelf) -> None:
    shelf.fill({f"{top}/p{n}.jpg": n for top in ("a", "b") for n in range(3)})
    shelf.fill({f"{top}/p{n}.jpg": n for top in ("c", "d") for n in range(5, 8)})
    assert len(shelf.listed().findings) == 2
    (finding,) = shelf.listed(folder=str(shelf.root / "c")).findings
    assert finding.path == "d"
    assert not shelf.listed(why=Why.RENAMED).findings


def test_the_table_for_files_names_the_folders(shelf: Shelf) -> None:
    shelf.fill({f"{top}/p{n}.jpg": n for top in ("a", "b") for n in range(3)})
    table = as_table(shelf.listed())
    assert table["folder"].unique().to_list() == [str(shelf.root / "b")]
    assert table["other_folder"].unique().to_list() == [str(shelf.root / "a")]
    assert table["finding"].to_list() == [1, 1, 1]


def test_without_a_catalog_it_is_refused(shelf: Shelf) -> None:
    with pytest.raises(CatalogError):
        shelf.listed()


@pytest.mark.parametrize("path", ["", "a/b", "\udcff/b", "a\x01b", "a\x01ff", "x\udcff\x01/y"])
def test_paths_come_back_from_frames(path: str) -> None:
    assert exact(in_frame(path)) == path
    pl.Series([in_frame(path)])
