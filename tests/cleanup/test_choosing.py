"""Which duplicates a plan lets go, and which it leaves for which reason."""

from __future__ import annotations

import os

import pytest

from cardcat.cleanup.planning import Wish
from cardcat.cleanup.plans import Action, Plan, Verb
from cardcat.cleanup.standing import BACKUP, CHANGED, GONE, GROUP, OFFLINE, SAME, STRUCTURE, WRONG
from cardcat.errors import UsageError
from cardcat.model import Role
from cardcat.plan.keepers import Rule
from tests.cleanup.shelves import Library

ONE, TWO, SIDE = b"one" * 100, b"two" * 90, b"<xmp/>"


def going(plan: Plan, library: Library) -> list[str]:
    """What goes, relative to where the drives are."""
    return sorted(
        os.path.relpath(path, library.folder) for block in plan.blocks for path in block.paths(Verb.AWAY)
    )


def test_one_copy_stays_on_each_drive(library: Library) -> None:
    library.put({"2024/a.jpg": ONE, "x/a.jpg": ONE, "y/a.jpg": ONE})
    library.put({"2024/a.jpg": ONE, "z/a.jpg": ONE}, drive="SAFE")
    library.put({"z/a.jpg": ONE}, drive="THIRD")

    chosen = library.choose()

    assert going(chosen.plan, library) == ["ARCHIVE/x/a.jpg", "ARCHIVE/y/a.jpg", "SAFE/z/a.jpg"]
    (block,) = chosen.plan.blocks
    kept = sorted(os.path.relpath(path, library.folder) for path in block.paths(Verb.KEEP))
    assert kept == ["ARCHIVE/2024/a.jpg", "SAFE/2024/a.jpg", "THIRD/z/a.jpg"]
    assert block.comment == "kept: it is in the tidiest folder"


def test_copies_on_two_drives_are_no_waste(library: Library) -> None:
    library.put({"a.jpg": ONE})
    library.put({"a.jpg": ONE}, drive="SAFE")
    assert library.choose().plan.blocks == ()


def test_backups_neither_go_nor_stay_for_others(library: Library) -> None:
    library.put({"a.jpg": ONE, "b.jpg": ONE}, root="backup", role=Role.BACKUP)
    library.put({"c.jpg": ONE}, root="photos")
    assert library.choose().plan.blocks == ()


def test_what_lies_below_a_destination_stays(library: Library) -> None:
    """Also where a row says that it is of a library."""
    root = library.put({"a.jpg": ONE, "copies/deep/a.jpg": ONE})
    (root / "copies/.cardcat").mkdir()

    chosen = library.choose()

    assert chosen.plan.blocks == ()
    assert chosen.left == {BACKUP: 1}


def test_a_library_inside_of_a_destination_stays(library: Library) -> None:
    library.put({"a.jpg": ONE, "x/a.jpg": ONE}, root="inner/photos")
    (library.folder / "ARCHIVE/inner/.cardcat").mkdir()
    assert library.choose().left == {BACKUP: 1}


@pytest.mark.parametrize(
    "folder",
    ["PRIVATE/AVCHD/BDMV/STREAM", "x/M4ROOT/CLIP", "XDROOT/Clip", "CONTENTS/VIDEO", "A001.RDM/A.RDC"],
)
def test_nothing_of_a_structure_goes(library: Library, folder: str) -> None:
    library.put({"2024/a.mp4": ONE, f"{folder}/a.mp4": ONE})
    chosen = library.choose()
    assert chosen.plan.blocks == ()
    assert chosen.left == {STRUCTURE: 1}


def test_something_goes_for_what_is_in_a_structure(library: Library) -> None:
    library.put({"Downloads/C0001 (1).MP4": ONE, "2024/card/PRIVATE/M4ROOT/CLIP/C0001.MP4": ONE})
    assert going(library.plan(), library) == ["ARCHIVE/Downloads/C0001 (1).MP4"]
    assert library.choose(Wish(action=Action.HARDLINK)).left == {STRUCTURE: 1}


