"""Each reason has a tree that yields it, and one that nearly does."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cardcat.indexing import index
from tests.duplicates.conftest import HEIC, MOV, Shelf
from tests.support import fill, jpeg

Files = Mapping[str, bytes | int]
TREE, WITHIN, CARD = "whole tree copied", "copied inside its own folder tree", "same card imported twice"
TAKEOUT, LIVE, RENAMED, OTHER = "Takeout export", "Live Photo", "renamed copy", "other"


def why(shelf: Shelf, files: Files) -> set[str]:
    return set(shelf.fill(files).reasons().values())


def test_a_whole_tree_is_one_finding(shelf: Shelf) -> None:
    shelf.fill(
        {
            f"{top}/2019/{day}/p{n}.jpg": n
            for top in ("a", "b/old")
            for n in range(6)
            for day in [f"d{n // 3}"]
        }
    )
    assert shelf.findings() == [(TREE, "/b/old/2019", "equal", "/a/2019", 6)]
    assert set(shelf.reasons().values()) == {TREE}


def test_a_tree_that_is_in_a_larger_one_is_one_finding(shelf: Shelf) -> None:
    shelf.fill({"all/x/1.jpg": 1, "all/y/2.jpg": 2, "all/z/3.jpg": 3, "few/one.jpg": 1, "few/two.jpg": 2})
    assert shelf.findings() == [(TREE, "/few", "contained", "/all", 2)]


def test_a_tree_with_one_photo_of_its_own_is_none(shelf: Shelf) -> None:
    files = {"a/1.jpg": 1, "a/2.jpg": 2, "a/4.jpg": 4, "b/1.jpg": 1, "b/2.jpg": 2, "b/3.jpg": 3}
    assert why(shelf, files) == {OTHER}
    assert not shelf.findings()


def test_one_photo_alone_is_no_tree(shelf: Shelf) -> None:
    assert why(shelf, {"a/1.jpg": 1, "a/2.jpg": 2, "b/1.jpg": 1}) == {OTHER}


def test_a_file_that_was_not_read_keeps_its_folder_from_being_a_copy(shelf: Shelf) -> None:
    shelf.fill({"a/1.jpg": 1, "a/2.jpg": 2})
    fill(shelf.folder / "other", {"b/1.jpg": jpeg(1), "b/2.jpg": jpeg(2)})
    index([shelf.folder / "other"], catalog=shelf.catalog)
    assert len(shelf.listed().findings) == 1
    fill(shelf.folder / "other", {"b/3.jpg": jpeg(3)})
    index([shelf.folder / "other"], catalog=shelf.catalog, mode="metadata")
    (finding,) = shelf.listed().findings
    assert finding.place.path_of(finding.path).endswith("library/a")
    assert finding.kind == "contained"


def test_other_files_that_only_one_folder_has_are_counted(shelf: Shelf) -> None:
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>%d</x:xmpmeta>"
    shelf.fill(
        {"a/1.jpg": 1, "a/2.jpg": 2, "a/1.xmp": xmp % 1, "b/1.jpg": 1, "b/2.jpg": 2, "b/1.xmp": xmp % 2}
    )
    (finding,) = shelf.listed().findings
    assert (finding.kind, finding.others) == ("equal", 1)


def test_a_folder_in_the_folder_it_was_copied_from(shelf: Shelf) -> None:
    shelf.fill({"p/1.jpg": 1, "p/2.jpg": 2, "p/3.jpg": 3, "p/p/1.jpg": 1, "p/p/2.jpg": 2, "p/p/3.jpg": 3})
    assert shelf.findings() == [(WITHIN, "/p/p", "within", "/p", 3)]


def test_what_is_scattered_around_a_folder_was_not_copied_into_it(shelf: Shelf) -> None:
    assert why(shelf, {"c/1.jpg": 1, "d/1.jpg": 1, "d/2.jpg": 2, "e/2.jpg": 2, "f/3.jpg": 3}) == {OTHER}


def test_below_folders_that_are_scattered_trees_are_found(shelf: Shelf) -> None:
    files: dict[str, bytes | int] = {
        f"mix/{top}/{n}.jpg": n for top, n in (("x", 1), ("x", 2), ("y", 3), ("y", 4))
    }
    shelf.fill({**files, "a/1.jpg": 1, "a/2.jpg": 2, "a/9.jpg": 9, "b/3.jpg": 3, "b/4.jpg": 4, "b/8.jpg": 8})
    assert sorted(one[:4] for one in shelf.findings()) == [
        (TREE, "/mix/x", "contained", "/a"),
        (TREE, "/mix/y", "contained", "/b"),
    ]


def test_a_folder_beside_it_is_not_inside(shelf: Shelf) -> None:
    assert why(shelf, {"p/a/1.jpg": 1, "p/a/2.jpg": 2, "p/b/1.jpg": 1, "p/b/2.jpg": 2}) == {TREE}


CARDS: dict[str, bytes | int] = {f"2024-05-01/DCIM/100CANON/IMG_010{n}.JPG": n for n in range(4)}


def test_the_same_card_imported_twice(shelf: Shelf) -> None:
    later: Files = {f"2024-05-08/DCIM/100CANON/IMG_010{n}.JPG": n for n in range(2, 7)}
    shelf.fill(CARDS | dict(later))
    first, second = "/2024-05-01/DCIM/100CANON", "/2024-05-08/DCIM/100CANON"
    assert shelf.findings() == [(CARD, second, "shared", first, 2)]
    assert set(shelf.reasons().values()) == {CARD}


def test_an_import_that_a_later_one_has_all_of(shelf: Shelf) -> None:
    later: Files = {f"2024-05-08/DCIM/100CANON/IMG_010{n}.JPG": n for n in range(6)}
    shelf.fill(CARDS | dict(later))
    assert [one[:3] for one in shelf.findings()] == [(CARD, "/2024-05-01/DCIM/100CANON", "contained")]


@pytest.mark.parametrize(
    "path",
    [
        "Best/IMG_010{}.JPG",  # no folder that a camera or an import makes
        "2024-05-08/DCIM/100CANON/party {}.JPG",  # no name that a camera gives
    ],
)
def test_what_only_looks_a_little_like_a_card(shelf: Shelf, path: str) -> None:
    files = CARDS | {path.format(n): n for n in range(2, 7)}
    assert CARD not in why(shelf, files)


def test_equal_imports_are_a_tree_that_was_copied(shelf: Shelf) -> None:
    again = {path.replace("05-01", "05-01 (2)"): n for path, n in CARDS.items()}
    assert why(shelf, CARDS | again) == {TREE}


MARKED = (
    "IMG_1234 (1).jpg",
    "IMG_1234(2).jpg",
    "IMG_1234 copy.jpg",
    "IMG_1234 copy 2.jpg",
    "IMG_1234 - Copy (2).jpg",
    "IMG_1234 - Kopie.jpg",
    "IMG_1234_copie.jpg",
    "Copy of IMG_1234.jpg",
    "Kopie von IMG_1234.jpg",
    "IMG_1234-1.jpg",
    "IMG_1234_2.jpg",
    "IMG_1234 2.jpg",
    "img_1234 (1) copy.JPG",
)


@pytest.mark.parametrize("other", ["a", "b"])
def test_a_renamed_copy_in_its_folder_or_another(shelf: Shelf, other: str) -> None:
    files: dict[str, bytes | int] = {}
    for number, name in enumerate(MARKED):
        files |= {f"{number}a/IMG_1234.jpg": jpeg(50 + number), f"{number}{other}/{name}": jpeg(50 + number)}
    shelf.fill(files)
    assert shelf.listed().groups["why"].to_list() == [RENAMED] * len(MARKED)


UNMARKED = (
    ("IMG_1234.jpg", "IMG_1235.jpg"),
    ("2024-05-01.jpg", "2024-05-02.jpg"),
    ("IMG_1234.jpg", "copyright.jpg"),
    ("IMG_1234.jpg", "IMG_1234.jpeg"),
    ("IMG_1234.jpg", "IMG_12345.jpg"),
    ("IMG_1234.jpg", "IMG_1234-100.jpg"),
    ("(1).jpg", "(2).jpg"),
)


def test_another_name_is_no_mark_of_a_copy(shelf: Shelf) -> None:
    files: dict[str, bytes | int] = {}
    for number, (one, two) in enumerate(UNMARKED):
        files |= {f"{number}/{one}": jpeg(50 + number), f"{number}/{two}": jpeg(50 + number)}
    shelf.fill(files)
    assert shelf.listed().groups["why"].to_list() == [OTHER] * len(UNMARKED)


def test_a_takeout_export(shelf: Shelf) -> None:
    takeout = "Takeout/Google Photos/Photos from 2024/IMG_1.jpg"
    assert why(shelf, {takeout: 1, "pics/IMG_1.jpg": 1, "pics/2.jpg": 2}) == {TAKEOUT}


def export(year: str, album: str) -> dict[str, bytes | int]:
    """Four photos in a year, two of them in an album too."""
    paths = [(f"{folder}/{n}.jpg", n) for folder, count in ((year, 4), (album, 2)) for n in range(count)]
    return dict(paths)


def test_an_album_of_an_export_and_the_year_it_is_from(shelf: Shelf) -> None:
    year, album = "export/Photos from 2024", "export/Trip"
    files = export(year, album)
    shelf.fill({**files, f"{year}/1.jpg.json": b'{"title": "1.jpg"}', f"{album}/metadata.json": b"{}"})
    assert shelf.findings() == [(TAKEOUT, "/export/Trip", "contained", "/export/Photos from 2024", 2)]


def test_a_folder_with_such_a_name_is_no_export_without_its_sidecars(shelf: Shelf) -> None:
    year, album = "export/Photos from 2024", "export/Trip"
    files = export(year, album)
    assert why(shelf, files) == {TREE}


def test_a_whole_export_that_was_copied_is_a_tree(shelf: Shelf) -> None:
    files: Files = {
        f"{top}/Takeout/Google Photos/Photos from 2024/{n}.jpg": n for top in ("a", "b") for n in range(3)
    }
    assert why(shelf, files) == {TREE}


LIVE_PHOTO: dict[str, bytes | int] = {"a/IMG_0001.HEIC": HEIC, "a/IMG_0001.MOV": MOV, "a/x.jpg": 5}


def test_both_halves_of_a_live_photo_belong_together(shelf: Shelf) -> None:
    shelf.fill({**LIVE_PHOTO, "b/IMG_0001.HEIC": HEIC, "b/IMG_0001.MOV": MOV, "b/y.jpg": 6})
    groups = shelf.listed().groups
    assert groups["why"].to_list() == [LIVE, LIVE]
    assert set(groups["partner_hash"]) == set(groups["hash"])
    assert not shelf.findings()


def test_a_live_photo_alone_is_one_shot_and_no_tree(shelf: Shelf) -> None:
    files = {**LIVE_PHOTO, "b/IMG_0001.HEIC": HEIC, "b/IMG_0001.MOV": MOV}
    assert why(shelf, files) == {LIVE}


def test_one_half_of_a_live_photo_alone_is_not_one(shelf: Shelf) -> None:
    assert why(shelf, {**LIVE_PHOTO, "b/IMG_0001.HEIC": HEIC, "b/y.jpg": 6}) == {OTHER}


def test_a_raw_and_its_jpeg_are_different_contents(shelf: Shelf) -> None:
    assert why(shelf, {"a/IMG_1.CR2": b"II*\0\x10\0\0\0CR\x02\0", "a/IMG_1.JPG": 1}) == set()


def test_folders_on_two_locations_are_compared(shelf: Shelf) -> None:
    shelf.fill({"x/1.jpg": 1, "x/2.jpg": 2}).fill({"deep/y/1.jpg": 1, "deep/y/2.jpg": 2}, root="library2")
    assert [one[:3] for one in shelf.findings()] == [(TREE, "2/deep/y", "equal")]


def test_names_that_are_no_text_are_told_apart(shelf: Shelf) -> None:
    odd = "b\udcff"
    shelf.fill(
        {f"{odd}/1.jpg": 1, f"{odd}/2.jpg": 2, r"b\xff/3.jpg": 3, "c/1.jpg": 1, "c/2.jpg": 2, "c/3.jpg": 3}
    )
    assert [one.path for one in shelf.listed().findings if one.kind == "contained"] == [odd]
