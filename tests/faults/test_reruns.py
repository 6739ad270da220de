"""What the command says when a drive or card fails in the middle, and that `sessions rerun` does the rest."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cardcat.cli.main import main
from cardcat.storage.disk import Disk
from tests.drives import drive, made_read_only, plugged_in, pulled, remounted, require_mounted
from tests.support import Desk, files_below, fill, jpeg, snapshot

MEGABYTE = 1 << 20
PHOTOS = {f"DCIM/IMG_{n}.JPG": jpeg(n) + os.urandom(MEGABYTE + 100 * n) for n in range(10)}
LARGE = {f"DCIM/{n}.WAV": os.urandom(2 * MEGABYTE + n) for n in range(3)}
CARD = PHOTOS | LARGE | {"DCIM/IMG_0.xmp": b"<x/>", "PRIVATE/AVCHD/BDMV/INDEX.BDM": b"index"}

FAILED, CARD_GONE = 10, 3
WHERE = [
    (".cardcat/incoming", 3),
    (".cardcat/incoming", 9),
    (".cardcat/incoming", 18),
    ("2024", 1),
    ("2024", 8),
]
"""Below which folder of a drive the n-th file is opened or named when it fails."""


class Told(Disk):
    """
    Has every drive look roomy, remembers which paths are used, and acts before the n-th use of one.

    *below* is where the paths lie that are counted.
    """

    def __init__(
        self, act: Callable[[], object] = lambda: None, *, below: Path = Path("/-"), call: int = 1
    ) -> None:
        super().__init__()
        self.used: list[str] = []
        self._act, self._below, self._left = act, below, call

    def free_bytes(self, path: str | os.PathLike[str]) -> int:
        return 1 << 60

    def open_source(self, path: str | os.PathLike[str]) -> int:
        self._use(path)
        return super().open_source(path)

    def open_new(self, path: str | os.PathLike[str]) -> int:
        self._use(path)
        return super().open_new(path)

    def open_copy(self, path: str | os.PathLike[str]) -> int:
        self._use(path)
        return super().open_copy(path)

    def rename_new(self, source: str | os.PathLike[str], target: str | os.PathLike[str]) -> None:
        self._use(target)
        super().rename_new(source, target)

    def _use(self, path: str | os.PathLike[str]) -> None:
        self.used.append(str(path))
        if os.path.realpath(path).startswith(f"{self._below}{os.sep}"):
            self._left -= 1
            if not self._left:
                self._act()


Command = Callable[..., tuple[int, Any]]


@pytest.fixture
def command(desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Give a command in this process, which works through *disk*; its exit code and its JSON."""

    def run(*words: str | Path, disk: Disk | None = None) -> tuple[int, Any]:
        with monkeypatch.context() as patch:
            patch.setattr("cardcat.opening.this_disk", lambda: disk or Disk())
            capsys.readouterr()
            code = main([*map(str, words), "--direct", "--json", "--catalog", str(desk.catalog)])
        return code, json.loads(capsys.readouterr().out)

    return run


@pytest.fixture
def one(desk: Desk) -> Iterator[Path]:
    with drive(desk.folder / "one", label="one", options="errors=remount-ro") as place:
        yield place


def adds_up(session: dict[str, int]) -> bool:
    names = ("files_copied", "files_skipped", "files_failed", "files_pending")
    return session["files_scanned"] == sum(session[name] for name in names)


def is_one_failed(document: dict[str, Any]) -> int:
    """The id of the first session, which failed, where the second was completed."""
    failed, completed = document["sessions"]
    assert (failed["status"], completed["status"]) == ("failed", "completed")
    assert adds_up(failed)
    assert adds_up(completed)
    assert failed["files_pending"] > 0
    assert completed["files_copied"] == len(CARD)
    assert document["status"] == "failed"
    return int(failed["id"])


def rerun_does_the_rest(desk: Desk, command: Command, session: int, one: Path) -> None:
    """By the command, and without a byte of the other drive being read or written."""
    held = set(files_below(one).values())
    missing = [data for data in CARD.values() if data not in held]
    two, disk = snapshot(desk.folder / "two"), Told()
    rows = desk.ask("SELECT * FROM backup_sessions WHERE id <> ?", session)

    code, document = command("sessions", "rerun", str(session), disk=disk)

    (done,) = document["sessions"]
    assert code == 0
    assert (done["id"], done["resumed"], done["status"]) == (session, True, "completed")
    assert done["files_copied"] + done["files_skipped"] == len(CARD)
    assert document["bytes_read_from_source"] <= sum(map(len, missing))
    assert sorted(files_below(one).values()) == sorted(CARD.values())
    assert not [path for path in disk.used if path.startswith(f"{desk.folder / 'two'}/")]
    assert snapshot(desk.folder / "two") == two
    assert desk.ask("SELECT * FROM backup_sessions WHERE id <> ?", session) == rows

    code, document = command("backup", desk.card, one, desk.folder / "two", "--timezone", "UTC")
    assert code == 0
    assert [session["files_copied"] for session in document["sessions"]] == [0, 0]
    assert document["bytes_read_from_source"] == 0