def test_a_whole_group_goes_with_its_sidecars(library: Library) -> None:
    files = {"IMG_1.CR3": ONE, "IMG_1.JPG": TWO, "IMG_1.xmp": SIDE}
    library.put({f"{folder}/{name}": data for folder in ("2024", "old") for name, data in files.items()})

    plan = library.plan()

    assert going(plan, library) == [f"ARCHIVE/old/{name}" for name in sorted(files)]
    assert [len(block.paths(Verb.KEEP)) for block in plan.blocks] == [1, 1, 1]


@pytest.mark.parametrize(
    "here",
    [
        {"IMG_1.CR3": ONE, "IMG_1.JPG": TWO},  # its sidecar is nowhere else
        {"IMG_1.CR3": ONE, "IMG_1.JPG": TWO, "IMG_1.xmp": b"other edits"},
        {"IMG_1.CR3": ONE, "else/IMG_1.JPG": TWO, "else/IMG_1.xmp": SIDE},
        {"IMG_1.CR3": ONE, "IMG_2.JPG": TWO, "IMG_2.xmp": SIDE},
    ],
)
def test_no_part_of_a_group_goes(library: Library, here: dict[str, bytes]) -> None:
    there = {"IMG_1.CR3": ONE, "IMG_1.JPG": TWO, "IMG_1.xmp": SIDE}
    library.put({f"2024/{name}": data for name, data in here.items()})
    library.put({f"old/{name}": data for name, data in there.items()})

    chosen = library.choose(Wish(rules=(Rule.TREE,)))

    assert not [path for path in going(chosen.plan, library) if path.startswith("ARCHIVE/old")]
    assert chosen.left[GROUP]


def test_a_file_nobody_has_read_keeps_its_group(library: Library) -> None:
    library.put({"2024/IMG_1.CR3": ONE, "old/IMG_1.CR3": ONE, "old/IMG_1.xmp": SIDE})
    with library.catalog() as opened, opened.write() as c:
        c.exec_driver_sql("UPDATE file_locations SET content_id = NULL WHERE name = 'IMG_1.xmp'")
    assert library.choose().left == {GROUP: 1}


def test_chapters_of_a_take_stay_together(library: Library) -> None:
    library.put({"2024/GH010001.MP4": ONE, "old/GH010001.MP4": ONE, "old/GH020001.MP4": TWO})
    assert library.choose().left == {GROUP: 1}
    library.put({"2024/GH020001.MP4": TWO})
    assert going(library.plan(), library) == ["ARCHIVE/old/GH010001.MP4", "ARCHIVE/old/GH020001.MP4"]


def test_a_pair_of_equal_files_in_one_group_stays(library: Library) -> None:
    library.put({"2024/IMG_1.JPG": ONE, "old/IMG_1.JPG": ONE, "old/IMG_1.jpeg": ONE})
    assert library.choose().plan.blocks == ()


def test_what_is_not_there_as_it_was_stays(library: Library) -> None:
    root = library.put({"2024/a.jpg": ONE, "x/a.jpg": ONE, "2024/b.jpg": TWO, "x/b.jpg": TWO})
    (root / "x/a.jpg").unlink()
    (root / "x/b.jpg").write_bytes(b"edited")
    assert library.choose().left == {GONE: 1, CHANGED: 1}


def test_nothing_goes_for_a_copy_that_is_gone(library: Library) -> None:
    root = library.put({"2024/a.jpg": ONE, "x/a.jpg": ONE})
    (root / "2024/a.jpg").unlink()
    assert library.choose().plan.blocks == ()


def test_unplugged_drives_are_said(library: Library) -> None:
    library.put({"2024/a.jpg": ONE, "x/a.jpg": ONE})
    library.shelf.unplug("ARCHIVE")
    assert library.choose().left == {f"{OFFLINE}: ARCHIVE": 1}


def test_drives_that_are_known_to_be_unplugged_are_said(library: Library) -> None:
    """As after an index of everything at night."""
    library.put({"2024/a.jpg": ONE, "x/a.jpg": ONE})
    library.shelf.unplug("ARCHIVE")
    with library.catalog() as opened, opened.write() as c:
        c.exec_driver_sql("UPDATE file_locations SET status = 'unavailable'")
    assert library.choose().left == {f"{OFFLINE}: ARCHIVE": 1}


