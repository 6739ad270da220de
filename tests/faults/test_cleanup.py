"""A cleanup and its way back are killed, and meet errors, at every step: nothing is lost or half done."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cardcat.cleanup.outcomes import Outcome
from cardcat.cleanup.planning import Wish
from cardcat.cleanup.plans import Action, Plan
from cardcat.errors import CatalogError
from tests.catalog.shelf import Shelf
from tests.cleanup.shelves import Library, tree
from tests.faults.faulty import failed
from tests.faults.steps import CHANGING, SYNCING, Fault, Plain, Step, Watched, nothing

RAW, EDITS, PHOTO = b"raw" * 1000, b"<xmp/>", b"photo" * 700
FILES = {
    "2024/IMG_1.CR3": RAW,
    "2024/IMG_1.xmp": EDITS,
    "2024/b.jpg": PHOTO,
    "x/IMG_1.CR3": RAW,
    "x/IMG_1.xmp": EDITS,
    "y/b.jpg": PHOTO,
}
GOERS = {"x/IMG_1.CR3", "x/IMG_1.xmp", "y/b.jpg"}
KILLED = 9
QUARANTINE = ".cardcat-quarantine"

_NEVER = {"close", "drop_cache", "drop_cache_below", "start_writeback"}
"""What is a hint, or was done though it says that it failed."""


@dataclass(frozen=True)
class Undisturbed:
    """A library with a plan, and the steps of carrying that out and taking it back."""

    folder: Path
    plan: Plan
    applying: Sequence[Step]
    undoing: Sequence[Step]


class Scene:
    """A library of its own that is like another one, with the same plan."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, like: Path, plan: Plan) -> None:
        shutil.copytree(like, folder)
        self.library = Library(Shelf(folder, patch))
        self.root = self.library.shelf.plug("ARCHIVE")
        self.before = tree(self.root)
        self.rows = self.library.rows()
        self.plan = plan
        assert self.plan.goers == len(GOERS)

    def watched(self, fault: Fault = nothing) -> Watched:
        return Watched(self.library.folder, fault)

    def apply(self, fault: Fault = nothing) -> Outcome:
        return self.library.apply(self.plan, disk=self.watched(fault))

    def undo(self, fault: Fault = nothing) -> Outcome:
        return self.library.undo(disk=self.watched(fault))

    def require_nothing_lost(self) -> None:
        """Each file under its name, or in the quarantine under the same name, with its bytes and time."""
        for path, data in FILES.items():
            places = [self.root / path, *self.root.glob(f"{QUARANTINE}/1-*/{path}")]
            found = [place.read_bytes() for place in places if place.exists()]
            assert data in found, path
            if path not in GOERS:
                assert places[0].read_bytes() == data
        assert set(map(bytes, FILES.values())) >= {
            path.read_bytes() for path in self.root.rglob("*") if path.is_file() and path.stat().st_size
        }

    def require_done(self) -> None:
        """Everything that the plan says was done, and the catalog says so."""
        away = {str(path.relative_to(self.root)) for path in self.root.glob(f"{QUARANTINE}/1-*/*/*")}
        assert {path.split("/", 2)[2] for path in away} == GOERS
        states = dict(self.library.rows())
        for path in away:
            assert states[path] == "quarantined"
        for path in FILES:
            linked = self.plan.action is Action.HARDLINK and path in GOERS
            assert (self.root / path).exists() is (path not in GOERS or linked)
            assert states.get(path) == (None if path in GOERS and not linked else "present")
        assert self.library.ask("SELECT DISTINCT state FROM cleanup_steps") == [("done",)]
        assert self.library.ask("SELECT status, owner FROM cleanups") == [("completed", None)]

    def require_as_before(self) -> None:
        """Names, kinds, rights, times and bytes of all files; folders by their names."""
        assert _files(tree(self.root)) == _files(self.before)
        assert self.library.rows() == self.rows
        assert self.library.ask("SELECT DISTINCT state FROM cleanup_steps") == [("undone",)]
        assert self.library.ask("SELECT status, owner FROM cleanups") == [("undone", None)]


def _files(found: dict[str, Any]) -> dict[str, Any]:
    return {
        path: (kind, None if kind.startswith("d") else mtime, uid, data)
        for path, (kind, mtime, uid, data) in found.items()
    }


def killed(do: Callable[[Fault], object], number: int, *, after: bool) -> bool:
    """Whether a process that does it dies at that step by our hand; that it fails otherwise is an error."""
    child = os.fork()
    if not child:
        code = 1
        try:
            do(dying(number, after=after))
            code = 0
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, KILLED)
    return code == KILLED


