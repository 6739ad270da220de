"""A plan carried out: what goes, and what stays whatever the plan says."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cardcat import stopping
from cardcat.cleanup import acting, applying
from cardcat.cleanup.orders import _KEEPER_WRONG
from cardcat.cleanup.planning import Wish
from cardcat.cleanup.plans import Action, Block, Line, Plan, Root, Verb, parsed
from cardcat.cleanup.roots import BusyError
from cardcat.cleanup.standing import (
    BACKUP,
    CHANGED,
    GONE,
    GROUP,
    NOT_LIBRARY,
    OFFLINE,
    SAME,
    STRUCTURE,
    WRONG,
)
from cardcat.errors import CatalogError
from cardcat.model import Role
from cardcat.owner import owner_stamp
from cardcat.storage import spots
from cardcat.storage.disk import Disk
from tests.catalog.shelf import FILE_TIME, sha256
from tests.cleanup.shelves import Library, as_text, contents, paths, tree

ONE, TWO, SIDE = b"one" * 1000, b"two" * 900, b"<xmp/>"
PAIR = {"2024/a.jpg": ONE, "x/a.jpg": ONE}
KEPT, GOES = "2024/a.jpg", "x/a.jpg"


def reasons(library: Library, plan: Plan) -> list[str]:
    """Why nothing of the plan goes: by looking, where that tells, and by doing. Not one file may change."""
    root = library.folder / "ARCHIVE"
    before, rows = tree(root), library.rows()
    library.preview(plan)
    done = library.apply(plan)
    assert done.done == []
    assert tree(root) == before
    assert library.rows() == rows
    return [each.reason for each in [*done.left, *done.failed]]


def edited(plan: Plan, was: str, now: str) -> Plan:
    text = as_text(plan)
    assert was in text
    return parsed(text.replace(was, now))


def test_what_goes_is_in_the_quarantine_of_its_library(library: Library) -> None:
    root = library.put(PAIR, root="photos")

    done = library.apply(library.plan())

    assert paths(done.done) == [str(root / GOES)]
    (aside,) = root.glob(".cardcat-quarantine/1-*/x/a.jpg")
    assert done.done[0].aside == str(aside)
    assert aside.read_bytes() == ONE
    assert aside.stat().st_mtime_ns == FILE_TIME
    assert library.rows() == [
        (f"{aside.relative_to(root)}", "quarantined"),
        ("2024/a.jpg", "present"),
    ]
    assert library.ask("SELECT status, error_message FROM cleanups") == [("completed", None)]


def test_a_plan_applied_twice_does_nothing_the_second_time(library: Library) -> None:
    root = library.put(PAIR)
    plan = library.plan()
    library.apply(plan)
    before, rows = tree(root), library.rows()

    again = library.apply(plan)

    assert (again.done, again.left, again.failed, again.already) == ([], [], [], 1)
    assert tree(root) == before
    assert library.rows() == rows


def test_a_look_changes_nothing(library: Library) -> None:
    root = library.put(PAIR)
    plan = library.plan()
    before = tree(root)

    found = library.preview(plan)

    assert paths(found.done) == [str(root / GOES)]
    assert found.dry_run
    assert tree(root) == before
    assert library.ask("SELECT count(*) FROM cleanups") == [(0,)]


def rewritten(path: Path) -> None:
    """Other bytes, with the size and the time that it had."""
    path.write_bytes(b"xyz" * 1000)
    os.utime(path, ns=(FILE_TIME, FILE_TIME))


@pytest.mark.parametrize("which", [KEPT, GOES])
@pytest.mark.parametrize(
    "change",
    [
        rewritten,
        lambda path: path.write_bytes(b"longer than before" * 1000),
        lambda path: path.write_bytes(b""),
        Path.unlink,
    ],
)
def test_what_changed_since_the_plan_is_left_alone(
    library: Library, which: str, change: Callable[[Path], object]
) -> None:
    root = library.put(PAIR)
    plan = library.plan()
    change(root / which)

    (reason,) = reasons(library, plan)

    assert reason in {CHANGED, GONE, acting._KEEPER_CHANGED, acting._KEEPER_GONE}


@pytest.mark.parametrize("which", [KEPT, GOES])
def test_a_link_in_the_place_of_a_file_is_not_followed(library: Library, which: str) -> None:
    root = library.put(PAIR)
    plan = library.plan()
    (root / which).rename(root / "elsewhere.jpg")
    (root / which).symlink_to(root / "elsewhere.jpg")
    assert reasons(library, plan)[0] in {GONE, acting._KEEPER_GONE}


@pytest.mark.parametrize("which", [KEPT, GOES])
def test_a_folder_that_became_a_link_is_not_followed(library: Library, which: str) -> None:
    root = library.put(PAIR)
    plan = library.plan()
    folder = (root / which).parent
    folder.rename(root / "elsewhere")
    folder.symlink_to(root / "elsewhere")
    assert reasons(library, plan)[0] in {GONE, acting._KEEPER_GONE}


def test_two_names_of_one_file_are_both_left(library: Library) -> None:
    root = library.put(PAIR)
    plan = library.plan()
    (root / GOES).unlink()
    os.link(root / KEPT, root / GOES)
    assert reasons(library, plan) == [SAME]


def test_a_folder_that_became_a_destination_is_left(library: Library) -> None:
    root = library.put(PAIR)
    plan = library.plan()
    (root / "x/.cardcat").mkdir()
    assert reasons(library, plan) == [BACKUP]


def test_nothing_goes_for_what_is_in_a_destination(library: Library) -> None:
    root = library.put(PAIR)
    plan = library.plan()
    (root / "2024/.cardcat").mkdir()
    assert reasons(library, plan) == [BACKUP]


def test_an_unplugged_drive_is_left(library: Library) -> None:
    library.put(PAIR)
    plan = library.plan()
    library.shelf.unplug("ARCHIVE")
    done = library.apply(plan)
    assert [each.reason for each in done.left] == [f"{OFFLINE}: ARCHIVE"]


def test_what_was_unplugged_when_it_was_last_looked_at_goes_once_it_is_there(library: Library) -> None:
    """The rows say `unavailable` until the next index; the disk is what counts."""
    library.put(PAIR)
    with library.catalog() as opened, opened.write() as c:
        c.exec_driver_sql("UPDATE file_locations SET status = 'unavailable'")
    plan = library.plan()
    assert plan.goers == 1

    assert len(library.preview(plan).done) == 1
    assert len(library.apply(plan).done) == 1
    assert len(library.undo().done) == 1


@pytest.mark.parametrize(("folder", "says"), [("x", WRONG), ("2024", _KEEPER_WRONG)])
def test_what_something_was_found_wrong_with_is_neither_put_away_nor_kept_for_others(
    library: Library, folder: str, says: str
) -> None:
    """Whatever the plan says: here it was found after that was made."""
    library.put(PAIR)
    plan = library.plan()
    library.find_wrong(folder)
    (reason,) = reasons(library, plan)
    assert reason.startswith(says)


def test_of_several_that_are_kept_one_that_is_right_is_enough(library: Library) -> None:
    root = library.put({**PAIR, "2025/a.jpg": ONE})
    plan = edited(library.plan(), f'away  "{root}/2025', f'keep  "{root}/2025')
    library.find_wrong("2024")

    done = library.apply(plan)

    assert [(each.path, each.keeper) for each in done.done] == [(f"{root}/{GOES}", "2025/a.jpg")]


def test_a_sidecar_that_came_since_keeps_its_photo(library: Library) -> None:
    """Though no catalog knows of it."""
    root = library.put(PAIR)
    plan = library.plan()
    (root / "x/a.xmp").write_bytes(SIDE)
    assert reasons(library, plan) == [f"{GROUP}: a.xmp belongs to it"]


def test_the_one_copy_on_a_drive_is_kept_whatever_the_plan_says(library: Library) -> None:
    library.put({"2024/a.jpg": ONE, "x/a.jpg": ONE})
    library.put({"2024/a.jpg": ONE}, drive="SAFE")
    plan = edited(library.plan(), f'keep  "{library.folder}/SAFE', f'away  "{library.folder}/SAFE')
    found = reasons(library, plan)
    assert len(found) == 2
    assert "no copy on the same drive is kept" in found[0]


def test_a_plan_that_keeps_none_is_refused(library: Library) -> None:
    library.put(PAIR)
    plan = edited(library.plan(), "keep  ", "away  ")
    assert {reason.partition(":")[0] for reason in reasons(library, plan)} <= {
        "no copy of it is kept",
        "no copy on the same drive is kept",
    }


@pytest.mark.parametrize("verb", ["keep", "away"])
def test_a_plan_that_names_what_nobody_knows_is_refused(library: Library, verb: str) -> None:
    root = library.put(PAIR)
    (root / "x/b.jpg").write_bytes(ONE)
    plan = edited(library.plan(), "  away  ", f'  {verb}  "{root}/x/b.jpg"\n  away  ')
    assert {reason.partition(":")[0] for reason in reasons(library, plan)} == {NOT_LIBRARY}


def test_a_plan_that_names_another_content_is_refused(library: Library) -> None:
    root = library.put({**PAIR, "x/b.jpg": TWO})
    plan = edited(library.plan(), f'"{root}/x/a.jpg"', f'"{root}/x/b.jpg"')
    (reason,) = reasons(library, plan)
    assert "another content" in reason


def test_a_plan_of_another_size_is_refused(library: Library) -> None:
    library.put(PAIR)
    plan = edited(library.plan(), f" {len(ONE)}\n", f" {len(ONE) + 1}\n")
    assert "size" in reasons(library, plan)[0]


def test_a_content_that_is_in_the_plan_twice_is_refused(library: Library) -> None:
    """One group may keep what the other one puts away."""
    root = library.put(PAIR)
    text = as_text(library.plan())
    block = text[text.index("\ngroup ") :]
    turned = block.replace(f'keep  "{root}/{KEPT}"', "one").replace(f'away  "{root}/{GOES}"', "other")
    turned = turned.replace("one", f'away  "{root}/{KEPT}"').replace("other", f'keep  "{root}/{GOES}"')
    found = reasons(library, parsed(text + "\n" + turned))
    assert set(found) == {"its content is in the plan twice"}


def test_a_file_that_is_named_twice_is_refused(library: Library) -> None:
    root = library.put(PAIR)
    plan = edited(library.plan(), f'  away  "{root}/{GOES}"', f'  away  "{root}/{GOES}"\n' * 2)
    assert set(reasons(library, plan)) == {"a file is named twice"}


def test_what_is_in_a_structure_is_refused(library: Library) -> None:
    root = library.put({"2024/a.mp4": ONE, "old/a.mp4": ONE, "x/PRIVATE/AVCHD/a.mp4": ONE})
    plan = library.plan()
    plan = edited(plan, f'keep  "{root}/x/PRIVATE', f'away  "{root}/x/PRIVATE')
    assert STRUCTURE in reasons(library, plan)[0]


@pytest.mark.parametrize("action", [Action.HARDLINK, Action.REFLINK])
def test_nothing_is_linked_to_what_is_in_a_structure(library: Library, action: Action) -> None:
    library.put({"Downloads/a (1).mp4": ONE, "2024/PRIVATE/AVCHD/a.mp4": ONE})
    plan = edited(library.plan(), "action  quarantine", f"action  {action.value}")
    assert STRUCTURE in reasons(library, plan)[0]


def test_one_member_of_a_group_alone_is_refused(library: Library) -> None:
    files = {"IMG_1.CR3": ONE, "IMG_1.JPG": TWO, "IMG_1.xmp": SIDE}
    root = library.put({f"{where}/{name}": data for where in ("2024", "x") for name, data in files.items()})
    plan = edited(library.plan(), f'away  "{root}/x/IMG_1.xmp"', f'keep  "{root}/x/IMG_1.xmp"')
    assert set(reasons(library, plan)) == {GROUP}


def test_a_group_is_refused_whose_equals_are_kept_in_several_folders(library: Library) -> None:
    """Nobody would know any more that the raw and its JPEG are one picture."""
    root = library.put({"2024/a.CR3": ONE, "other/b.JPG": TWO, "x/IMG_1.CR3": ONE, "x/IMG_1.JPG": TWO})
    ((uuid,),) = library.ask("SELECT uuid FROM locations")
    blocks = tuple(
        Block(
            sha256(data),
            len(data),
            (Line(Verb.KEEP, f"{root}/{keep}"), Line(Verb.AWAY, f"{root}/x/{away}")),
        )
        for data, keep, away in ((ONE, "2024/a.CR3", "IMG_1.CR3"), (TWO, "other/b.JPG", "IMG_1.JPG"))
    )
    plan = Plan(Action.QUARANTINE, (Root(str(uuid), str(root)),), blocks)
    assert reasons(library, plan) == [GROUP] * 2


def test_a_group_goes_whole_or_not_at_all(library: Library) -> None:
    """The last of its files changed, so the first one stays as well."""
    files = {"IMG_1.CR3": ONE, "IMG_1.JPG": TWO, "IMG_1.xmp": SIDE}
    root = library.put({f"{where}/{name}": data for where in ("2024", "x") for name, data in files.items()})
    plan = library.plan()
    (root / "x/IMG_1.xmp").write_bytes(b"<new/>")
    assert reasons(library, plan) == [CHANGED] * 3


def test_a_group_that_fails_in_the_middle_is_put_back(library: Library) -> None:
    files = {"IMG_1.CR3": ONE, "IMG_1.JPG": TWO, "IMG_1.xmp": SIDE}
    root = library.put({f"{where}/{name}": data for where in ("2024", "x") for name, data in files.items()})
    before, plan = tree(root), library.plan()

    class Failing(Disk):
        moves = 0

        def rename_new(self, source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
            self.moves += 1
            if self.moves == 3:
                raise OSError(5, "Input/output error")
            super().rename_new(source, target)

    done = library.apply(plan, disk=Failing())

    assert [each.reason for each in done.failed] == ["input/output error"] * 3
    assert tree(root) == before
    assert library.apply(plan).done
    assert library.undo().done
    assert tree(root) == before


def test_backups_stay_whatever_the_plan_says(library: Library) -> None:
    root = library.put(PAIR)
    backup = library.put({"a.jpg": ONE}, root="safe", role=Role.BACKUP)
    plan = library.plan()
    text = as_text(plan).replace("\n  away", f'\n  away  "{backup}/a.jpg"\n  away', 1)
    found = reasons(library, parsed(text))
    assert len(found) == 2
    assert NOT_LIBRARY in found[0]
    assert (root / GOES).exists()


def test_a_keeper_that_goes_in_that_moment_calls_the_other_back(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = library.put(PAIR)
    plan = library.plan()
    move = spots.move

    def moved(disk: Disk, spot: spots.Spot, to: spots.Spot) -> None:
        move(disk, spot, to)
        if ".cardcat-quarantine" in to.path:
            (root / KEPT).unlink()

    monkeypatch.setattr(spots, "move", moved)

    done = library.apply(plan)

    assert [each.reason for each in done.left] == [acting._KEEPER_GONE]
    assert (root / GOES).read_bytes() == ONE


def test_a_file_that_is_written_to_after_it_was_read_is_left(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = library.put(PAIR)
    plan = library.plan()
    weigh_both = acting.weigh_both

    def weighed(*arguments: object, **named: object) -> acting.Pair:
        pair = weigh_both(*arguments, **named)  # type: ignore[arg-type]
        rewritten(root / GOES)
        return pair

    monkeypatch.setattr(applying, "weigh_both", weighed)

    done = library.apply(plan)

    assert [each.reason for each in done.left] == [CHANGED]
    assert (root / GOES).read_bytes() == b"xyz" * 1000


@pytest.mark.parametrize("which", [KEPT, GOES])
def test_a_file_that_changes_while_it_is_read_is_left(library: Library, which: str) -> None:
    root = library.put(PAIR)
    plan = library.plan()

    class Touching(Disk):
        def read_into(self, fd: int, view: memoryview) -> int:
            have = super().read_into(fd, view)
            if not have and (root / which).samefile(f"/proc/self/fd/{fd}"):
                os.utime(root / which, ns=(1, 1))  # the bytes are right, but somebody was at it
            return have

    done = library.apply(plan, disk=Touching())

    assert done.done == []
    assert done.left[0].reason in {CHANGED, acting._KEEPER_CHANGED}


def test_the_place_in_the_quarantine_is_not_written_over(library: Library) -> None:
    root = library.put(PAIR)
    plan = library.plan()
    aside = root / f".cardcat-quarantine/1-{plan.hash[:8]}/{GOES}"
    aside.parent.mkdir(parents=True)
    aside.write_bytes(b"somebody's")

    done = library.apply(plan)

    assert done.done == []
    assert [each.reason for each in done.left] == [f"its place in the quarantine is taken: {aside}"]
    assert aside.read_bytes() == b"somebody's"
    assert (root / GOES).read_bytes() == ONE


def test_a_link_in_the_place_of_the_quarantine_is_not_followed(library: Library, tmp_path: Path) -> None:
    root = library.put(PAIR)
    plan = library.plan()
    (tmp_path / "elsewhere").mkdir()
    (root / ".cardcat-quarantine").symlink_to(tmp_path / "elsewhere")

    done = library.apply(plan)

    assert done.done == []
    assert list((tmp_path / "elsewhere").iterdir()) == []
    assert (root / GOES).read_bytes() == ONE


def test_another_process_at_a_cleanup_keeps_this_one_away(library: Library) -> None:
    library.put(PAIR)
    plan = library.plan()
    with library.catalog() as opened, opened.write() as c:
        c.exec_driver_sql(
            "INSERT INTO cleanups (plan_hash, plan_path, status, owner, started_at)"
            " VALUES ('other', 'other.txt', 'running', ?, 1)",
            (owner_stamp(),),
        )
    with pytest.raises(BusyError, match="cleanup 1 "):
        library.apply(plan)
    with pytest.raises(BusyError, match="cleanup 1 "):
        library.undo(1)


def test_a_process_that_is_gone_keeps_nobody_away(library: Library) -> None:
    library.put(PAIR)
    plan = library.plan()
    with library.catalog() as opened, opened.write() as c:
        c.exec_driver_sql(
            "INSERT INTO cleanups (plan_hash, plan_path, status, owner, started_at)"
            " VALUES ('other', 'other.txt', 'running', ?, 1)",
            (owner_stamp().replace('"pid": ', '"pid": 9'),),
        )
    assert library.apply(plan).done


def test_another_cleanup_on_the_drive_keeps_this_one_away(library: Library) -> None:
    """Of another catalog: that two plans do not put away what the other one keeps."""
    root = library.put(PAIR)
    plan = library.plan()
    fd = os.open(root, os.O_RDONLY)
    Disk().lock(fd)
    try:
        with pytest.raises(BusyError, match="ARCHIVE"):
            library.apply(plan)
    finally:
        os.close(fd)
    assert library.ask("SELECT status FROM cleanups") == [("failed",)]
    assert library.apply(plan).done


def test_a_stop_ends_it_between_two_files(library: Library) -> None:
    root = library.put({**PAIR, "2024/b.jpg": TWO, "x/b.jpg": TWO})
    plan = library.plan()

    class Stopping(Disk):
        def rename_new(self, source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
            super().rename_new(source, target)
            stopping.request_stop()

    with stopping.listening():
        done = library.apply(plan, disk=Stopping())

    assert (len(done.done), done.pending, done.cancelled) == (1, 1, True)
    assert library.ask("SELECT status FROM cleanups") == [("cancelled",)]
    assert len(library.apply(plan).done) == 1
    assert contents(root) == sorted([ONE, TWO])


def test_hardlinks_stand_for_what_goes_and_the_file_itself_is_kept(library: Library) -> None:
    root = library.put(PAIR)
    (root / GOES).chmod(0o600)
    before = tree(root)
    plan = library.plan(Wish(action=Action.HARDLINK))

    done = library.apply(plan)

    assert paths(done.done) == [str(root / GOES)]
    assert (root / KEPT).samefile(root / GOES)
    (aside,) = root.glob(".cardcat-quarantine/1-*/x/a.jpg")
    assert (aside.read_bytes(), aside.stat().st_mode & 0o777) == (ONE, 0o600)
    assert sorted(library.rows()) == sorted(
        [("2024/a.jpg", "present"), ("x/a.jpg", "present"), (str(aside.relative_to(root)), "quarantined")]
    )
    assert library.apply(plan).already == 1
    library.undo()
    assert tree(root) == before
    assert library.rows() == [(path, "present") for path in sorted(PAIR)]


def test_where_nothing_can_be_linked_everything_stays(library: Library) -> None:
    root = library.put(PAIR)
    before = tree(root)
    plan = library.plan(Wish(action=Action.HARDLINK))

    class Unable(Disk):
        def exchange(self, one: str | os.PathLike[str], other: str | os.PathLike[str]) -> None:
            raise OSError(22, "Invalid argument")

    done = library.apply(plan, disk=Unable())

    assert "can't link files" in done.left[0].reason
    assert tree(root) == before


def test_the_primary_copy_is_the_one_that_stays(library: Library) -> None:
    library.put({"x/a.jpg": ONE})
    library.put({"2024/a.jpg": ONE})
    assert library.ask("SELECT path FROM media_files") == [("x/a.jpg",)]
    library.apply(library.plan())
    assert library.ask("SELECT path FROM media_files") == [("2024/a.jpg",)]
    library.undo()
    assert library.ask("SELECT path FROM media_files") == [("2024/a.jpg",)]  # as the documentation says


def test_the_groups_of_duplicates_are_counted_anew(library: Library) -> None:
    library.put(PAIR)
    library.apply(library.plan())
    assert library.ask("SELECT count(*) FROM duplicate_groups") == [(0,)]
    library.undo()
    assert library.ask("SELECT total_copies FROM duplicate_groups") == [(2,)]


def test_what_was_begun_stays_so_while_its_drive_is_unplugged(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = library.put(PAIR)
    plan = library.plan()

    def full(*_: object, **__: object) -> None:
        raise CatalogError("The disk of the catalog is full.")

    with monkeypatch.context() as patch:
        patch.setattr("cardcat.cleanup.journal.move_copy", full)
        with pytest.raises(CatalogError):
            library.apply(plan)
    library.shelf.unplug("ARCHIVE")

    away = library.apply(plan)

    assert [each.reason for each in away.failed] == [f"{OFFLINE}: ARCHIVE"]
    assert library.ask("SELECT state FROM cleanup_steps") == [("doing",)]
    library.shelf.plug("ARCHIVE")
    assert len(library.apply(plan).done) == 1
    assert not (root / GOES).exists()
