"""`cardcat duplicates plan`, `apply`, `undo` and `cleanups` as a person types them."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from cardcat.owner import owner_stamp
from cardcat.storage.disk import Disk
from tests.catalog.shelf import Shelf, sha256
from tests.cleanup.shelves import Library, tree
from tests.cli.conftest import Run

ONE = b"one" * 1000
PAIR = {"2024/a.jpg": ONE, "x/a.jpg": ONE}


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Library:
    found = Library(Shelf(tmp_path, monkeypatch))
    monkeypatch.setenv("CARDCAT_CATALOG", str(found.shelf.catalog))
    for module in ("cardcat.care.choosing", "cardcat.drives"):
        monkeypatch.setattr(f"{module}.volume_of", found.shelf._volume_of)
    monkeypatch.setattr("cardcat.care.choosing.path_on_volume", found.shelf._path_on_volume)
    return found


@pytest.fixture
def plan(tmp_path: Path) -> str:
    return str(tmp_path / "plan.txt")


def test_a_plan_is_made_applied_and_taken_back(library: Library, cardcat: Run, plan: str) -> None:
    root = library.put(PAIR)
    before = tree(root)

    made = cardcat("duplicates", "plan", plan)
    assert made.code == 0
    assert "1 file of 1 group can go, 3.0 KB in all." in made.out
    assert f"What would be done:  cardcat duplicates apply {plan}" in made.out

    look = cardcat("duplicates", "apply", plan)
    assert look.code == 0
    assert "1 file would be put away" in look.out
    assert f"cardcat duplicates apply {plan} --yes" in look.out
    assert tree(root) == before

    done = cardcat("duplicates", "apply", plan, "--yes")
    assert done.code == 0, done
    assert "1 file put away, 3.0 KB in all." in done.out
    assert "To take it back: cardcat duplicates undo 1" in done.out

    again = cardcat("duplicates", "apply", plan, "--yes")
    assert again.code == 0
    assert "1 file done before." in again.out

    listed = cardcat("duplicates", "cleanups")
    assert listed.code == 0
    assert "completed" in listed.out

    look = cardcat("duplicates", "undo")
    assert look.code == 0
    assert "1 file would be put back" in look.out
    assert "cardcat duplicates undo 1 --yes" in look.out

    back = cardcat("duplicates", "undo", "1", "--yes")
    assert back.code == 0
    assert tree(root) == before
    assert "There is nothing to take back." in cardcat("duplicates", "undo", "--yes").out


def test_each_answers_with_one_document(library: Library, cardcat: Run, plan: str) -> None:
    root = library.put(PAIR)

    made = cardcat("duplicates", "plan", plan, "--json").json
    assert (made["files"], made["bytes"], made["path"]) == (1, 3000, plan)
    (group,) = made["groups"]
    assert group["away"] == [{"path": str(root / "x/a.jpg")}]

    look = cardcat("duplicates", "apply", plan, "--json").json
    assert (look["dry_run"], look["files_done"], look["cleanup"]) == (True, 1, None)

    done = cardcat("duplicates", "apply", plan, "--yes", "--json").json
    assert (done["dry_run"], done["files_done"], done["bytes_done"], done["cleanup"]) == (False, 1, 3000, 1)
    assert ".cardcat-quarantine/1-" in done["done"][0]["quarantined_at"]

    (cleanup,) = cardcat("duplicates", "cleanups", "--json").json["cleanups"]
    assert (cleanup["status"], cleanup["files_away"], cleanup["bytes_away"]) == ("completed", 1, 3000)

    back = cardcat("duplicates", "undo", "--yes", "--json").json
    assert back["files_done"] == 1


def test_what_stays_is_said_and_the_exit_code_tells(library: Library, cardcat: Run, plan: str) -> None:
    root = library.put(PAIR)
    assert cardcat("duplicates", "plan", plan).code == 0
    (root / "x/a.jpg").write_bytes(b"new")

    done = cardcat("duplicates", "apply", plan, "--yes")

    assert done.code == 1
    assert "it changed since it was indexed" in done.out
    assert (root / "x/a.jpg").read_bytes() == b"new"


def test_names_that_are_no_text_are_not_written_to_the_terminal(
    library: Library, cardcat: Run, plan: str
) -> None:
    library.put({"2024/a.jpg": ONE, os.fsdecode(b"x/\x1b[31m\xff.jpg"): ONE})
    assert cardcat("duplicates", "plan", plan).code == 0
    said = cardcat("duplicates", "apply", plan)
    assert "\x1b" not in said.out
    assert "\x1b" not in Path(plan).read_text()
    assert cardcat("duplicates", "apply", plan, "--yes").code == 0
    assert cardcat("duplicates", "undo", "--yes").code == 0


def test_nothing_to_do_makes_no_file(library: Library, cardcat: Run, plan: str) -> None:
    library.put({"2024/a.jpg": ONE})
    made = cardcat("duplicates", "plan", plan)
    assert (made.code, "no plan was written" in made.out) == (0, True)
    assert not Path(plan).exists()


def test_a_plan_is_never_written_over(library: Library, cardcat: Run, plan: str) -> None:
    library.put(PAIR)
    Path(plan).write_text("mine")
    made = cardcat("duplicates", "plan", plan)
    assert made.code == 2
    assert "nothing is overwritten" in made.err
    assert Path(plan).read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--keep", "best"], "--keep takes"),
        (["--keep", ""], "--keep takes"),
        (["--keep", "tree,tree"], "--keep takes"),
        (["--action", "delete"], "--action is one of"),
        (["--min-waste", "much"], "--min-waste needs a size"),
        (["--min-waste", "-1"], "--min-waste"),
        (["--folder", ""], "empty name"),
        (["--prefer", ""], "empty name"),
        (["--volume", "NOWHERE"], "No drive is known"),
        (["--folder", "/nowhere/at/all"], "No copy is known"),
    ],
)
def test_wrong_words_are_explained(
    library: Library, cardcat: Run, plan: str, arguments: list[str], says: str
) -> None:
    library.put(PAIR)
    made = cardcat("duplicates", "plan", plan, *arguments)
    assert made.code == 2
    assert says in made.err
    assert not Path(plan).exists()


@pytest.mark.parametrize(("given", "files"), [("3000", 1), ("3KB", 1), ("3.1 kb", 0), ("1GB", 0), ("0", 1)])
def test_sizes_are_given_as_people_write_them(
    library: Library, cardcat: Run, plan: str, given: str, files: int
) -> None:
    library.put(PAIR)
    assert cardcat("duplicates", "plan", plan, "--min-waste", given, "--json").json["files"] == files


def test_what_can_not_be_written_leaves_nothing_behind(
    library: Library, cardcat: Run, plan: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    library.put(PAIR)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Disk, "write", full)
    beside = set(Path(plan).parent.iterdir())

    made = cardcat("duplicates", "plan", plan)

    assert made.code == 10
    assert "no space left on device" in made.err
    assert set(Path(plan).parent.iterdir()) == beside


def test_a_cleanup_whose_process_is_gone_was_interrupted(library: Library, cardcat: Run, plan: str) -> None:
    library.put(PAIR)
    cardcat("duplicates", "plan", plan)
    cardcat("duplicates", "apply", plan, "--yes")

    def owned_by(stamp: str) -> None:
        with library.catalog() as opened, opened.write() as c:
            c.exec_driver_sql("UPDATE cleanups SET status = 'running', owner = ?", (stamp,))

    owned_by(owner_stamp().replace('"pid": ', '"pid": 9'))
    listed = cardcat("duplicates", "cleanups").out
    assert "interrupted" in listed
    assert "running" not in listed
    assert "cardcat duplicates apply PLAN --yes" in listed
    assert cardcat("duplicates", "cleanups", "--json").json["cleanups"][0]["is_interrupted"] is True
    owned_by(owner_stamp())
    assert "running" in cardcat("duplicates", "cleanups").out
    assert cardcat("duplicates", "cleanups", "--json").json["cleanups"][0]["is_interrupted"] is False


def test_a_plan_has_to_have_a_folder(library: Library, cardcat: Run, tmp_path: Path) -> None:
    library.put(PAIR)
    made = cardcat("duplicates", "plan", str(tmp_path / "nowhere/plan.txt"))
    assert made.code == 2
    assert not (tmp_path / "nowhere").exists()


def test_other_files_are_no_plans(library: Library, cardcat: Run, tmp_path: Path) -> None:
    library.put(PAIR)
    (tmp_path / "other.txt").write_text("keep calm")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    for name in ("other.txt", "binary", "nowhere.txt", "."):
        assert cardcat("duplicates", "apply", str(tmp_path / name)).code == 2


def test_words_that_contradict_each_other_are_refused(library: Library, cardcat: Run, plan: str) -> None:
    library.put(PAIR)
    cardcat("duplicates", "plan", plan)
    assert cardcat("duplicates", "apply", plan, "--yes", "--dry-run").code == 2
    assert cardcat("duplicates", "undo", "--yes", "--dry-run").code == 2
    assert cardcat("duplicates", "undo", "none").code == 2
    assert cardcat("duplicates", "undo", "77").code == 2


def test_without_a_catalog_there_is_nothing_to_do(cardcat: Run, plan: str) -> None:
    assert cardcat("duplicates", "plan", plan).code == 0
    assert cardcat("duplicates", "undo").code == 0
    assert cardcat("duplicates", "cleanups").code == 0
    assert cardcat("duplicates", "plan", plan, "--json").json["files"] == 0
    assert cardcat("duplicates", "cleanups", "--json").json == {"cleanups": []}
    Path(plan).write_text("# cardcat cleanup plan 1\naction quarantine\n")
    assert cardcat("duplicates", "apply", plan).code == 20


def test_the_list_looks_whether_what_was_put_away_is_still_there(
    library: Library, cardcat: Run, plan: str
) -> None:
    root = library.put({**PAIR, "2024/b.jpg": b"two" * 1000, "x/b.jpg": b"two" * 1000})
    cardcat("duplicates", "plan", plan)
    cardcat("duplicates", "apply", plan, "--yes")
    assert "any more" not in cardcat("duplicates", "cleanups").out
    (one,) = root.glob(".cardcat-quarantine/*/x/a.jpg")
    one.unlink()

    said = cardcat("duplicates", "cleanups").out
    assert "1 file not in the quarantine any more" in said
    assert "nothing left to take back" not in said  # it would take back the other one
    (cleanup,) = cardcat("duplicates", "cleanups", "--json").json["cleanups"]
    assert (cleanup["files_in_quarantine"], cleanup["files_missing"]) == (1, 1)

    shutil.rmtree(root / ".cardcat-quarantine")
    assert "cardcat duplicates undo 1 --yes" in cardcat("duplicates", "cleanups").out
    assert cardcat("duplicates", "undo", "1", "--yes").code == 1
    assert "any more" not in cardcat("duplicates", "cleanups").out
    assert "There is nothing to take back." in cardcat("duplicates", "undo").out
    assert cardcat("duplicates", "undo", "1", "--yes").code == 0


def test_the_list_says_of_what_the_last_copy_was_put_away(library: Library, cardcat: Run, plan: str) -> None:
    library.put(PAIR)
    cardcat("duplicates", "plan", plan)
    cardcat("duplicates", "apply", plan, "--yes")
    assert "without any other copy" not in cardcat("duplicates", "cleanups").out
    with library.catalog() as opened, opened.write() as c:
        c.exec_driver_sql("UPDATE file_locations SET status = 'deleted' WHERE status = 'present'")

    said = cardcat("duplicates", "cleanups").out

    assert "1 file in the quarantine without any other copy on record" in said
    assert "To take it back: cardcat duplicates undo 1" in said
    assert cardcat("duplicates", "cleanups", "--json").json["cleanups"][0]["files_without_other_copy"] == 1


def test_a_copy_that_is_known_to_be_damaged_is_no_other_copy(
    library: Library, cardcat: Run, plan: str
) -> None:
    library.put(PAIR)
    cardcat("duplicates", "plan", plan)
    cardcat("duplicates", "apply", plan, "--yes")
    library.find_wrong("2024")
    assert "without any other copy" in cardcat("duplicates", "cleanups").out


@pytest.mark.parametrize("code", [errno.EROFS, errno.ENOSPC])
def test_a_drive_that_can_not_be_written_ends_both_ways_with_10(
    library: Library, cardcat: Run, plan: str, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    library.put(PAIR)
    cardcat("duplicates", "plan", plan)

    def broken(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    with monkeypatch.context() as patch:
        patch.setattr(Disk, "make_folder", broken)
        there = cardcat("duplicates", "apply", plan, "--yes")
    assert (there.code, ".cardcat-quarantine" in there.out) == (10, True)
    assert cardcat("duplicates", "apply", plan, "--yes").code == 0
    with monkeypatch.context() as patch:
        patch.setattr(Disk, "rename_new", broken)
        back = cardcat("duplicates", "undo", "1", "--yes")
    assert (back.code, "can't be written" in back.err) == (10, True)
    assert cardcat("duplicates", "undo", "1", "--yes").code == 0


def test_where_nothing_can_go_it_is_said_what_counts(library: Library, cardcat: Run, plan: str) -> None:
    library.put({"2024/a.txt": ONE, "x/a.txt": ONE})
    assert "Only photos and films" in cardcat("duplicates", "plan", plan).out


def test_what_is_known_of_a_file_says_that_it_is_not_in_the_quarantine_any_more(
    library: Library, cardcat: Run, plan: str
) -> None:
    root = library.put(PAIR)
    cardcat("duplicates", "plan", plan)
    cardcat("duplicates", "apply", plan, "--yes")
    assert "any more" not in cardcat("show", sha256(ONE)).out
    shutil.rmtree(root / ".cardcat-quarantine")
    assert "not in the quarantine any more" in cardcat("show", sha256(ONE)).out