def dying(number: int, *, after: bool) -> Fault:
    def fault(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
        if step.number == number:
            if after:
                plain(*arguments)
            os._exit(KILLED)
        return plain(*arguments)

    return fault


def failing(number: int, what: int, *, lasting: bool) -> Fault:
    """An error at one step; a *lasting* one at all later ones that change something, too."""

    def fault(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
        meant = step.number >= number and step.operation in CHANGING if lasting else step.number == number
        if meant:
            raise failed(what, step.path)
        return plain(*arguments)

    return fault


@pytest.fixture(scope="module", params=[Action.QUARANTINE, Action.HARDLINK])
def undisturbed(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    folder = tmp_path_factory.mktemp("undisturbed")
    with pytest.MonkeyPatch.context() as patch:
        (folder / "like").mkdir()
        library = Library(Shelf(folder / "like", patch))
        library.put(FILES)
        plan = library.plan(Wish(action=request.param))
        scene = Scene(folder / "whole", patch, folder / "like", plan)
        applying, undoing = scene.watched(), scene.watched()
        scene.library.apply(plan, disk=applying)
        scene.require_done()
        scene.library.undo(disk=undoing)
        scene.require_as_before()
    return Undisturbed(folder / "like", plan, applying.steps, undoing.steps)


@pytest.fixture
def scenes(tmp_path: Path, undisturbed: Undisturbed) -> Iterator[Callable[[], Scene]]:
    with pytest.MonkeyPatch.context() as patch:
        count = iter(range(10_000))
        yield lambda: Scene(tmp_path / str(next(count)), patch, undisturbed.folder, undisturbed.plan)


def deaths(steps: Sequence[Step]) -> list[tuple[int, bool]]:
    """When to die: before each step that changes or syncs something, and right after what changes names."""
    found = []
    for step in steps:
        if step.operation in {*CHANGING, *SYNCING} and step.operation != "fsync":
            found.append((step.number, False))
        if step.operation in {"rename_new", "exchange", "link_new", "remove"}:
            found.append((step.number, True))
    return found


def each_once(steps: Sequence[Step]) -> list[Step]:
    """The first step of each kind at each place."""
    return list({(step.operation, step.path): step for step in reversed(steps)}.values())


def test_killed_at_any_step_the_same_command_again_finishes_it(
    undisturbed: Undisturbed, scenes: Callable[[], Scene]
) -> None:
    assert len(deaths(undisturbed.applying)) > 15
    for number, after in deaths(undisturbed.applying):
        scene = scenes()
        assert killed(scene.apply, number, after=after)
        scene.require_nothing_lost()

        again = scene.apply()

        assert (again.left, again.failed) == ([], []), (number, after)
        scene.require_nothing_lost()
        scene.require_done()


def test_killed_on_the_way_there_it_can_be_taken_back_at_once(
    undisturbed: Undisturbed, scenes: Callable[[], Scene]
) -> None:
    for number, after in deaths(undisturbed.applying)[1::2]:
        scene = scenes()
        assert killed(scene.apply, number, after=after)

        scene.undo()

        assert _files(tree(scene.root)) == _files(scene.before), (number, after)
        assert scene.library.rows() == scene.rows


def test_killed_at_any_step_of_the_way_back_the_same_command_again_finishes_it(
    undisturbed: Undisturbed, scenes: Callable[[], Scene]
) -> None:
    assert len(deaths(undisturbed.undoing)) > 15
    for number, after in deaths(undisturbed.undoing):
        scene = scenes()
        scene.apply()
        assert killed(scene.undo, number, after=after)
        scene.require_nothing_lost()

        scene.undo()

        scene.require_as_before()


@pytest.mark.parametrize(
    ("what", "lasting"),
    [(errno.EIO, False), (errno.ENOSPC, True), (errno.EROFS, True)],
    ids=["EIO", "ENOSPC", "EROFS"],
)
def test_an_error_at_any_step_loses_nothing(
    undisturbed: Undisturbed, scenes: Callable[[], Scene], what: int, lasting: bool
) -> None:
    for step in each_once(undisturbed.applying):
        if step.operation in _NEVER or (lasting and step.operation not in CHANGING):
            continue
        scene = scenes()

        done = scene.apply(failing(step.number, what, lasting=lasting))

        scene.require_nothing_lost()
        told = len(done.done) + len(done.left) + len(done.failed) + done.pending
        assert told == len(GOERS), (step, done)
        again = scene.apply()
        assert (again.left, again.failed) == ([], []), step
        scene.require_done()


@pytest.mark.parametrize(("what", "lasting"), [(errno.EIO, False), (errno.EROFS, True)], ids=["EIO", "EROFS"])
def test_an_error_at_any_step_of_the_way_back_loses_nothing(
    undisturbed: Undisturbed, scenes: Callable[[], Scene], what: int, lasting: bool
) -> None:
    for step in each_once(undisturbed.undoing):
        if step.operation not in {*CHANGING, *([] if lasting else SYNCING)}:
            continue
        scene = scenes()
        scene.apply()

        scene.undo(failing(step.number, what, lasting=lasting))

        scene.require_nothing_lost()
        scene.undo()
        scene.require_as_before()


def test_a_catalog_that_fails_ends_it_and_the_next_run_puts_it_right(
    scenes: Callable[[], Scene], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files are moved, but nothing can be written down of that."""
    scene = scenes()

    def full(*_: object, **__: object) -> None:
        raise CatalogError("The disk of the catalog is full.")

    with monkeypatch.context() as patch:
        patch.setattr("cardcat.cleanup.journal.move_copy", full)
        patch.setattr("cardcat.cleanup.journal.record_aside", full)
        with pytest.raises(CatalogError, match="full"):
            scene.apply()
    scene.require_nothing_lost()
    assert ("doing",) in scene.library.ask("SELECT DISTINCT state FROM cleanup_steps")

    scene.apply()

    scene.require_done()


def test_a_drive_that_is_pulled_ends_the_work_on_it(scenes: Callable[[], Scene]) -> None:
    scene = scenes()
    root, away = scene.root, scene.root.with_name("pulled")

    def fault(step: Step, plain: Plain, arguments: Sequence[Any]) -> Any:
        found = plain(*arguments)
        if step.operation in {"rename_new", "exchange"} and root.exists() and not away.exists():
            root.rename(away)
            root.mkdir()
        return found

    scene.apply(fault)

    assert list(root.iterdir()) == []
    root.rmdir()
    away.rename(root)
    scene.require_nothing_lost()
    scene.apply()
    scene.require_done()
