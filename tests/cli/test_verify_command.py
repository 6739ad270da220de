"""`cardcat verify`, as it is typed and as it answers."""

from __future__ import annotations

import base64
import os
import re
import signal
import threading
import time
from collections.abc import Callable, Collection
from pathlib import Path

import pytest
from sqlalchemy import Connection

from cardcat import stopping
from cardcat.care import verifying
from cardcat.care.verifying import Verified, Wrong
from cardcat.catalog.checks import Scope, Trouble
from cardcat.catalog.due import DueCopy, due_copies
from cardcat.cli.verify import document
from cardcat.storage.disk import Disk
from tests.care.bad import rot
from tests.cli.conftest import Run
from tests.drives import drive
from tests.support import Desk, fill, jpeg

Golden = Callable[[str, str], None]

DAY = "2024/2024-05-01"


@pytest.fixture
def backed_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    fill(desk.card, {f"DCIM/{name}.JPG": jpeg(number) for number, name in enumerate("ABC")})
    desk.backup("one")
    with desk.writing() as c:
        c.execute("UPDATE file_locations SET verified_at = 1714564800 + id")
    monkeypatch.setenv("CARDCAT_CATALOG", str(desk.catalog))
    monkeypatch.setattr("cardcat.catalog.knowledge.volume_name", lambda *_: "ARCHIVE")
    return desk


def plain(desk: Desk, answer: str) -> str:
    return re.sub(r"in \d+\.\d s", "in 0.1 s", answer.replace(str(desk.folder), "/mnt"))


def spoil(desk: Desk) -> None:
    rot(desk.folder / "one" / DAY / "A.JPG")
    (desk.folder / "one" / DAY / "B.JPG").unlink()


def test_what_a_person_reads(backed_up: Desk, cardcat: Run, golden: Golden) -> None:
    dry, right = cardcat("verify", "--dry-run"), cardcat("verify")
    spoil(backed_up)
    bad = cardcat("verify")
    assert (dry.code, right.code, bad.code) == (0, 0, 1)
    assert "Verifying: 3 files" in right.err
    golden("cli/verify.txt", plain(backed_up, f"{dry.out}\n{right.out}\n{bad.out}"))


def test_all_of_it_in_json(backed_up: Desk, cardcat: Run) -> None:
    spoil(backed_up)
    answer = cardcat("verify", "--json")
    assert answer.code == 1
    said = answer.json
    assert said["checked"] == 3
    assert (said["damaged"], said["missing"], said["unreadable"]) == (
        [f"{DAY}/A.JPG"],
        [f"{DAY}/B.JPG"],
        [],
    )
    assert (said["remaining"], said["remaining_bytes"], said["oldest_checked_at"]) == (0, 0, None)
    assert said["bytes_read"] == len(jpeg(0)) + len(jpeg(2))
    assert (said["volumes"], said["offline"]) == ([{"volume": "ARCHIVE", "checked": 3}], [])
    first = said["findings"][0]
    assert (first["trouble"], first["volume"], first["changed_since"]) == ("damaged", "ARCHIVE", False)
    assert first["found_at"] == str(backed_up.folder / "one" / DAY / "A.JPG")
    assert len(first["observed_hash"]) == len(first["hash"]) == 64


def test_what_a_dry_run_would_read_in_json(backed_up: Desk, cardcat: Run) -> None:
    said = cardcat("verify", str(backed_up.folder / "one"), "--dry-run", "--json").json
    assert (said["dry_run"], said["checked"], said["remaining"]) == (True, 0, 3)
    assert said["oldest_checked_at"] == 1714564801
    assert [each["path"][-5:] for each in said["next"]] == ["A.JPG", "B.JPG", "C.JPG"]


@pytest.mark.parametrize("checked_at", [0, 1714564801])
def test_when_the_oldest_was_checked_is_a_number_or_null_for_never(
    backed_up: Desk, cardcat: Run, checked_at: int
) -> None:
    with backed_up.writing() as c:
        c.execute("UPDATE file_locations SET verified_at = nullif(?, 0)", (checked_at,))
    assert cardcat("verify", "--files", "1", "--json").json["oldest_checked_at"] == (checked_at or None)


def test_what_waits_is_told_with_its_age(backed_up: Desk, cardcat: Run) -> None:
    answer = cardcat("verify", "--files", "1")
    assert answer.code == 0
    assert "2 copies (1.9 KB) wait, the oldest of them last checked 2024-05-01 12:00:" in answer.out
    assert backed_up.ask("SELECT count(*) FROM copy_checks") == [(1,)]


def test_names_that_are_no_text_are_told_exactly() -> None:
    name = "a\udcff.JPG"
    found = Verified(
        wrong=[Wrong(name, f"/mnt/{name}", "ONE", Trouble.DAMAGED, "bad", "h", None, edited=False)]
    )
    assert document(found, dry_run=False)["damaged"] == [name]  # `output.emit` makes it readable
    finding = document(found, dry_run=False)["findings"]
    assert base64.b64encode(b"a\xff.JPG").decode() in str(finding)


@pytest.mark.parametrize("given", ["30", "m", "1.5h", "-1h", "0s", "30 minutes", "9999d", ""])
def test_a_budget_that_is_no_length_of_time_is_wrong_usage(cardcat: Run, given: str) -> None:
    answer = cardcat("verify", "--budget", given)
    assert answer.code == 2
    assert "--budget" in answer.err


