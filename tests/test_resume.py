"""What a later run believes of an earlier one: the journal, the copies, the drive's own lists."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from cardcat.backup import backup
from cardcat.errors import SourceError
from cardcat.model import BackupOptions, SessionResult, SessionStatus
from cardcat.stages import finishing
from cardcat.storage.disk import Disk, StrPath
from tests.drives import mounted
from tests.support import Desk, fill, jpeg


def adds_up(result: SessionResult) -> bool:
    c = result.counts
    return c.scanned == c.copied + c.skipped + c.failed + c.pending


def stopped_after(desk: Desk, calls: int) -> SessionResult:
    """Back up until the question whether to stop has been asked so often."""
    asked = iter(range(10**6))
    options = BackupOptions(desk.card, (desk.make("drive"),), timezone="UTC")
    return backup(options, catalog=str(desk.catalog), stop=lambda: next(asked) >= calls).sessions[0]


def checked(root: Path) -> set[str]:
    """What the manifests of a drive list; each must be accepted by sha256sum."""
    listed = set()
    for manifest in sorted((root / ".cardcat/manifests").glob("SHA256SUMS-*")):
        if manifest.suffix == ".jsonl":
            continue
        subprocess.run(["sha256sum", "--quiet", "-c", manifest], cwd=root, check=True)
        listed |= {line[66:] for line in manifest.read_text().splitlines()}
    return listed


def test_a_place_that_another_card_took_meanwhile_answers_for_nothing(desk: Desk) -> None:
    """The owner deletes a copy, another card's photo gets its name: the first photo is copied again."""
    fill(desk.card, {"IMG_1.JPG": jpeg(1)})
    desk.backup()
    (desk.folder / "drive/2024/2024-05-01/IMG_1.JPG").unlink()
    desk.backup(source=fill(desk.make("other"), {"IMG_1.JPG": jpeg(2)}))

    result = desk.backup()

    assert result.sessions[0].counts.copied == 1
    assert sorted(desk.on().values()) == sorted([jpeg(1), jpeg(2)])


@pytest.mark.parametrize("asked", range(6))
def test_stopped_at_any_stage_the_counts_add_up_and_the_rest_is_pending(desk: Desk, asked: int) -> None:
    fill(desk.card, {f"{n}.JPG": jpeg(n) + b"\0" * 70_000 for n in range(3)} | {"copy.JPG": jpeg(1)})
    session = stopped_after(desk, asked)

    assert adds_up(session)
    assert session.counts.skipped == 0 or session.counts.pending == 0, session.counts
    rows = desk.ask("SELECT files_scanned FROM backup_sessions")
    assert rows == [(4,)]
    assert desk.backup().status == SessionStatus.COMPLETED
    assert len(desk.on()) == 4


def test_a_file_that_can_no_longer_be_looked_at_fails_the_resumed_session(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2)})

    class Unread(Disk):
        names = ("B.JPG",)

        def open_source(self, path: str | os.PathLike[str]) -> int:
            if str(path).endswith(self.names):
                raise OSError(5, "Input/output error", str(path))
            return super().open_source(path)

    class Unseen(Unread):
        def stat_in(self, folder: int, name: str) -> os.stat_result:
            if name == "A.JPG":
                raise OSError(5, "Input/output error", name)
            return super().stat_in(folder, name)

    assert desk.backup(disk=Unread()).status == SessionStatus.FAILED
    result = desk.backup(disk=Unseen()).sessions[0]

    assert result.status == SessionStatus.FAILED
    assert adds_up(result)
    assert result.counts.failed == 2
    assert desk.backup().status == SessionStatus.COMPLETED


def test_several_files_that_fail_together_are_all_on_record(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2), "C.JPG": jpeg(3)})

    class Unread(Disk):
        def open_source(self, path: str | os.PathLike[str]) -> int:
            if not str(path).endswith("A.JPG"):
                raise OSError(5, "Input/output error", str(path))
            return super().open_source(path)

    result = desk.backup(disk=Unread()).sessions[0]

    assert adds_up(result)
    assert (result.counts.copied, result.counts.failed) == (1, 2)


