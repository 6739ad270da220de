"""What runs leave on a drive so that it explains itself: lists that standard tools check, all of it, once."""

from __future__ import annotations

import errno
import json
import os
import shlex
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from cardcat.model import Layout, SessionStatus
from cardcat.reporting import Silent, reporting_to
from cardcat.stages import explaining
from cardcat.storage.disk import Disk, StrPath
from cardcat.storage.mhl.chain import CHAIN
from cardcat.storage.mhl.telling import Stuck, Way
from tests.storage import oracle
from tests.support import Desk, fill, jpeg, snapshot

CARD = {
    "DCIM/100/IMG_1.JPG": jpeg(1),
    "DCIM/100/IMG_1.xmp": b"<x/>",
    "DCIM/100/TWIN.JPG": jpeg(1),
    "DCIM/ascmhl/chain.xml": b"<c/>",
    "ascmhl/ascmhl_chain.xml": b"<c/>",
    "PRIVATE/AVCHD/BDMV/INDEX.BDM": b"i",
    "PRIVATE/AVCHD/ascmhl/x": b"x",
    "new\nline & more.txt": b"t",
    "empty.txt": b"",
}


class Notes(Silent):
    """Keeps what a person is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def note(self, sentence: str) -> None:
        self.told.append(sentence)


def sums(drive: Path) -> Counter[str]:
    """How often each file is listed; every list is right by `sha256sum -c`."""
    found: Counter[str] = Counter()
    for manifest in sorted((drive / ".cardcat/manifests").iterdir()):
        if manifest.suffix != ".jsonl":
            command = ["sha256sum", "--check", "--strict", "--quiet", str(manifest.relative_to(drive))]
            subprocess.run(command, cwd=drive, check=True)
            found.update(line.split("  ", 1)[1] for line in manifest.read_text().splitlines())
    return found


def generations(drive: Path) -> list[str]:
    return sorted(path.name for path in (drive / "ascmhl").glob("*.mhl"))


@pytest.mark.parametrize("layout", Layout)
def test_the_industrys_tool_accepts_a_drive_after_one_session_and_after_several(
    desk: Desk, layout: Layout
) -> None:
    fill(desk.card, CARD)
    before = snapshot(desk.card)
    desk.backup("drive", layout=layout)
    drive = desk.folder / "drive"
    assert (oracle.diff(drive), oracle.verify(drive)) == (oracle.COMPLETE, oracle.COMPLETE)

    desk.backup(
        "drive", source=fill(desk.make("other"), {"IMG_1.JPG": jpeg(2), "Z.MP4": b"z"}), layout=layout
    )
    desk.backup("drive", layout=layout)

    assert (oracle.diff(drive), oracle.verify(drive)) == (oracle.COMPLETE, oracle.COMPLETE)
    assert len(generations(drive)) == 2
    assert set(sums(drive).values()) == {1}
    assert snapshot(desk.card) == before


def test_a_history_that_somebody_else_began_or_carried_on_stays_one(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    drive = fill(desk.make("drive"), {"own.txt": b"mine"})
    assert oracle.create(drive) == 0
    desk.backup()
    assert oracle.create(drive) == 0
    desk.backup(source=fill(desk.make("other"), {"B.JPG": jpeg(2)}))

    assert [name[:5] for name in generations(drive)] == ["0001_", "0002_", "0003_", "0004_"]
    assert (oracle.diff(drive), oracle.verify(drive)) == (oracle.COMPLETE, oracle.COMPLETE)


def test_names_that_xml_cannot_hold_are_counted_and_told_of(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1), "\x01.txt": b"1", "\x02.txt": b"2"})
    notes = Notes()
    with reporting_to(notes):
        result = desk.backup()

    assert result.status == SessionStatus.COMPLETED
    assert result.sessions[0].files_not_in_mhl == 2
    assert any("2 files in" in note and "SHA256SUMS" in note for note in notes.told)
    (more,) = (desk.folder / "drive/.cardcat/manifests").glob("*.jsonl")
    assert json.loads(more.read_text().splitlines()[-1]) == {"files": 3, "files_not_in_mhl": 2}
    assert len(sums(desk.folder / "drive")) == 3
    assert desk.backup().sessions[0].files_not_in_mhl == 0


@pytest.mark.parametrize("link", [True, False])
def test_what_stands_in_the_place_of_the_history_is_left_alone(desk: Desk, link: bool) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    place, outside = desk.make("drive") / "ascmhl", desk.make("outside")
    if link:
        place.symlink_to(outside)
    else:
        place.write_bytes(b"mine")

    result = desk.backup()

    (session,), (finding,) = result.sessions, result.findings
    assert session.mhl_error
    assert "ascmhl" in session.mhl_error
    assert "is a file or a link" in session.mhl_error
    assert finding.message == f"{session.mhl_error} {session.mhl_hint}"
    assert (finding.path, finding.destination) == ("ascmhl", session.destination_path)
    assert (finding.failed, finding.attention) == (False, True)
    assert desk.ask("SELECT session_id, error_message FROM backup_errors") == [(session.id, finding.message)]
    assert list(outside.iterdir()) == []
    assert place.is_symlink() if link else place.read_bytes() == b"mine"
    assert desk.ask("SELECT status FROM backup_sessions") == [("completed",)]
    assert len(sums(desk.folder / "drive")) == 1


def test_what_is_said_to_be_done_about_a_history_that_is_stuck_helps(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    desk.backup("drive's")
    drive = desk.folder / "drive's"
    (drive / "ascmhl" / CHAIN).write_bytes(b"<damaged>")
    desk.card.joinpath("B.JPG").write_bytes(jpeg(2))
    (session,) = desk.backup("drive's").sessions
    assert session.status == SessionStatus.COMPLETED
    assert session.mhl_hint

    command = shlex.split(session.mhl_hint.rpartition("history: ")[2])
    subprocess.run(command, check=True)
    (session,) = desk.backup("drive's").sessions

    assert (session.mhl_error, session.mhl_hint) == (None, None)
    assert (oracle.diff(drive), oracle.verify(drive), len(generations(drive))) == (
        oracle.COMPLETE,
        oracle.COMPLETE,
        2,
    )


def test_a_history_that_somebody_else_is_at_needs_nobody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    monkeypatch.setattr(explaining, "carry_on", lambda *_: Stuck("was changed just now", Way.WAIT))
    result = desk.backup()
    assert [finding.attention for finding in result.findings] == [False]
    assert result.sessions[0].mhl_hint == "The next backup to the drive carries it on."


def test_a_drive_that_fails_while_its_history_is_written_fails_its_session(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})

    class Full(Disk):
        def open_new(self, path: StrPath) -> int:
            if str(path).endswith(".mhl"):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
            return super().open_new(path)

    result = desk.backup("drive", "two", disk=Full())
    assert [session.status for session in result.sessions] == [SessionStatus.FAILED] * 2
    assert {session.exit_code for session in result.sessions} == {10}

    result = desk.backup("drive", "two")
    assert result.status == SessionStatus.COMPLETED
    assert {session.counts.copied for session in result.sessions} == {0}
    for drive in ("drive", "two"):
        assert oracle.diff(desk.folder / drive) == oracle.COMPLETE
        assert set(sums(desk.folder / drive).values()) == {1}


def test_a_history_that_was_not_written_is_made_up_for_by_the_next_run(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by one that has nothing to copy, and of a drive that an older program filled."""
    fill(desk.card, {"A.JPG": jpeg(1)})
    with monkeypatch.context() as patch:
        patch.setattr(explaining, "carry_on", lambda *_: None)
        desk.backup()
    drive = desk.folder / "drive"
    assert not (drive / "ascmhl").exists()

    desk.backup()

    assert oracle.diff(drive) == oracle.COMPLETE


