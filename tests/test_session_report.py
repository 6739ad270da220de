"""The printable report of a session: every file, where it went and its SHA-256, in one file by itself."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection

from cardcat.catalog.engine import Catalog, open_catalog
from cardcat.catalog.items import ItemRow, add_items
from cardcat.errors import DestinationError, UsageError
from cardcat.history.account import Account, account_of
from cardcat.history.page import page
from cardcat.history.report import check_report, write_report
from cardcat.model import ItemState
from cardcat.storage.disk import Disk
from tests.drives import drive, require_mounting
from tests.safety.test_report import Page, names_in, require_self_contained
from tests.support import Desk, fill, jpeg, snapshot

HOSTILE = "<script>alert(1)</script>&\u202e\x1b]0;x\x07\udcff.JPG"


def account(c: Connection, session: int = 1) -> Account:
    found = account_of(c, session)
    assert found is not None
    return found


@pytest.fixture
def catalog(desk: Desk) -> Iterator[Catalog]:
    with open_catalog(desk.catalog) as opened:
        yield opened


def reported(desk: Desk, session: int = 1, name: str = "report.html") -> Page:
    with open_catalog(desk.catalog) as opened, opened.read() as c:
        found = account(c, session)
        place = check_report(desk.folder / name, found, desk.catalog)
        write_report(place, c, found)
    html = place.read_text("utf-8")
    result = Page(html)
    require_self_contained(result)
    return result


def test_every_file_is_listed_with_where_it_went_and_its_hash(desk: Desk) -> None:
    card = {"DCIM/100/A.JPG": jpeg(1), "DCIM/100/A.xmp": b"x", "DCIM/101/B.JPG": jpeg(2), "notes.txt": b"n"}
    fill(desk.card, card)
    desk.backup()
    found = reported(desk)

    assert found.values("p", "class")[0] == "verdict yes"
    assert "Backup: completed" in found.text
    for path, data in card.items():
        assert path.rpartition("/")[2] in found.text
        assert hashlib.sha256(data).hexdigest() in found.text
    for told in (
        str(desk.card), str(desk.folder / "drive"), "2024/2024-05-01/A.JPG", "DCIM/101",
        "(top of the source)",
        "Attempts", "Speed", "verify", "read back from the drive itself", "4", "Made by cardcat",
    ):  # fmt: skip
        assert told in found.text, told
    assert "Findings" in found.text
    assert found.tags.count("section") == 3


def test_what_failed_and_what_is_pending_is_marked_and_every_finding_is_told(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1), "B.JPG": jpeg(2)})
    (desk.card / "link").symlink_to("A.JPG")
    desk.backup()
    with desk.writing() as c:
        c.execute("UPDATE backup_items SET state = 'failed', reason = 'odd' WHERE source_path = 'B.JPG'")
        c.execute("UPDATE backup_items SET state = 'planned', hash = NULL WHERE source_path = 'A.JPG'")
        c.execute("UPDATE backup_sessions SET status = 'failed', error_message = 'Pulled.', files_copied = 0")
        c.execute("UPDATE session_details SET files_failed = 1")
    found = reported(desk)

    assert found.values("p", "class")[0] == "verdict no"
    assert "It is not complete: 1 file failed, 1 is pending. Pulled." in found.text
    assert "failed: odd" in found.text
    assert "pending" in found.text
    assert "link" in found.text
    assert found.values("span", "class").count("no") >= 2


def test_copies_that_memory_may_have_answered_for_are_not_praised(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    desk.backup()
    with desk.writing() as c:
        c.execute("UPDATE session_details SET is_cold = 0")
    found = reported(desk)
    assert "does not make a card safe to format" in found.text
    assert "memory may have answered" in found.text


def test_what_was_excluded_is_not_said_to_be_there(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1), "B.LRV": b"b"})
    desk.backup(excludes=("*.LRV",))
    found = reported(desk)
    assert "Every file of the source but the 1 excluded one is on the drive" in found.text
    assert "*.LRV" in found.text


def test_names_from_a_card_are_text_and_nothing_else(desk: Desk) -> None:
    fill(desk.card, {f"{HOSTILE[:7]}/{HOSTILE.replace('/', '')}": jpeg(1)})
    (desk.card / HOSTILE.replace("/", "")).symlink_to("nothing")
    desk.backup()
    found = reported(desk)
    assert "script" not in found.tags
    assert "\u202e" not in found.text
    assert "\x1b" not in found.text
    assert "<script>alert(1)<script>&\\u202e\\x1b]0;x\\x07\\xff.JPG" in found.text


def test_a_session_at_work_is_not_called_complete(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    desk.backup()
    with desk.writing() as c:
        c.execute("UPDATE backup_sessions SET status = 'running'")
    found = reported(desk)
    assert "Backup: interrupted" in found.text
    assert found.values("p", "class")[0] == "verdict no"


def test_a_report_of_a_million_files_is_made_bit_by_bit(desk: Desk, catalog: Catalog) -> None:
    """Files are asked for as they are written: none is kept."""
    fill(desk.card, {"A.JPG": jpeg(1)})
    desk.backup()
    alive = most = 0

    class Row(ItemRow):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def files() -> Iterator[ItemRow]:
        nonlocal alive, most
        for number in range(3_000):
            alive += 1
            most = max(most, alive)
            yield Row(f"DCIM/{number // 500}/{number:05}.JPG", 1, 1, ItemState.VERIFIED, None, "ab" * 32, "x")

    with catalog.read() as c:
        for _ in page(account(c), [], files(), 0):
            pass
    assert most < 10


def test_files_are_in_the_order_of_their_paths(desk: Desk, catalog: Catalog) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    desk.backup()
    names = [f"{folder}/{number:04}.JPG" for folder in "cab" for number in range(40)]
    with catalog.write() as c:
        states = (ItemState.VERIFIED, ItemState.FAILED, ItemState.SKIPPED, ItemState.PLANNED)
        add_items(c, 1, [ItemRow(name, n % 7, 1, states[n % 4]) for n, name in enumerate(names)], 1)
    found = reported(desk)
    heads = [found.text.index(f"\n{folder}\n") for folder in "abc"]
    assert heads == sorted(heads)


def test_nothing_is_overwritten_and_a_place_that_can_not_be_is_refused(desk: Desk, catalog: Catalog) -> None:
    fill(desk.card, {"DCIM/A.JPG": jpeg(1)})
    desk.backup()
    folder = desk.make("jobs")
    fill(folder, {"taken.html": b"t"})
    (folder / "to_card").symlink_to(desk.card)
    before = snapshot(folder), snapshot(desk.card)
    with catalog.read() as c:
        for file, told in (
            (folder / "taken.html", "that name is taken"),
            (folder / "absent/report.html", "there is no folder"),
            (folder / "to_card/report.html", "on the card itself"),
            (desk.card / "DCIM/report.html", "on the card itself"),
            (folder / "..", "is no name"),
        ):
            with pytest.raises(UsageError, match=told):
                check_report(file, account(c), desk.catalog)
    assert (snapshot(folder), snapshot(desk.card)) == before


def test_no_report_is_put_on_the_card_wherever_that_is_mounted_now(desk: Desk) -> None:
    require_mounting()
    with drive(desk.folder / "card", label="card"):
        fill(desk.folder / "card", {"DCIM/A.JPG": jpeg(1)})
        desk.backup(source=desk.folder / "card" / "DCIM")
        with open_catalog(desk.catalog) as opened, opened.read() as c:
            with pytest.raises(UsageError, match="on the card itself"):
                check_report(desk.folder / "card/report.html", account(c), desk.catalog)
            place = desk.folder / "report.html"
            assert check_report(place, account(c), desk.catalog) == place


def test_a_report_that_can_not_be_written_leaves_nothing(desk: Desk, catalog: Catalog) -> None:
    class Full(Disk):
        def write(self, fd: int, view: memoryview) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    fill(desk.card, {"A.JPG": jpeg(1)})
    desk.backup()
    place = desk.make("jobs") / "report.html"
    with catalog.read() as c, pytest.raises(DestinationError, match="could not be written: no space left"):
        write_report(place, c, account(c), Full())
    assert names_in(desk.folder / "jobs") == []


def test_it_appears_whole_where_it_was_asked_for(desk: Desk) -> None:
    fill(desk.card, {"A.JPG": jpeg(1)})
    desk.backup()
    reported(desk)
    assert sorted(path.name for path in desk.folder.glob("report*")) == ["report.html"]
    assert not list(desk.folder.glob(".cardcat-*"))
    assert Path(desk.folder / "report.html").read_text("utf-8").endswith("</html>\n")
