"""A cleanup taken back: every file where it was, or where it is and why."""

from __future__ import annotations

import os
import shutil

import pytest

from cardcat.cleanup import acting
from cardcat.cleanup.planning import Wish
from cardcat.cleanup.plans import Action
from cardcat.cleanup.undoing import preview_undo, to_undo
from cardcat.errors import UsageError
from tests.cleanup.shelves import Library, tree

ONE = b"one" * 1000
PAIR = {"2024/a.jpg": ONE, "x/a.jpg": ONE}


def test_everything_is_as_it_was(library: Library) -> None:
    root = library.put({**PAIR, "a.jpg": ONE, "deep/er/a.jpg": ONE})
    os.utime(root / "x", ns=(5, 5))
    os.utime(root, ns=(7, 7))
    before = tree(root)
    assert len(library.apply(library.plan()).done) == 3

    back = library.undo()

    assert len(back.done) == 3
    assert tree(root) == before
    assert library.ask("SELECT status FROM cleanups") == [("undone",)]
    assert library.undo().done == []


def test_a_folder_that_was_changed_since_shows_that(library: Library) -> None:
    root = library.put(PAIR)
    os.utime(root / "x", ns=(5, 5))
    library.apply(library.plan())
    (root / "x/new.jpg").write_bytes(b"new")
    later = (root / "x").stat().st_mtime_ns + 60_000_000_000
    os.utime(root / "x", ns=(later, later))

    library.undo()

    assert (root / "x").stat().st_mtime_ns != 5


def test_a_place_that_is_taken_is_left(library: Library) -> None:
    root = library.put(PAIR)
    library.apply(library.plan())
    (root / "x/a.jpg").write_bytes(b"new")

    back = library.undo()

    assert [each.reason for each in back.left] == [acting.TAKEN]
    assert (root / "x/a.jpg").read_bytes() == b"new"
    (aside,) = root.glob(".cardcat-quarantine/*/x/a.jpg")
    assert aside.read_bytes() == ONE
    assert library.ask("SELECT status, error_message FROM cleanups") == [
        ("failed", "1 could not be put back")
    ]
    (root / "x/a.jpg").unlink()
    assert library.undo().done
    assert (root / "x/a.jpg").read_bytes() == ONE


def test_a_quarantine_that_was_emptied_is_said(library: Library) -> None:
    root = library.put(PAIR)
    library.apply(library.plan())
    shutil.rmtree(root / ".cardcat-quarantine")
    assert [each.reason for each in library.undo().left] == [acting.NOT_THERE]


def test_another_file_in_the_quarantine_is_not_put_back(library: Library) -> None:
    root = library.put(PAIR)
    library.apply(library.plan())
    (aside,) = root.glob(".cardcat-quarantine/*/x/a.jpg")
    aside.unlink()
    aside.write_bytes(b"two" * 1000)
    assert [each.reason for each in library.undo().left] == [acting.QUARANTINE_CHANGED]
    assert not (root / "x/a.jpg").exists()


def test_a_folder_that_is_gone_is_made_again(library: Library) -> None:
    root = library.put(PAIR)
    library.apply(library.plan())
    (root / "x").rmdir()
    library.undo()
    assert (root / "x/a.jpg").read_bytes() == ONE


def test_a_link_in_the_place_of_a_folder_is_not_followed(library: Library) -> None:
    root = library.put(PAIR)
    library.apply(library.plan())
    (root / "x").rmdir()
    (root / "elsewhere").mkdir()
    (root / "x").symlink_to(root / "elsewhere")

    back = library.undo()

    assert back.done == []
    assert list((root / "elsewhere").iterdir()) == []


def test_a_linked_file_that_was_edited_is_left(library: Library) -> None:
    """Both names lead to the edited file: what was put away has the bytes from before."""
    root = library.put(PAIR)
    library.apply(library.plan(Wish(action=Action.HARDLINK)))
    (root / "x/a.jpg").write_bytes(b"new" * 1000)

    back = library.undo()

    assert [each.reason for each in back.left] == [acting.EDITED]
    assert (root / "x/a.jpg").read_bytes() == b"new" * 1000


def test_a_link_that_is_gone_is_put_back(library: Library) -> None:
    root = library.put(PAIR)
    before = tree(root)
    library.apply(library.plan(Wish(action=Action.HARDLINK)))
    (root / "x/a.jpg").unlink()
    library.undo()
    assert tree(root) == before


def test_a_damaged_file_in_the_quarantine_does_not_take_the_place_of_a_good_link(library: Library) -> None:
    root = library.put(PAIR)
    library.apply(library.plan(Wish(action=Action.HARDLINK)))
    (aside,) = root.glob(".cardcat-quarantine/*/x/a.jpg")
    with aside.open("r+b") as file:
        file.write(b"rot")
    aside.write_bytes(b"rot" + ONE[3:])
    assert [each.reason for each in library.undo().left] == [acting.QUARANTINE_CHANGED]
    assert (root / "x/a.jpg").read_bytes() == ONE


