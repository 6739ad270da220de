"""`cardcat repair`, as it is typed and as it answers."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from cardcat.care import repairing
from cardcat.storage.destination import lock
from cardcat.storage.disk import Disk, StrPath
from tests.care.bad import checked, rot
from tests.cli.conftest import Run
from tests.support import Desk, fill, jpeg

Golden = Callable[[str, str], None]

DAY = "2024/2024-05-01"


@pytest.fixture
def spoilt(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """Two backup folders; in `one` a file is damaged and one missing, and of a third no copy is right."""
    fill(desk.card, {f"DCIM/{name}.JPG": jpeg(number) for number, name in enumerate("ABCD")})
    desk.backup("one", "two")
    monkeypatch.setattr("cardcat.catalog.knowledge.volume_name", lambda *_: "ARCHIVE")
    rot(desk.folder / "one" / DAY / "A.JPG")
    (desk.folder / "one" / DAY / "B.JPG").unlink()
    monkeypatch.setattr("time.time", lambda: 1_714_564_800.0)
    checked(desk)
    monkeypatch.setenv("CARDCAT_CATALOG", str(desk.catalog))
    return desk


def lost(desk: Desk) -> None:
    """Spoil every copy of one photo."""
    for drive in ("one", "two"):
        rot(desk.folder / drive / DAY / "C.JPG")
    checked(desk)


def plain(desk: Desk, answer: str) -> str:
    return answer.replace(str(desk.folder), "/mnt")


def test_what_a_person_reads(spoilt: Desk, cardcat: Run, golden: Golden) -> None:
    lost(spoilt)
    dry, done, after = cardcat("repair", "--dry-run"), cardcat("repair"), cardcat("repair")
    assert (dry.code, done.code, after.code) == (1, 1, 1)
    golden("cli/repair.txt", plain(spoilt, f"{dry.out}\n{done.out}\n{after.out}"))


def test_all_of_it_in_json(spoilt: Desk, cardcat: Run) -> None:
    dry = cardcat("repair", "--dry-run", "--json").json
    assert [each["path"][-5:] for each in dry["mended"]] == ["A.JPG", "B.JPG"]
    answer = cardcat("repair", "--json")
    assert answer.code == 0
    said = answer.json
    first = said["mended"][0]
    assert first == {
        "path": f"{DAY}/A.JPG",
        "found_at": str(spoilt.folder / "one" / DAY / "A.JPG"),
        "volume": "ARCHIVE",
        "trouble": "damaged",
        "message": "it has other bytes, though its size and time have not changed",
        "hash": first["hash"],
        "source_volume": "ARCHIVE",
        "source_path": str(spoilt.folder / "two" / DAY / "A.JPG"),
        "quarantined_at": f".cardcat/quarantine/20240501T120000Z/{DAY}/A.JPG",
        "reason": None,
    }
    assert (said["left"], said["right"], said["failed"], said["plug_in"]) == ([], [], [], [])
    assert said["bytes_copied"] == len(jpeg(0)) + len(jpeg(1))
    again = cardcat("repair")
    assert (again.code, again.out.splitlines()[0]) == (
        0,
        "Nothing to repair: nothing is on record as damaged or missing here.",
    )


def test_a_drive_that_can_not_be_written_is_told_with_its_own_exit_code(spoilt: Desk, cardcat: Run) -> None:
    with lock(spoilt.folder / "one"):
        answer = cardcat("repair")
    assert answer.code == 10
    assert "Another cardcat run works on this destination" in answer.err
    assert "hint:" in answer.err


def test_what_somebody_changed_may_be_kept(spoilt: Desk, cardcat: Run) -> None:
    (spoilt.folder / "two" / DAY / "D.JPG").write_bytes(b"edited")
    checked(spoilt)
    answer = cardcat("repair", str(spoilt.folder / "two"), "--keep-changed")
    assert answer.code == 1
    assert "somebody has changed it since" in answer.out
    assert (spoilt.folder / "two" / DAY / "D.JPG").read_bytes() == b"edited"
    assert cardcat("repair", str(spoilt.folder / "two")).code == 0


def test_a_file_that_is_set_aside_is_shown_as_such(spoilt: Desk, cardcat: Run) -> None:
    cardcat("repair")
    path = str(spoilt.folder / "one" / DAY / "A.JPG")
    assert "quarantined" in cardcat("show", path).out
    statuses = [copy["status"] for copy in cardcat("show", path, "--json").json["copies"]]
    assert sorted(statuses) == ["present", "present", "quarantined"]


def test_without_a_catalog_there_is_nothing_to_repair(cardcat: Run) -> None:
    answer, with_json = cardcat("repair"), cardcat("repair", "--json")
    assert (answer.code, with_json.code) == (0, 0)
    assert (with_json.json["mended"], with_json.json["dry_run"]) == ([], False)
    dry = cardcat("repair", "--dry-run", "--json")
    assert (dry.code, dry.json) == (0, with_json.json | {"dry_run": True})


def test_what_was_not_set_aside_is_null(spoilt: Desk, cardcat: Run) -> None:
    dry, done = cardcat("repair", "--dry-run", "--json").json, cardcat("repair", "--json").json
    assert [each["quarantined_at"] for each in dry["mended"]] == [None, None]
    assert [each["quarantined_at"] is None for each in done["mended"]] == [False, True]


def test_a_stop_ends_it_as_cancelled(spoilt: Desk, cardcat: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Signalling(Disk):
        def open_source(self, path: StrPath) -> int:
            signal.raise_signal(signal.SIGTERM)
            return super().open_source(path)

    monkeypatch.setattr(repairing, "this_disk", Signalling)
    answer = cardcat("repair")
    assert answer.code == 130
    assert "What was restored is on record" in answer.err
    assert not [*(spoilt.folder / "one/.cardcat").rglob("*.JPG")]


@pytest.mark.usefixtures("spoilt")
def test_what_nobody_knows_is_wrong_usage(cardcat: Run) -> None:
    assert cardcat("repair", "NOBODY").code == 2