def test_what_a_killed_run_left_gets_onto_the_drives_list(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed when all was recorded and before the manifest: the next run has nothing to copy."""
    fill(desk.card, {"A.JPG": jpeg(1), "a.txt": b"a"})

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(finishing, "explain", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.backup()
    result = desk.backup()

    assert result.sessions[0].counts.copied == 0
    assert checked(desk.folder / "drive") == {"2024/2024-05-01/A.JPG", "2024/2024-05-01/a.txt"}


def test_a_list_names_no_copy_that_is_gone(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2), "C.JPG": jpeg(3)})

    class Unread(Disk):
        def open_source(self, path: str | os.PathLike[str]) -> int:
            if str(path).endswith("C.JPG"):
                raise OSError(5, "Input/output error", str(path))
            return super().open_source(path)

    desk.backup(disk=Unread())
    shutil.rmtree(desk.folder / "drive/.cardcat/manifests")  # that list was right when it was written
    (desk.folder / "drive/2024/2024-05-01/A.JPG").unlink()
    (desk.card / "A.JPG").unlink()
    desk.backup()

    assert checked(desk.folder / "drive") == {"2024/2024-05-01/B.JPG", "2024/2024-05-01/C.JPG"}


def test_a_run_that_ended_is_not_ended_again(desk: Desk) -> None:
    """The message of the session is that of the error that ended it, with what is left to do."""
    fill(desk.card, {f"{n}.JPG": jpeg(n) for n in range(4)})

    class Pulled(Disk):
        def open_source(self, path: str | os.PathLike[str]) -> int:
            desk.card.rename(desk.folder / "pulled")
            raise OSError(5, "Input/output error", str(path))

    assert desk.backup(disk=Pulled()).sessions[0].exit_code == SourceError.exit_code
    ((message,),) = desk.ask("SELECT error_message FROM backup_sessions")
    assert "4 pending" in str(message)


def test_a_session_of_skipped_files_claims_no_better_proof_than_they_have(desk: Desk) -> None:
    """Where memory may answer for the drive, a session that has nothing to copy says so too."""
    fill(desk.card, {"A.JPG": jpeg(1)})
    with mounted("memory", desk.make("drive"), "-t", "tmpfs"):
        assert not desk.backup().sessions[0].cold
        assert not desk.backup().sessions[0].cold
    assert desk.ask("SELECT is_cold FROM session_details ORDER BY session_id") == [(0,), (0,)]


def test_equal_sidecars_of_a_drive_filled_by_another_computer_stay_two(desk: Desk) -> None:
    fill(desk.card, {"A/INFO.XML": b"<same/>", "B/INFO.XML": b"<same/>"})
    desk.backup()
    for file in desk.folder.glob("catalog.db*"):
        file.unlink()
    desk.backup()

    assert len(desk.on()) == 2
    assert desk.ask("SELECT count(DISTINCT file_location_id) FROM backup_items") == [(2,)]


HOSTILE: dict[str, Callable[[dict[str, object]], object]] = {
    "a number too large": lambda said: said["media"].update(resolution_width=10**30),  # type: ignore[attr-defined]
    "a date too large": lambda said: said["media"].update(date_added=10**30),  # type: ignore[attr-defined]
    "half a character": lambda said: said["media"].update(camera_make="\ud800"),  # type: ignore[attr-defined]
    "half a character in a path": lambda said: said.update(path="2024/\ud800.jpg"),
    "half a character in a sample": lambda said: said.update(sample="\ud800"),
    "half a character in a source path": lambda said: said.update(source_path="\ud800"),
    "a false kind": lambda said: said.update(kind="other", xxh3="0" * 32, sample="x", size=5),
    "a path with a zero": lambda said: said.update(path="a\0b"),
    "a deep path": lambda said: said.update(path="a/" * 3000 + "b"),
    "a long name": lambda said: said.update(path="a" * 3000),
}


@pytest.mark.parametrize("lie", HOSTILE)
def test_a_list_of_lies_neither_stops_a_backup_nor_stays_in_the_catalog(desk: Desk, lie: str) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    desk.backup()
    truth = desk.ask("SELECT cas_id, kind, size_bytes, xxh3_128, sample_hash FROM content_identity")
    for file in desk.folder.glob("catalog.db*"):
        file.unlink()
    (more,) = (desk.folder / "drive/.cardcat/manifests").glob("*.jsonl")
    header, line, _ = more.read_text().splitlines()
    said = json.loads(line)
    HOSTILE[lie](said)
    more.chmod(0o644)
    more.write_text(f"{header}\n{json.dumps(said)}\n")

    result = desk.backup()

    assert result.status == SessionStatus.COMPLETED
    assert set(desk.on().values()) == {jpeg(1)}
    assert truth[0] in desk.ask(
        "SELECT cas_id, kind, size_bytes, xxh3_128, sample_hash FROM content_identity"
    )


def test_a_catalog_restored_from_an_older_copy_is_told_by_the_drive_what_changed(desk: Desk) -> None:
    """Meanwhile another photo of the same size and time came to stand where the catalog knows the first."""
    place, lists = "2024/2024-05-01/IMG_1.JPG", desk.folder / "drive/.cardcat/manifests"
    fill(desk.card, {"IMG_1.JPG": jpeg(1)})
    desk.backup()
    old = desk.catalog.rename(desk.folder / "old.db")
    lists.rename(desk.folder / "lists of the first")  # or the next catalog knows that the place is taken
    (desk.folder / "drive" / place).unlink()
    desk.backup(source=fill(desk.make("other"), {"IMG_1.JPG": jpeg(1)[:-1] + b"!"}))
    assert list(desk.on()) == [place]
    for file in lists.iterdir():
        file.rename(file.with_name(file.name.replace("Z-1", "Z-2")))  # never the name of a list that is known
    old.rename(desk.catalog)

    result = desk.backup()

    assert result.sessions[0].counts.copied == 1
    assert set(desk.on().values()) == {jpeg(1), jpeg(1)[:-1] + b"!"}


def test_a_drive_that_fails_while_it_is_looked_at_ends_its_session_only(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1), "B.txt": b"b"})
    desk.backup("one", "two")

    class Dying(Disk):
        def stat(self, path: str | os.PathLike[str]) -> os.stat_result:
            if "/one/20" in str(path):
                raise OSError(5, "Input/output error", str(path))
            return super().stat(path)

    result = desk.backup("one", "two", disk=Dying())

    assert [s.status for s in result.sessions] == [SessionStatus.FAILED, SessionStatus.COMPLETED]
    assert all(map(adds_up, result.sessions))
    assert desk.ask("SELECT count(*) FROM file_locations WHERE status <> 'present'") == [(0,)]


def test_a_copy_that_cannot_be_read_is_copied_anew(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2)})
    desk.backup()
    with desk.writing() as c:
        c.execute("UPDATE file_locations SET evidence = 'claimed'")

    class BadSector(Disk):
        def open_copy(self, path: str | os.PathLike[str]) -> int:
            if str(path).endswith("2024-05-01/A.JPG"):
                raise OSError(5, "Input/output error", str(path))
            return super().open_copy(path)

    result = desk.backup(disk=BadSector())

    assert result.status == SessionStatus.COMPLETED
    assert result.sessions[0].counts.copied == 1
    assert list(desk.on().values()).count(jpeg(1)) == 2


def test_a_card_that_takes_the_place_of_another_is_not_taken_for_it(desk: Desk) -> None:
    """Same names, sizes and times: only the folder itself tells that the cards were swapped meanwhile."""
    fill(desk.card, {f"IMG_{n}.JPG": jpeg(n) for n in range(5)})
    other = fill(desk.make("other"), {f"IMG_{n}.JPG": jpeg(n)[:-1] + b"!" for n in range(5)})

    class Swapped(Disk):
        def open_source(self, path: str | os.PathLike[str]) -> int:
            if other.exists() and not (desk.folder / "out").exists():
                desk.card.rename(desk.folder / "out")
                other.rename(desk.folder / "card")
            return super().open_source(path)

    assert desk.backup(disk=Swapped()).status == SessionStatus.FAILED
    assert desk.on() == {}


class LeftBehind(Disk):
    """An attempt at the first file that was broken off has left half of it."""

    def make_folder(self, path: StrPath, within: int | None = None) -> None:
        super().make_folder(path, within)
        if within is not None and str(path) == "1":  # the folder of the session
            fd = os.open(f"{path}/00000000.JPG", os.O_WRONLY | os.O_CREAT | os.O_EXCL, dir_fd=within)
            os.write(fd, b"half of it")
            os.close(fd)
            self.has_left = True


def test_what_an_attempt_left_half_is_written_anew(desk: Desk) -> None:
    fill(desk.card, {"DCIM/A.JPG": jpeg(1)})
    disk = LeftBehind()
    result = desk.backup(disk=disk)
    assert disk.has_left
    assert result.status == SessionStatus.COMPLETED
    assert [*desk.on().values()] == [jpeg(1)]
