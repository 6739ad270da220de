"""Another file takes the name of a copy in the very moment that this one goes or comes: both are kept."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cardcat.cleanup import acting
from cardcat.cleanup.planning import Wish
from cardcat.cleanup.plans import Action
from cardcat.storage import spots
from cardcat.storage.disk import Disk
from tests.cleanup.shelves import Library, tree

ONE, NEW, NEWER = b"one" * 1000, b"saved in that moment", b"saved after that"
PAIR = {"2024/a.jpg": ONE, "x/a.jpg": ONE}
GOES = "x/a.jpg"
KILLED = 9

Step = Callable[[Disk, spots.Spot, spots.Spot], None]
ACTIONS = pytest.mark.parametrize("action", list(Action))


class Cloning(Disk):
    """Says of a copy that it shares its blocks: there are few filesystems that can."""

    def clone(self, source: int, target: int) -> None:
        os.sendfile(target, source, 0, os.fstat(source).st_size)


def save(path: Path, data: bytes) -> None:
    """As an editor does: a new file in the place of the old one."""
    fresh = path.with_name("fresh")
    fresh.write_bytes(data)
    fresh.replace(path)


def saving(monkeypatch: pytest.MonkeyPatch, path: Path, data: bytes, *, then: Callable[[], None]) -> None:
    """Save *data* at *path* right before the first step that takes what is there, and go on with *then*."""
    is_saved = False
    plain: dict[str, Step] = {"move": spots.move, "exchange": spots.exchange}

    def swapped(name: str) -> Step:
        def step(disk: Disk, one: spots.Spot, other: spots.Spot) -> None:
            nonlocal is_saved
            was, is_saved = is_saved, True
            if not was:
                save(path, data)
            plain[name](disk, one, other)
            if not was:
                then()

        return step

    for name in plain:
        monkeypatch.setattr(spots, name, swapped(name))


def dies(do: Callable[[], object]) -> bool:
    """Whether a process that does it was killed by our hand."""
    child = os.fork()
    if not child:
        try:
            do()
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED


def die() -> None:
    os._exit(KILLED)


def files(root: Path) -> dict[str, bytes]:
    return {path: data for path, (kind, _, _, data) in tree(root).items() if kind.startswith("-")}


@ACTIONS
def test_a_file_that_takes_the_name_in_that_moment_gets_it_back(
    library: Library, monkeypatch: pytest.MonkeyPatch, action: Action
) -> None:
    root = library.put(PAIR)
    plan, rows = library.plan(Wish(action=action)), library.rows()
    os.utime(root / "x", ns=(5, 5))
    with monkeypatch.context() as patch:
        saving(patch, root / GOES, NEW, then=lambda: None)
        done = library.apply(plan, disk=Cloning())

    assert [each.reason for each in done.left] == [acting._SWAPPED]
    assert files(root) == {"2024/a.jpg": ONE, GOES: NEW}
    assert not (root / ".cardcat-quarantine").exists()
    assert library.rows() == rows
    assert (root / "x").stat().st_mtime_ns != 5  # that was before the new file came
    assert library.ask("SELECT state FROM cleanup_steps") == [("refused",)]


@ACTIONS
@pytest.mark.parametrize("again", ["apply", "undo"])
def test_it_gets_it_back_though_the_process_dies_right_then(
    library: Library, monkeypatch: pytest.MonkeyPatch, action: Action, again: str
) -> None:
    root = library.put(PAIR)
    plan, rows = library.plan(Wish(action=action)), library.rows()
    with monkeypatch.context() as patch:
        saving(patch, root / GOES, NEW, then=die)
        assert dies(lambda: library.apply(plan, disk=Cloning()))
    assert files(root).get(GOES) != NEW

    found = library.apply(plan, disk=Cloning()) if again == "apply" else library.undo()

    assert (found.done, found.failed) == ([], [])
    assert files(root) == {"2024/a.jpg": ONE, GOES: NEW}
    assert library.rows() == rows
    assert library.ask("SELECT state FROM cleanup_steps") == [("refused" if again == "apply" else "planned",)]


@ACTIONS
def test_of_two_that_take_the_name_the_last_one_has_it_and_the_first_one_is_named(
    library: Library, monkeypatch: pytest.MonkeyPatch, action: Action
) -> None:
    """It never goes on record as what the plan put away."""
    root = library.put(PAIR)
    plan = library.plan(Wish(action=action))
    with monkeypatch.context() as patch:
        saving(patch, root / GOES, NEW, then=lambda: save(root / GOES, NEWER))
        done = library.apply(plan, disk=Cloning())
    (aside,) = root.glob(".cardcat-quarantine/1-*/x/a.jpg")

    for told in (done.failed, library.apply(plan, disk=Cloning()).failed, library.undo().failed):
        assert str(aside) in told[0].reason
        assert (aside.read_bytes(), (root / GOES).read_bytes()) == (NEW, NEWER)
        assert library.ask("SELECT state FROM cleanup_steps") == [("doing",)]

    aside.rename(root / "first.jpg")
    assert library.apply(plan, disk=Cloning()).failed == []
    assert library.ask("SELECT state FROM cleanup_steps") == [("refused",)]
    assert files(root) == {"2024/a.jpg": ONE, GOES: NEWER, "first.jpg": NEW}


def test_what_belongs_to_it_is_put_back_as_well(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also if the file itself can not be."""
    group = {"IMG_1.CR3": ONE, "IMG_1.xmp": b"<xmp/>"}
    root = library.put({f"{where}/{name}": data for where in ("2024", "x") for name, data in group.items()})
    plan = library.plan()
    last = next(line.path for line in plan.blocks[-1].lines if "/x/" in line.path)
    move = spots.move

    def moved(disk: Disk, one: spots.Spot, other: spots.Spot) -> None:
        is_last = str(one) == last
        if is_last:
            save(Path(last), NEW)
        move(disk, one, other)
        if is_last:
            save(Path(last), NEWER)

    monkeypatch.setattr(spots, "move", moved)

    done = library.apply(plan)

    assert len(done.failed) == 2
    assert sorted(path.name for path in (root / "x").iterdir()) == ["IMG_1.CR3", "IMG_1.xmp"]
    assert Path(last).read_bytes() == NEWER


@pytest.mark.parametrize("is_killed", [False, True])
def test_a_file_that_takes_the_name_of_a_link_while_it_is_taken_back_has_it(
    library: Library, monkeypatch: pytest.MonkeyPatch, is_killed: bool
) -> None:
    root = library.put(PAIR)
    library.apply(library.plan(Wish(action=Action.HARDLINK)))
    with monkeypatch.context() as patch:
        saving(patch, root / GOES, NEW, then=die if is_killed else lambda: None)
        if is_killed:
            assert dies(library.undo)
        else:
            library.undo()

    back = library.undo()

    assert [each.reason for each in back.left] == [acting.TAKEN]
    (aside,) = root.glob(".cardcat-quarantine/1-*/x/a.jpg")
    assert (aside.read_bytes(), (root / GOES).read_bytes()) == (ONE, NEW)
    assert library.ask("SELECT state FROM cleanup_steps") == [("done",)]
