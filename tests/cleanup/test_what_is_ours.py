"""Only what was made here is ever dropped, and only what was read is ever said to be back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from cardcat.cleanup import acting
from cardcat.cleanup.planning import Wish
from cardcat.cleanup.plans import Action
from cardcat.cleanup.undoing import preview_undo, to_undo
from cardcat.errors import CatalogError
from cardcat.storage import spots
from tests.cleanup.shelves import Library, tree
from tests.cleanup.test_swaps import Cloning, die, dies

ONE = b"one" * 1000
PAIR = {"2024/a.jpg": ONE, "x/a.jpg": ONE}
GOES = "x/a.jpg"
LINKS = pytest.mark.parametrize("action", [Action.HARDLINK, Action.REFLINK])
FIRST = {Action.QUARANTINE: "move", Action.HARDLINK: "link", Action.REFLINK: "clone"}


def occupying(
    monkeypatch: pytest.MonkeyPatch, action: Action, data: bytes, then: Callable[[], None] = lambda: None
) -> None:
    """Right before the first step that needs the place in the quarantine somebody puts a file there."""
    plain = getattr(spots, FIRST[action])

    def step(*arguments: object) -> None:
        aside = next(
            each for each in arguments[1:] if isinstance(each, spots.Spot) and "quarantine" in each.path
        )
        Path(str(aside)).write_bytes(data)
        then()
        plain(*arguments)

    monkeypatch.setattr(spots, FIRST[action], step)


def the_aside(root: Path) -> Path:
    (found,) = root.glob(".cardcat-quarantine/1-*/x/a.jpg")
    return found


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("data", [ONE, b"", b"mine"], ids=["equal", "empty", "other"])
@pytest.mark.parametrize("is_killed", [False, True])
def test_a_file_that_takes_the_place_in_the_quarantine_stays(
    library: Library, monkeypatch: pytest.MonkeyPatch, action: Action, data: bytes, is_killed: bool
) -> None:
    """And nothing says that the copy went there."""
    root = library.put(PAIR)
    plan, rows = library.plan(Wish(action=action)), library.rows()
    with monkeypatch.context() as patch:
        occupying(patch, action, data, die if is_killed else lambda: None)
        if is_killed:
            assert dies(lambda: library.apply(plan, disk=Cloning()))
        else:
            assert library.apply(plan, disk=Cloning()).done == []
    mine = the_aside(root).stat().st_ino

    for _ in range(2):
        again = library.apply(plan, disk=Cloning())
        assert (again.done, again.already) == ([], 0)
        assert (the_aside(root).stat().st_ino, the_aside(root).read_bytes()) == (mine, data)
        assert (root / GOES).read_bytes() == ONE
        assert library.rows() == rows


def test_a_catalog_from_before_does_not_make_the_file_in_the_quarantine_ours(library: Library) -> None:
    root = library.put(PAIR)
    plan = library.plan(Wish(action=Action.HARDLINK))
    shutil.copy(library.shelf.catalog, library.folder / "old.sqlite")
    library.apply(plan)
    shutil.copy2(the_aside(root), root / "back")
    (root / "back").replace(root / GOES)
    shutil.copy(library.folder / "old.sqlite", library.shelf.catalog)

    again = library.apply(plan)

    assert "its place in the quarantine is taken" in again.left[0].reason
    assert the_aside(root).read_bytes() == ONE


def test_a_clone_that_can_not_be_filled_is_removed_and_nothing_else(library: Library) -> None:
    class Full(Cloning):
        def clone(self, source: int, target: int) -> None:
            raise OSError(28, "No space left on device")

    root = library.put(PAIR)
    before = tree(root)
    assert library.apply(library.plan(Wish(action=Action.REFLINK)), disk=Full()).failed
    assert tree(root) == before


def test_a_clone_that_can_not_be_put_on_record_does_not_stay(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody would know later that it is ours."""

    def full(*_: object) -> None:
        raise CatalogError("The disk of the catalog is full.")

    root = library.put(PAIR)
    plan = library.plan(Wish(action=Action.REFLINK))
    with monkeypatch.context() as patch:
        patch.setattr("cardcat.cleanup.journal.Journal.made", full)
        with pytest.raises(CatalogError):
            library.apply(plan, disk=Cloning())
    assert [path for path in root.rglob("*") if path.is_file() and not path.stat().st_size] == []

    assert len(library.apply(plan, disk=Cloning()).done) == 1


@LINKS
def test_a_file_that_the_user_made_in_the_place_of_a_link_is_not_taken_away(
    library: Library, action: Action
) -> None:
    """Though it has the same bytes: its rights and its date are the user's."""
    root = library.put(PAIR)
    library.apply(library.plan(Wish(action=action)), disk=Cloning())
    (root / "mine").write_bytes(ONE)
    (root / "mine").chmod(0o600)
    (root / "mine").replace(root / GOES)
    before = tree(root)
    with library.catalog() as opened:
        row = to_undo(opened, 1)
        assert row
        look = preview_undo(opened, row)

    back = library.undo()

    for told in (look, back):
        assert (told.done, [each.reason for each in told.left]) == ([], [acting.TAKEN])
    assert tree(root) == before


