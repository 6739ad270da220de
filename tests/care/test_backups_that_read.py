"""What a backup finds wrong with a copy that is there already is known to all that looks after copies."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from cardcat.catalog.checks import Scope, open_findings
from cardcat.catalog.engine import open_catalog
from cardcat.cli.main import main
from cardcat.model import BackupResult, SessionStatus
from cardcat.storage.disk import Disk, StrPath
from tests.care.bad import checked, repaired, rot, told
from tests.drives import drive, pulled
from tests.safety.asking import judged
from tests.support import Desk, fill, jpeg

FILES = {f"DCIM/{name}.JPG": jpeg(number) for number, name in enumerate("AB")}
DAY = "2024/2024-05-01"
A = f"{DAY}/A.JPG"


@pytest.fixture
def backed_up(desk: Desk) -> Desk:
    """Copies in two folders; what is proved of those in `one` is not enough, so a backup reads them."""
    fill(desk.card, FILES)
    desk.backup("one", "two")
    with desk.writing() as c:
        c.execute(
            "UPDATE file_locations SET evidence = 'read_back' WHERE folder_id IN (SELECT d.id FROM folders d "
            "JOIN locations l ON l.id = d.location_id WHERE l.path LIKE '%/one')"
        )
    return desk


def place(desk: Desk, path: str = A) -> Path:
    return desk.folder / "one" / path


def findings(desk: Desk) -> list[tuple[object, ...]]:
    """Trouble, message, whether the hash was seen, size, whether it is open; of each."""
    return desk.ask(
        "SELECT trouble, message, observed_hash IS NOT NULL, observed_size, resolved_at IS NULL "
        "FROM copy_findings ORDER BY id"
    )


def of_a(desk: Desk) -> tuple[object, ...]:
    (row,) = desk.ask(
        "SELECT f.status, f.evidence, f.verified_at, f.verified_how FROM file_locations f "
        "JOIN copy_findings x ON x.file_location_id = f.id"
    )
    return row


def types(result: BackupResult) -> list[str]:
    return [finding.error_type for finding in result.findings]


def test_a_copy_that_rotted_is_a_finding_like_those_of_verify(backed_up: Desk) -> None:
    rot(place(backed_up))
    result = backed_up.backup("one")
    assert types(result) == ["Damaged"]
    assert "is not right: it has other bytes, though its size and time" in result.findings[0].message
    size = len(FILES["DCIM/A.JPG"])
    message = "it has other bytes, though its size and time have not changed"
    assert findings(backed_up) == [("damaged", message, 1, size, 1)]
    assert of_a(backed_up) == ("present", "claimed", None, f"damaged: {message}")
    found = checked(backed_up)
    assert told(found) == [("damaged", "A.JPG")]
    assert len(findings(backed_up)) == 1


def test_repair_mends_what_a_backup_found(backed_up: Desk) -> None:
    bad = rot(place(backed_up))
    backed_up.backup("one")
    (mended,) = repaired(backed_up).mended
    assert mended.path == A
    assert place(backed_up).read_bytes() == FILES["DCIM/A.JPG"]
    assert (backed_up.folder / "one" / str(mended.aside)).read_bytes() == bad
    assert [row[-1] for row in findings(backed_up)] == [0]


def test_the_drive_and_the_verdict_know_of_it(
    desk: Desk, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is on record of the copy's proof: what was found wrong stands until it is settled."""
    with drive(desk.folder / "card", label="CARD"), drive(desk.folder / "one", label="ONE"):
        fill(desk.card, FILES)
        desk.backup("one")
        assert judged(desk).safe
        with desk.writing() as c:
            c.execute("UPDATE file_locations SET evidence = 'read_back'")
        rot(place(desk))
        desk.backup("one")
        next(path for path in place(desk).parent.glob("A?*.JPG")).unlink()
        with desk.writing() as c:
            c.execute("UPDATE file_locations SET evidence = 'read_back_cold', verified_at = 5")
        (reason,) = judged(desk).reasons
    assert (reason.path, "had it damaged when it was last read" in reason.reason) == ("DCIM/A.JPG", True)
    monkeypatch.setenv("CARDCAT_CATALOG", str(desk.catalog))
    capsys.readouterr()
    main(["volumes", "show", "ONE", "--json"])
    said = json.loads(capsys.readouterr().out)
    assert [(each["trouble"], each["path"][-5:]) for each in said["findings"]] == [("damaged", "A.JPG")]


def test_a_copy_that_can_not_be_read_is_a_finding(backed_up: Desk) -> None:
    class Unreadable(Disk):
        def open_copy(self, path: StrPath) -> int:
            if str(path).endswith(f"one/{A}"):
                raise OSError(errno.EIO, "Input/output error")
            return super().open_copy(path)

    assert types(backed_up.backup("one", disk=Unreadable())) == ["Damaged"]
    assert findings(backed_up) == [("unreadable", "it can't be read: input/output error", 0, None, 1)]