@pytest.mark.parametrize(("given", "seconds"), [("90s", 90), ("30m", 1800), ("2h", 7200), ("1H30m", 5400)])
def test_a_budget_is_a_length_of_time(
    backed_up: Desk, cardcat: Run, monkeypatch: pytest.MonkeyPatch, given: str, seconds: float
) -> None:
    asked = []

    def check(*_: object, budget: float, **__: object) -> Verified:
        asked.append(budget)
        return Verified()

    monkeypatch.setattr(verifying, "verify", check)
    assert cardcat("verify", "--budget", given, "--catalog", str(backed_up.catalog)).code == 0
    assert asked == [seconds]


@pytest.mark.usefixtures("backed_up")
def test_what_nobody_knows_is_wrong_usage(cardcat: Run) -> None:
    answer = cardcat("verify", "NOBODY")
    assert answer.code == 2
    assert "cardcat volumes list" in answer.err


def test_without_a_catalog_there_is_nothing_to_check(cardcat: Run) -> None:
    answer, with_json = cardcat("verify"), cardcat("verify", "--json")
    assert (answer.code, with_json.code) == (0, 0)
    assert "cardcat backup SOURCE DEST" in answer.out
    assert (with_json.json["checked"], with_json.json["dry_run"]) == (0, False)
    dry = cardcat("verify", "--dry-run", "--json")
    assert (dry.code, dry.json) == (0, with_json.json | {"dry_run": True})


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_what_is_named_and_can_not_be_reached_is_no_success(
    desk: Desk, cardcat: Run, more: tuple[str, ...]
) -> None:
    where = ("--catalog", str(desk.catalog), *more)
    fill(desk.card, {"DCIM/A.JPG": jpeg(1)})
    with drive(desk.folder / "one", label="ONE"):
        desk.backup("one")
        assert cardcat("verify", "ONE", *where).code == 0
    for given in ("ONE", str(desk.folder / "one")):
        answer, with_json = cardcat("verify", given, *where), cardcat("verify", given, *where, "--json")
        assert (answer.code, with_json.code) == (10, 10)
        assert f"Nothing of {given} can be reached now" in answer.err
        assert "hint: Plug in ONE," in answer.err
        assert (with_json.json["checked"], with_json.json["offline"][0]["volume"]) == (0, "ONE")
    assert cardcat("verify", *where).code == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_does_not_wait_for_the_film_in_hand(
    desk: Desk, cardcat: Run, monkeypatch: pytest.MonkeyPatch, number: signal.Signals
) -> None:
    fill(desk.card, {"film.mov": os.urandom(6 << 20)})
    desk.backup("one")
    blocks = []

    class Signalling(Disk):
        def read_into(self, fd: int, buffer: memoryview) -> int:
            blocks.append(1)
            if len(blocks) == 1:
                signal.pthread_kill(threading.main_thread().ident or 0, number)
                deadline = time.monotonic() + 30
                while not stopping.stop_requested() and time.monotonic() < deadline:
                    time.sleep(0.001)  # lets the main thread take it
            return super().read_into(fd, buffer)

    monkeypatch.setattr(verifying, "this_disk", Signalling)
    answer = cardcat("verify", "--catalog", str(desk.catalog))
    assert (answer.code, len(blocks)) == (130, 1)
    assert desk.ask("SELECT count(*) FROM copy_checks") == [(0,)]


@pytest.mark.usefixtures("backed_up")
def test_ctrl_c_ends_it_as_cancelled(cardcat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(c: Connection, scope: Scope, location_ids: Collection[int]) -> list[DueCopy]:
        signal.raise_signal(signal.SIGINT)
        return due_copies(c, scope, location_ids)

    monkeypatch.setattr(verifying, "due_copies", interrupted)
    answer = cardcat("verify")
    assert answer.code == 130
    assert "goes on from there" in answer.err


def test_what_is_wrong_is_shown_with_the_file(backed_up: Desk, cardcat: Run) -> None:
    spoil(backed_up)
    cardcat("verify")
    path = str(backed_up.folder / "one" / DAY / "A.JPG")
    shown = cardcat("show", path)
    assert "it has other bytes, though its size and time have not changed" in shown.out
    assert "cardcat repair" in shown.out
    (copy,) = cardcat("show", path, "--json").json["copies"]
    assert copy["finding"]["trouble"] == "damaged"


def test_the_place_is_escaped_for_a_terminal(desk: Desk, cardcat: Run) -> None:
    fill(desk.card, {"\x1b[2Jevil.txt": b"a"})
    desk.backup("one")
    next((desk.folder / "one").rglob("*evil.txt")).unlink()
    answer = cardcat("verify", "--catalog", str(desk.catalog))
    assert "\x1b" not in answer.out
    assert "evil.txt" in answer.out


def test_a_path_is_taken_as_it_is_typed(
    backed_up: Desk, cardcat: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(backed_up.folder)
    assert cardcat("verify", "one", "--json").json["checked"] == 3
    assert cardcat("verify", str(Path("one", DAY, "A.JPG")), "--json").json["checked"] == 1