class Broken(Disk):
    """Can't read the source files whose names begin so."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names

    def open_source(self, path: StrPath) -> int:
        if Path(path).name.startswith(self.names):
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
        return super().open_source(path)


@pytest.fixture
def killed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Do something that is killed when all is copied and nothing is listed yet."""

    def kill(*_: object) -> None:
        raise KeyboardInterrupt

    def run(work: Callable[[], object]) -> None:
        with monkeypatch.context() as patch:
            patch.setattr("cardcat.stages.finishing.explain", kill)
            with pytest.raises(KeyboardInterrupt):
                work()

    return run


def test_a_resumed_session_lists_what_was_not_listed_and_nothing_twice(
    desk: Desk, killed: Callable[[Callable[[], object]], None]
) -> None:
    """The second attempt is killed before it can list anything; the third has nothing left to copy."""
    fill(desk.card, {f"{name}.JPG": jpeg(n) for n, name in enumerate("ABC")})
    drive = desk.folder / "drive"
    desk.backup(disk=Broken("B", "C"))
    assert list(sums(drive)) == ["2024/2024-05-01/A.JPG"]
    killed(lambda: desk.backup(disk=Broken("C")))
    assert list(sums(drive)) == ["2024/2024-05-01/A.JPG"]

    desk.backup(disk=Broken("C"))
    assert dict(sums(drive)) == {f"2024/2024-05-01/{name}.JPG": 1 for name in "AB"}
    assert desk.backup().status == SessionStatus.COMPLETED

    assert dict(sums(drive)) == {f"2024/2024-05-01/{name}.JPG": 1 for name in "ABC"}
    assert (oracle.diff(drive), len(generations(drive))) == (oracle.COMPLETE, 3)


