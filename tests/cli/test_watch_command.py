"""`cardcat watch`: cards enabled, listed, backed up when they are plugged in, and the end by Ctrl-C."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from cardcat.model import BackupOptions, BackupResult, SessionStatus
from cardcat.plan import cards
from cardcat.storage.readers import plugged_volumes
from tests.cli.conftest import Fake, Run
from tests.drives import drive
from tests.support import Desk, fill, jpeg

PHOTOS = {f"DCIM/100/IMG_{n}.JPG": jpeg(n) for n in range(3)}


@pytest.fixture(autouse=True)
def only_its_own_drives(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other tests may mount cards at the same time."""
    monkeypatch.setattr(
        "cardcat.inserted.plugged_volumes",
        lambda: [plugged for plugged in plugged_volumes() if plugged.mount_point.is_relative_to(desk.folder)],
    )


@pytest.fixture
def card(desk: Desk) -> Iterator[Path]:
    with drive(desk.folder / "card", label="EOS") as place:
        yield fill(place, PHOTOS)


@pytest.fixture
def archive(desk: Desk) -> Iterator[Path]:
    with drive(desk.folder / "archive", label="ARCHIVE") as place:
        yield place


def test_a_card_is_enabled_listed_backed_up_and_disabled(cardcat: Run, card: Path, archive: Path) -> None:
    enabled = cardcat("watch", "enable", str(card), str(archive), "--timezone", "UTC")
    assert (enabled.code, enabled.err) == (0, "")
    assert f"EOS is backed up to {archive} whenever it is plugged in." in enabled.out
    assert "cardcat server start" in enabled.out

    done = cardcat("watch", "--once")
    assert done.code == 0, done.err
    assert "completed" in done.out
    assert f"EOS at {card}: started" in done.out
    assert f"EOS at {card}: done" in cardcat("watch", "--once").out

    listed = cardcat("watch", "list").out
    assert "mounted" in listed
    assert max(map(len, listed.splitlines())) <= 80
    assert "not backed up by itself any more" in cardcat("watch", "disable", "EOS").out
    assert "No card is enabled" in cardcat("watch", "list").out
    assert cardcat("watch", "disable", "EOS").code == 2


def test_in_json(cardcat: Run, card: Path, archive: Path) -> None:
    words = ("watch", "enable", str(card), str(archive), "--layout", "tree", "--exclude", "*.LRV", "--json")
    enabled = cardcat(*words).json
    assert enabled == {
        "card": "EOS",
        "enabled": True,
        "destinations": [{"path": str(archive)}],
        "layout": "tree",
        "timezone": None,
        "excludes": ["*.LRV"],
        "dry_run": False,
    }

    document = cardcat("watch", "--once", "--json").json
    assert document["cards"] == [
        {"name": "EOS", "mount_point": str(card), "sign": "DCIM", "state": "started"}
    ]
    (backup,) = document["backups"]
    assert (backup["source"], backup["status"]) == (str(card), "completed")
    assert backup["sessions"][0]["files_copied"] == len(PHOTOS)
    assert (archive / "DCIM/100/IMG_0.JPG").exists()

    (listed,) = cardcat("watch", "list", "--json").json
    assert (listed["name"], listed["layout"], listed["mount_point"]) == ("EOS", "tree", str(card))
    assert listed["destinations"][0]["path"] == str(archive)
    assert listed["destinations"][0]["last_started_at"]
    assert cardcat("watch", "disable", listed["fs_uuid"], "--json").json == {
        "card": "EOS",
        "enabled": False,
        "dry_run": False,
    }