def test_a_plan_that_was_undone_can_be_applied_again(library: Library) -> None:
    root = library.put(PAIR)
    before, plan = tree(root), library.plan()
    for _ in range(2):
        assert len(library.apply(plan).done) == 1
        library.undo()
        assert tree(root) == before


def test_a_row_of_what_came_and_went_gives_way(library: Library) -> None:
    root = library.put(PAIR)
    library.apply(library.plan())
    library.put({"x/a.jpg": b"new"})
    (root / "x/a.jpg").unlink()

    library.undo()

    assert dict(library.rows()) == {"2024/a.jpg": "present", "x/a.jpg": "present"}
    assert library.ask(
        "SELECT k.size_bytes FROM file_locations f JOIN folders d ON d.id = f.folder_id"
        " JOIN content_identity k ON k.id = f.content_id WHERE d.path = 'x' AND f.status = 'present'"
    ) == [(len(ONE),)]


def test_the_last_cleanup_is_meant_and_others_go_by_their_number(library: Library) -> None:
    library.put(PAIR)
    with library.catalog() as opened:
        assert to_undo(opened, None) is None
        with pytest.raises(UsageError, match="no cleanup 7"):
            to_undo(opened, 7)
    library.apply(library.plan())
    with library.catalog() as opened:
        row = to_undo(opened, None)
        assert row
        assert row.id == 1
        found = preview_undo(opened, row)
    assert len(found.done) == 1


def test_what_can_not_be_put_back_is_said_before(library: Library) -> None:
    root = library.put(PAIR)
    library.apply(library.plan())
    (root / "x/a.jpg").write_bytes(b"new")
    before = tree(root)
    with library.catalog() as opened:
        row = to_undo(opened, 1)
        assert row
        found = preview_undo(opened, row)
    assert [each.reason for each in found.left] == [acting.TAKEN]
    assert tree(root) == before


def test_what_is_not_proved_to_be_there_twice_is_never_taken_away(library: Library) -> None:
    """Somebody put the file back by hand, and something else into the quarantine."""
    root = library.put(PAIR)
    library.apply(library.plan(Wish(action=Action.HARDLINK)))
    (aside,) = root.glob(".cardcat-quarantine/*/x/a.jpg")
    aside.replace(root / "x/a.jpg")
    aside.write_bytes(b"my" * 1500)

    back = library.undo()

    assert back.done == []
    assert aside.read_bytes() == b"my" * 1500
    assert (root / "x/a.jpg").read_bytes() == ONE


def test_what_belongs_together_is_put_back_together_or_not_at_all(library: Library) -> None:
    """Else a raw and its edits would lie beside somebody else's picture of that name."""
    group = {"IMG_1.CR3": b"raw" * 1000, "IMG_1.xmp": b"<xmp/>", "IMG_1.JPG": ONE}
    root = library.put(
        {f"{where}/{name}": data for where in ("2024", "x") for name, data in group.items()}
        | {"2024/b.jpg": b"b" * 2000, "x/b.jpg": b"b" * 2000}
    )
    assert len(library.apply(library.plan()).done) == 4
    (root / "x/IMG_1.JPG").write_bytes(b"another one")
    with library.catalog() as opened:
        row = to_undo(opened, 1)
        assert row
        look = preview_undo(opened, row)

    back = library.undo()

    for told in (look, back):
        assert [each.path for each in told.done] == ["ARCHIVE/x/b.jpg"]
        assert sorted(each.reason for each in told.left) == [
            acting.TAKEN,
            "what belongs to it can't be put back: IMG_1.JPG",
            "what belongs to it can't be put back: IMG_1.JPG",
        ]
    assert sorted(path.name for path in (root / "x").iterdir()) == ["IMG_1.JPG", "b.jpg"]
    (root / "x/IMG_1.JPG").unlink()
    assert len(library.undo().done) == 3


def test_what_is_left_of_files_that_belong_together_is_put_back(library: Library) -> None:
    """One of them was deleted in the quarantine: waiting for it would be in vain."""
    group = {"IMG_1.CR3": b"raw" * 1000, "IMG_1.xmp": b"<xmp/>"}
    root = library.put({f"{where}/{name}": data for where in ("2024", "x") for name, data in group.items()})
    library.apply(library.plan())
    (xmp,) = root.glob(".cardcat-quarantine/*/x/IMG_1.xmp")
    xmp.unlink()

    back = library.undo()

    assert [len(back.done), [each.reason for each in back.left]] == [1, [acting.NOT_THERE]]
    assert (root / "x/IMG_1.CR3").exists()


def test_a_library_on_the_filesystem_of_the_computer_itself_is_named_by_its_path(library: Library) -> None:
    library.put(PAIR)
    library.apply(library.plan())
    with library.catalog() as opened:
        with opened.write() as c:
            c.exec_driver_sql("UPDATE volumes SET label = '/'")
            c.exec_driver_sql("UPDATE locations SET path = 'home/me'")
        row = to_undo(opened, 1)
        assert row
        look = preview_undo(opened, row)
    assert [each.path for each in look.left] == ["/home/me/x/a.jpg"]