def test_what_a_killed_session_left_is_listed_by_a_run_of_another_card(
    desk: Desk, killed: Callable[[Callable[[], object]], None]
) -> None:
    fill(desk.card, {"A.JPG": jpeg(1), "C.JPG": jpeg(3)})
    other = fill(desk.make("other"), {"B.JPG": jpeg(2)})
    killed(desk.backup)
    (desk.folder / "drive/2024/2024-05-01/C.JPG").unlink()

    desk.backup(source=other)

    drive = desk.folder / "drive"
    assert dict(sums(drive)) == {f"2024/2024-05-01/{name}.JPG": 1 for name in "AB"}
    assert oracle.diff(drive) == oracle.COMPLETE
    lists = {path.stem.split("-")[2] for path in (drive / ".cardcat/manifests").glob("*.jsonl")}
    assert lists == {"1", "2"}
    before = snapshot(drive)
    desk.backup(source=other)
    assert {k: v[3] for k, v in snapshot(drive).items()} == {k: v[3] for k, v in before.items()}


def test_half_a_manifest_counts_for_none(desk: Desk) -> None:
    """Killed between its two files: what only one of them lists is listed again, in both."""
    fill(desk.card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2)})
    desk.backup(disk=Broken("B"))
    (more,) = (desk.folder / "drive/.cardcat/manifests").glob("*.jsonl")
    more.unlink()

    desk.backup()

    assert sums(desk.folder / "drive") == Counter({"2024/2024-05-01/A.JPG": 2, "2024/2024-05-01/B.JPG": 1})
    assert "testmaker" in "".join(
        path.read_text().lower() for path in (desk.folder / "drive/.cardcat/manifests").glob("*.jsonl")
    )


def test_a_file_of_the_owners_that_answers_for_the_cards_is_listed_too(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2)})
    fill(desk.make("drive"), {"2024/2024-05-01/A.JPG": jpeg(1)})

    result = desk.backup()

    assert (result.sessions[0].counts.copied, result.sessions[0].counts.skipped) == (1, 1)
    drive = desk.folder / "drive"
    assert dict(sums(drive)) == {"2024/2024-05-01/A.JPG": 1, "2024/2024-05-01/B.JPG": 1}
    assert oracle.diff(drive) == oracle.COMPLETE