def test_a_dry_run_changes_nothing(cardcat: Run, card: Path, archive: Path, tmp_path: Path) -> None:
    said = cardcat("watch", "enable", str(card), str(archive), "--dry-run")
    assert said.code == 0
    assert "dry run" in said.out
    assert not (tmp_path / "data").exists()

    cardcat("watch", "enable", str(card), str(archive))
    assert "dry run" in cardcat("watch", "disable", "EOS", "--dry-run").out
    assert "EOS" in cardcat("watch", "list").out
    assert sorted(path.name for path in archive.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (("", "DRIVE"), 2, "CARD is an empty name"),
        (("CARD", ""), 2, "DEST is an empty name"),
        (("CARD", "DRIVE/nothing"), 10, "is not there"),
        (("CARD", "DRIVE", "--timezone", "Mars/Base"), 2, "no time zone"),
        (("CARD", "DRIVE", "--exclude", ""), 2, "patterns is empty"),
        (("nothing", "DRIVE"), 2, "No drive is known as nothing"),
        (("/", "DRIVE"), 2, "part of this computer"),
    ],
)
@pytest.mark.usefixtures("card", "archive")
def test_what_cannot_be_meant_is_refused(
    cardcat: Run, desk: Desk, words: tuple[str, ...], code: int, why: str
) -> None:
    places = {"CARD": str(desk.folder / "card"), "DRIVE": str(desk.folder / "archive")}
    given = [word.replace("CARD", places["CARD"]).replace("DRIVE", places["DRIVE"]) for word in words]

    answer = cardcat("watch", "enable", *given)

    assert answer.code == code
    assert why in answer.err
    assert "No card is enabled" in cardcat("watch", "list").out


def test_a_look_ends_as_its_backup_did(cardcat: Run, card: Path, archive: Path) -> None:
    cardcat("watch", "enable", str(card), str(archive))
    (archive / ".cardcat").write_text("in the way")

    answer = cardcat("watch", "--once")

    assert answer.code == 10
    assert f"EOS at {card} was not backed up: " in answer.err
    assert cardcat("watch", "--once").code == 0, "it is told once"


def test_a_card_that_is_not_enabled_is_told_of_once(
    cardcat: Run, card: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cards, "FOLDERS", (str(desk.folder),))
    command = f"cardcat watch enable {card} DEST"

    assert command in cardcat("watch", "--once").err
    again = cardcat("watch", "--once")
    assert command not in again.err
    assert f"EOS at {card}: not enabled" in again.out


def test_without_a_card_that_is_said(cardcat: Run) -> None:
    assert cardcat("watch", "--once").out == "No card is plugged in.\n"


def test_a_name_with_an_escape_does_not_reach_the_terminal(cardcat: Run, desk: Desk, archive: Path) -> None:
    with drive(desk.folder / "card", label="E\x1b[2J") as card:
        fill(card, PHOTOS)
        for words in (("enable", str(card), str(archive)), ("list",), ("--once",), ("disable", str(card))):
            answer = cardcat("watch", *words)
            assert (answer.code, "\x1b" in answer.out + answer.err) == (0, False)


def interrupt_when_idle(catalog: Path) -> threading.Thread:
    """Press Ctrl-C as soon as a backup is recorded and done."""

    def press() -> None:
        end = time.monotonic() + 120
        while time.monotonic() < end and not is_done(catalog):
            time.sleep(0.05)
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    return thread


def is_done(catalog: Path) -> bool:
    query = "SELECT 1 FROM watched_destinations WHERE handled IS NOT NULL AND starter IS NULL"
    with closing(sqlite3.connect(f"file:{catalog}?mode=ro", uri=True)) as c:
        return c.execute(query).fetchone() is not None


def test_it_watches_until_ctrl_c(cardcat: Run, card: Path, archive: Path, tmp_path: Path) -> None:
    cardcat("watch", "enable", str(card), str(archive))
    pressing = interrupt_when_idle(tmp_path / "data" / "catalog.db")

    answer = cardcat("watch", "--json")
    pressing.join()

    assert answer.code == 0
    assert [backup["status"] for backup in answer.json["backups"]] == ["completed"]
    assert "Watching for cards" in answer.err


def test_ctrl_c_in_a_backup_leaves_the_rest_to_do(
    cardcat: Run, card: Path, archive: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(options: BackupOptions, **_: object) -> BackupResult:
        os.kill(os.getpid(), signal.SIGINT)
        return BackupResult(SessionStatus.CANCELLED, (), 0, 0.0)

    cardcat("watch", "enable", str(card), str(archive))
    with monkeypatch.context() as patched:
        patched.setattr("cardcat.backup.backup", interrupted)
        assert cardcat("watch").code == 130

    assert f"EOS at {card}: started" in cardcat("watch", "--once").out