@pytest.mark.parametrize("root", ["tmp/photos", "Old Photos", "Backup/2020"])
def test_a_tree_is_told_also_in_a_library_that_has_an_untidy_name(library: Library, root: str) -> None:
    library.put({"2024/2024-01-01/IMG_1.jpg": ONE, "Desktop/IMG_1.jpg": ONE}, root=root)
    assert going(library.plan(), library) == [f"ARCHIVE/{root}/Desktop/IMG_1.jpg"]


def test_what_something_is_wrong_with_neither_goes_nor_stays_for_others(library: Library) -> None:
    library.put({"2024/a.jpg": ONE, "x/a.jpg": ONE})
    library.find_wrong("2024")
    assert library.choose().left == {WRONG: 1}


def test_two_names_of_one_file_are_left(library: Library) -> None:
    root = library.put({"2024/a.jpg": ONE})
    (root / "x").mkdir()
    os.link(root / "2024/a.jpg", root / "x/a.jpg")
    library.record({"x/a.jpg": ONE})
    assert library.choose().left == {SAME: 1}


def test_only_what_is_in_the_folder_goes(library: Library) -> None:
    root = library.put({"Downloads/2024/a.jpg": ONE, "misc/a.jpg": ONE, "other/a.jpg": ONE})
    chosen = library.choose(Wish(folder=str(root / "Downloads")))
    assert going(chosen.plan, library) == ["ARCHIVE/Downloads/2024/a.jpg"]
    assert chosen.plan.blocks[0].comment == "kept: it is not where you want to clean up"


def test_only_what_is_on_the_drive_goes(library: Library) -> None:
    library.put({"2024/a.jpg": ONE, "x/a.jpg": ONE})
    library.put({"2024/a.jpg": ONE, "x/a.jpg": ONE}, drive="SAFE")
    assert going(library.plan(Wish(volume="SAFE")), library) == ["SAFE/x/a.jpg"]


def test_a_folder_is_preferred(library: Library) -> None:
    root = library.put({"2024/a.jpg": ONE, "x/a.jpg": ONE})
    assert going(library.plan(Wish(prefer=(str(root / "x"),))), library) == ["ARCHIVE/2024/a.jpg"]


def test_small_waste_is_left_out(library: Library) -> None:
    library.put({"2024/a.jpg": ONE, "x/a.jpg": ONE, "2024/b.jpg": TWO, "x/b.jpg": TWO})
    chosen = library.choose(Wish(min_waste=len(ONE)))
    assert going(chosen.plan, library) == ["ARCHIVE/x/a.jpg"]
    assert chosen.small == 1


def test_an_unknown_folder_is_said(library: Library) -> None:
    library.put({"2024/a.jpg": ONE})
    with pytest.raises(UsageError):
        library.choose(Wish(volume="NOWHERE"))


def test_sidecars_alone_are_no_duplicates(library: Library) -> None:
    library.put({"2024/a.xmp": SIDE, "x/a.xmp": SIDE})
    assert library.choose().plan.blocks == ()


def test_empty_files_waste_nothing(library: Library) -> None:
    library.put({"2024/a.jpg": b"", "x/a.jpg": b""})
    assert library.choose().plan.blocks == ()


def test_a_lone_photo_goes_for_one_with_its_raw(library: Library) -> None:
    library.put({"2024/IMG_1.CR3": ONE, "2024/IMG_1.JPG": TWO, "x/IMG_1.JPG": TWO})
    assert going(library.plan(), library) == ["ARCHIVE/x/IMG_1.JPG"]


def test_a_preferred_lone_photo_stays_beside_a_group(library: Library) -> None:
    library.put({"old/IMG_1.CR3": ONE, "old/IMG_1.JPG": TWO, "2024/IMG_1.JPG": TWO})
    assert library.choose().plan.blocks == ()