def test_equal_files_of_a_card_are_listed_by_the_name_of_the_one_that_was_copied(desk: Desk) -> None:
    fill(desk.card, {"DCIM/B.JPG": jpeg(1), "DCIM/C.JPG": jpeg(1), "ZZZ.JPG": jpeg(1)})
    desk.backup()
    (more,) = (desk.folder / "drive/.cardcat/manifests").glob("*.jsonl")
    entries = [json.loads(line) for line in more.read_text().splitlines()[1:-1]]
    (((copied,),),) = [desk.ask("SELECT source_path FROM backup_items WHERE state = 'verified'")]
    assert [entry["source_path"] for entry in entries] == [copied]


def renewals(drive: Path) -> list[str]:
    """The lens of each content that a manifest tells anew."""
    lines = [line for more in (drive / ".cardcat/manifests").glob("*.jsonl") for line in more.open()]
    return [said["media"]["lens_model"] for said in map(json.loads, lines) if "renewed" in said]


def test_what_was_learnt_is_told_though_somebody_else_wrote_there_since(desk: Desk) -> None:
    """His manifest is read after it, and by us; what we know is in none."""
    fill(desk.card, {"A.JPG": jpeg(1)})
    desk.backup()
    with desk.writing() as c:
        c.execute("UPDATE media_files SET created_at = created_at - 100, updated_at = updated_at - 10")
        c.execute("UPDATE manifests SET created_at = created_at - 50")
        c.execute("UPDATE media_files SET lens_model = 'better'")
    his = Desk(desk.make("his"))
    (his.folder / "drive").symlink_to(desk.folder / "drive")
    his.backup(source=fill(desk.make("his card"), {"B.JPG": jpeg(2)}))

    desk.backup(source=fill(desk.make("other"), {"C.JPG": jpeg(3)}))

    assert desk.ask("SELECT count(*) FROM manifests WHERE session_id IS NULL") == [(1,)]
    assert renewals(desk.folder / "drive") == ["better"]


def test_what_was_learnt_is_told_by_the_first_session_to_a_drive_of_somebody_elses(desk: Desk) -> None:
    his = Desk(desk.make("his"))
    fill(his.card, {"A.JPG": jpeg(1)})
    his.backup()
    (desk.folder / "drive").symlink_to(his.folder / "drive")
    same = fill(desk.make("same"), {"A.JPG": jpeg(1)})
    desk.backup(source=same, disk=Broken("A"))  # reads his manifest, and has nothing to tell itself
    with desk.writing() as c:
        c.execute("UPDATE manifests SET created_at = created_at - 50")
        c.execute("UPDATE media_files SET created_at = created_at - 100, lens_model = 'better'")
    desk.backup(source=fill(desk.make("other"), {"C.JPG": jpeg(3)}))

    assert renewals(desk.folder / "drive") == ["better"]


def test_what_was_learnt_of_earlier_files_is_told_by_the_next_manifest(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2)})
    desk.backup("drive", "two")
    with desk.writing() as c:
        c.execute("UPDATE media_files SET created_at = created_at - 100, updated_at = created_at - 100")
        c.execute("UPDATE manifests SET created_at = created_at - 50")
        c.execute("UPDATE media_files SET updated_at = updated_at + 90 WHERE path LIKE '%A.JPG'")
        c.execute("UPDATE media_files SET lens_model = 'better' WHERE path LIKE '%A.JPG'")
    desk.backup("drive", source=fill(desk.make("other"), {"C.JPG": jpeg(3)}))

    assert renewals(desk.folder / "drive") == ["better"]
    desk.backup("drive", source=fill(desk.make("third"), {"D.JPG": jpeg(4)}))
    assert renewals(desk.folder / "drive") == ["better"]
    assert renewals(desk.folder / "two") == []