@pytest.mark.parametrize("is_read_wrong", [False, True])
def test_a_drive_that_is_pulled_while_a_copy_is_read_has_no_finding(desk: Desk, is_read_wrong: bool) -> None:
    class Pulling(Disk):
        fd = -1

        def open_copy(self, path: StrPath) -> int:
            if str(path).endswith("A.JPG") and not is_read_wrong:
                pulled(desk.folder / "one")
            fd = super().open_copy(path)
            if str(path).endswith("A.JPG"):
                self.fd = fd
            return fd

        def release(self, fd: int) -> None:
            super().release(fd)
            if fd == self.fd and is_read_wrong:
                self.fd = -1
                pulled(desk.folder / "one")

        def read_into(self, fd: int, buffer: memoryview) -> int:
            size = super().read_into(fd, buffer)
            if fd == self.fd and is_read_wrong:
                buffer[:size] = bytes(size)
            return size

    fill(desk.card, {"A.JPG": jpeg(1)})
    with drive(desk.folder / "one", label="ONE"):
        desk.backup("one")
        with desk.writing() as c:
            c.execute("UPDATE file_locations SET evidence = 'read_back'")
        result = desk.backup("one", disk=Pulling())
        assert (result.status, types(result), findings(desk)) == (SessionStatus.FAILED, [], [])
    assert desk.ask("SELECT status, evidence FROM file_locations") == [("present", "read_back")]


def test_a_copy_that_was_changed_is_a_finding_and_told_once(backed_up: Desk) -> None:
    place(backed_up).write_bytes(b"edited")
    assert types(backed_up.backup("one")) == ["Changed"]
    size = len(FILES["DCIM/A.JPG"])
    message = f"it has 6 bytes instead of {size}, and another time"
    assert findings(backed_up) == [("damaged", message, 0, 6, 1)]
    assert types(backed_up.backup("one")) == []
    assert len(findings(backed_up)) == 1


def test_what_was_changed_and_never_proved_is_a_finding_too(backed_up: Desk) -> None:
    with backed_up.writing() as c:
        c.execute("UPDATE file_locations SET evidence = 'claimed'")
    place(backed_up).write_bytes(b"edited")
    assert types(backed_up.backup("one")) == []
    assert [(row[0], row[3]) for row in findings(backed_up)] == [("damaged", 6)]


def test_a_copy_that_is_gone_is_a_finding_until_it_is_there_again(backed_up: Desk) -> None:
    os.link(place(backed_up), away := backed_up.folder / "away")
    place(backed_up).unlink()
    place(backed_up).mkdir()  # so that it can't be copied to its place again
    backed_up.backup("one")
    assert findings(backed_up) == [("missing", "it is not there any more", 0, None, 1)]
    assert of_a(backed_up)[0] == "missing"
    place(backed_up).rmdir()
    away.rename(place(backed_up))
    assert checked(backed_up).wrong == []
    assert [row[-1] for row in findings(backed_up)] == [0]


def test_what_is_copied_anew_to_its_place_is_settled(backed_up: Desk) -> None:
    place(backed_up).unlink()
    backed_up.backup("one")
    assert place(backed_up).read_bytes() == FILES["DCIM/A.JPG"]
    assert [(row[0], row[-1]) for row in findings(backed_up)] == [("missing", 0)]


def test_a_copy_that_a_backup_finds_right_has_no_finding_any_more(backed_up: Desk) -> None:
    good = place(backed_up).read_bytes()
    status = place(backed_up).stat()
    rot(place(backed_up))
    assert told(checked(backed_up)) == [("damaged", "A.JPG")]
    place(backed_up).write_bytes(good)
    os.utime(place(backed_up), ns=(status.st_mtime_ns, status.st_mtime_ns))
    assert types(backed_up.backup("one")) == []
    assert [row[-1] for row in findings(backed_up)] == [0]
    assert of_a(backed_up)[:2] == ("present", "read_back_cold")


def test_one_copy_that_answers_for_two_files_has_one_finding(desk: Desk) -> None:
    """Equal photos of one card have one copy, which is asked for twice."""
    fill(desk.card, {"DCIM/1/A.JPG": jpeg(1), "DCIM/2/A.JPG": jpeg(1)})
    desk.backup("one")
    os.truncate(place(desk), 3)
    desk.backup("one")
    assert len(findings(desk)) == 1
    with open_catalog(desk.catalog) as opened, opened.read() as c:
        assert len(open_findings(c, Scope())) == 1