def backup(desk: Desk, command: Command, disk: Disk) -> tuple[int, Any]:
    fill(desk.card, CARD)
    one, two = desk.make("one"), desk.make("two")
    return command("backup", desk.card, one, two, "--timezone", "UTC", disk=disk)


def test_a_drive_that_fills_up_is_finished_by_a_rerun(desk: Desk, command: Command, one: Path) -> None:
    (one / "own.bin").write_bytes(bytes(Disk().free_bytes(one) - 6 * MEGABYTE))

    code, document = backup(desk, command, Told())

    assert code == FAILED
    session = is_one_failed(document)
    assert "no space left" in document["sessions"][0]["error_message"]
    assert set(files_below(one).values()) - set(CARD.values()) == {(one / "own.bin").read_bytes()}
    assert not files_below(one / ".cardcat/incoming")
    (one / "own.bin").unlink()
    rerun_does_the_rest(desk, command, session, one)


@pytest.mark.parametrize(("folder", "call"), WHERE)
def test_a_drive_that_becomes_read_only_is_finished_by_a_rerun(
    desk: Desk, command: Command, one: Path, folder: str, call: int
) -> None:
    code, document = backup(desk, command, Told(lambda: made_read_only(one), below=one / folder, call=call))

    assert code == FAILED
    session = is_one_failed(document)
    assert "read-only" in document["sessions"][0]["error_message"]
    assert set(files_below(one).values()) <= {*CARD.values()}
    pulled(one)
    with plugged_in(one):
        rerun_does_the_rest(desk, command, session, one)


@pytest.mark.parametrize(("folder", "call"), WHERE)
def test_a_drive_that_is_pulled_is_finished_by_a_rerun(
    desk: Desk, command: Command, one: Path, folder: str, call: int
) -> None:
    code, document = backup(desk, command, Told(lambda: pulled(one), below=one / folder, call=call))

    assert code == FAILED
    session = is_one_failed(document)
    assert {path.name for path in one.rglob("*")} <= {".cardcat", "lock"}
    with plugged_in(one):
        rerun_does_the_rest(desk, command, session, one)


def test_a_rerun_while_the_drive_is_away_fails_and_writes_nothing(
    desk: Desk, command: Command, one: Path
) -> None:
    _, document = backup(desk, command, Told(lambda: pulled(one), below=one / "2024"))
    session = is_one_failed(document)
    for path in sorted(one.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()

    code = main(["sessions", "rerun", str(session), "--direct", "--catalog", str(desk.catalog)])

    assert code == FAILED
    assert list(one.iterdir()) == []


# -- the card ---------------------------------------------------------------------------------------


@pytest.fixture
def card(desk: Desk) -> Iterator[Path]:
    """A card that can be pulled."""
    with drive(desk.folder / "card", megabytes=48, label="card") as place:
        yield place


def test_a_card_that_becomes_read_only_is_no_trouble(desk: Desk, command: Command, card: Path) -> None:
    code, document = backup(desk, command, Told(lambda: remounted(card, "ro"), below=card, call=5))

    assert code == 0
    assert document["findings"] == []
    assert [session["files_copied"] for session in document["sessions"]] == [len(CARD), len(CARD)]
    require_mounted(card)


@pytest.mark.parametrize("call", [1, 6])
def test_a_card_that_is_pulled_ends_the_run_at_once(
    desk: Desk, command: Command, card: Path, call: int
) -> None:
    code, document = backup(desk, command, Told(lambda: pulled(card), below=card, call=call))

    assert code == CARD_GONE
    for session in document["sessions"]:
        assert session["status"] == "failed"
        assert (session["files_failed"], session["files_scanned"]) == (0, len(CARD))
        assert session["files_pending"] > 0
        assert adds_up(session)
        assert "can't be read" in session["error_message"]
    for name in ("one", "two"):
        assert set(desk.on(name).values()) <= set(CARD.values())
    with plugged_in(card):
        before = snapshot(card)
        code, document = command(
            "backup", card, desk.folder / "one", desk.folder / "two", "--timezone", "UTC"
        )
        assert code == 0
        assert [(s["resumed"], s["status"]) for s in document["sessions"]] == [(True, "completed")] * 2
        for name in ("one", "two"):
            assert sorted(desk.on(name).values()) == sorted(CARD.values())
        assert snapshot(card) == before


def test_another_card_in_the_reader_is_not_taken_for_the_one_that_was_pulled(
    desk: Desk, command: Command, card: Path
) -> None:
    """`sessions rerun` names the card that it wants."""
    _, document = backup(desk, command, Told(lambda: pulled(card), below=card, call=3))
    session = document["sessions"][0]["id"]
    with drive(desk.folder / "other", label="card") as other:
        fill(other, {"DCIM/IMG_0.JPG": b"of another"})
        for image in (card, other):
            image.with_name(f"{image.name}.img").rename(image.with_name(f"{image.name}.swap"))
    (desk.folder / "other.swap").rename(desk.folder / "card.img")
    with plugged_in(card):
        code = main(["sessions", "rerun", str(session), "--direct", "--catalog", str(desk.catalog)])
    assert code == CARD_GONE
    assert b"of another" not in desk.on("one").values()