def test_a_file_that_was_given_the_number_of_a_clone_is_not_taken_away(library: Library) -> None:
    root = library.put(PAIR)
    library.apply(library.plan(Wish(action=Action.REFLINK)), disk=Cloning())
    os.utime(root / GOES, ns=(5, 5))

    assert [each.reason for each in library.undo().left] == [acting.TAKEN]
    assert (root / GOES).stat().st_mtime_ns == 5


@LINKS
def test_links_and_clones_are_taken_back(library: Library, action: Action) -> None:
    root = library.put(PAIR)
    before = tree(root)
    library.apply(library.plan(Wish(action=action)), disk=Cloning())
    assert len(library.undo().done) == 1
    assert tree(root) == before


def zeros_like(path: Path, size: int, mtime_ns: int) -> None:
    path.write_bytes(bytes(size))
    os.utime(path, ns=(mtime_ns, mtime_ns))


@pytest.mark.parametrize("is_asked_first", [False, True])
def test_a_file_at_the_old_place_is_read_before_it_is_said_to_be_back(
    library: Library, is_asked_first: bool
) -> None:
    root = library.put(PAIR)
    was = (root / GOES).stat()
    library.apply(library.plan())
    shutil.rmtree(root / ".cardcat-quarantine")
    zeros_like(root / GOES, was.st_size, was.st_mtime_ns)
    with library.catalog() as opened, opened.write() as c:  # a filesystem may give it the same number
        c.exec_driver_sql("UPDATE cleanup_steps SET inode = ?", ((root / GOES).stat().st_ino,))
    if is_asked_first:
        with library.catalog() as opened:
            row = to_undo(opened, 1)
            assert row
            assert preview_undo(opened, row).done == []

    back = library.undo()

    assert (back.done, [each.reason for each in back.left]) == ([], [acting.NOT_THERE])
    assert (GOES, "present") not in library.rows()


def test_a_file_in_the_quarantine_is_read_before_it_is_put_back(library: Library) -> None:
    root = library.put(PAIR)
    was = (root / GOES).stat()
    library.apply(library.plan())
    aside = the_aside(root)
    aside.rename(root / "keeps its number")
    zeros_like(aside, was.st_size, was.st_mtime_ns)

    assert [each.reason for each in library.undo().left] == [acting.QUARANTINE_CHANGED]
    assert not (root / GOES).exists()


def test_a_copy_that_was_brought_back_by_hand_is_back(library: Library) -> None:
    root = library.put(PAIR)
    library.apply(library.plan())
    shutil.rmtree(root / ".cardcat-quarantine")
    (root / GOES).write_bytes(ONE)

    assert len(library.undo().done) == 1
    assert (GOES, "present") in library.rows()


@pytest.mark.parametrize("action", [Action.QUARANTINE, Action.HARDLINK])
def test_a_quarantine_that_was_deleted_goes_on_record_so_and_is_not_offered_again(
    library: Library, action: Action
) -> None:
    root = library.put(PAIR)
    library.apply(library.plan(Wish(action=action)))
    shutil.rmtree(root / ".cardcat-quarantine")

    assert [each.reason for each in library.undo().left] == [acting.NOT_THERE]

    assert "quarantined" not in dict(library.rows()).values()
    assert library.ask("SELECT state, reason FROM cleanup_steps") == [("failed", acting.NOT_THERE)]
    with library.catalog() as opened:
        assert to_undo(opened, None) is None
    assert library.undo().left == []
    assert library.ask("SELECT status FROM cleanups") == [("failed",)]  # and not undone


def test_a_quarantine_that_can_not_be_looked_into_is_not_said_to_be_gone(library: Library) -> None:
    """It was moved to another drive, and a link leads there."""
    root = library.put(PAIR)
    library.apply(library.plan())
    (root / ".cardcat-quarantine").rename(library.folder / "moved")
    (root / ".cardcat-quarantine").symlink_to(library.folder / "moved")

    assert [each.reason for each in library.undo().left] == [acting.NOT_THERE]

    assert "quarantined" in dict(library.rows()).values()
    assert library.ask("SELECT state FROM cleanup_steps") == [("done",)]
    (root / ".cardcat-quarantine").unlink()
    (library.folder / "moved").rename(root / ".cardcat-quarantine")
    assert len(library.undo().done) == 1


def test_what_is_wrong_with_the_quarantine_is_said_of_it(library: Library) -> None:
    root = library.put(PAIR)
    (library.folder / "other").mkdir()
    (root / ".cardcat-quarantine").symlink_to(library.folder / "other")

    done = library.apply(library.plan())

    assert ".cardcat-quarantine" in (done.left + done.failed)[0].reason
    assert list((library.folder / "other").iterdir()) == []
