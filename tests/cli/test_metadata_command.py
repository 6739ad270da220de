"""`cardcat metadata refresh`, as it is typed and as it answers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cardcat.catalog.engine import open_catalog
from cardcat.media.pool import MetadataPool
from cardcat.metadata import Confidence, DateSource, Details, Metadata, Moment
from tests.catalog.shelf import NOON, Shelf, sha256
from tests.cli.conftest import Run
from tests.support import jpeg

Golden = Callable[[str, str], None]

TAKEN = Moment("2024-05-01T10:00:00", None, DateSource.ORIGINAL, Confidence.CERTAIN)
BETTER = Metadata(camera_make="Canon", date_taken="2024-05-01T10:00:00", details=Details(format="JPEG"))
WRONG = Metadata(camera_make="Wrong", iso="65535")


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Three photos that an older reader has read, one of them on a drive that is not plugged in."""
    shelf = Shelf(tmp_path, monkeypatch)
    names = [f"DCIM/{name}.JPG" for name in "AB"]
    read = dict.fromkeys(names, (WRONG, TAKEN))
    shelf.back_up({name: jpeg(number) for number, name in enumerate(names)}, read=read)
    shelf.back_up({"DCIM/C.JPG": jpeg(2)}, read={"DCIM/C.JPG": (WRONG, TAKEN)}, drive="OFFSITE")
    with open_catalog(shelf.catalog) as opened, opened.write() as c:
        c.exec_driver_sql("UPDATE media_details SET reader_version = 1")
        c.exec_driver_sql("UPDATE backup_sessions SET status = 'completed'")
    shelf.unplug("OFFSITE")
    monkeypatch.setenv("CARDCAT_CATALOG", str(shelf.catalog))
    monkeypatch.setattr(MetadataPool, "read", lambda _, paths: [BETTER] * len(paths))
    return shelf


@pytest.mark.usefixtures("shelf")
def test_what_a_person_reads(cardcat: Run, golden: Golden) -> None:
    dry = cardcat("metadata", "refresh", "--dry-run")
    done = cardcat("metadata", "refresh")
    assert (dry.code, done.code) == (0, 0)
    assert "Reading metadata: 3 files" in done.err
    golden("cli/metadata-refresh.txt", f"{dry.out}\n{done.out}")


def test_all_of_it_in_json(cardcat: Run, shelf: Shelf) -> None:
    dry = cardcat("metadata", "refresh", "--dry-run", "--json").json
    done = cardcat("metadata", "refresh", "--json").json
    assert dry == done | {"dry_run": True}
    columns = done.pop("columns")
    assert (columns["camera_make"], columns["iso"]) == (2, 2)
    assert done == {
        "dry_run": False,
        "to_read": 3,
        "read": 2,
        "changed": 2,
        "unchanged": 0,
        "troubled": 0,
        "unreachable": 1,
        "lost": 0,
        "drives": [{"volume": "OFFSITE", "last_seen_at": NOON, "contents": 1}],
        "troubles": [],
        "altered": [],
    }
    shelf.plug("OFFSITE")
    assert cardcat("metadata", "refresh", "--kind", "image", "--json").json["read"] == 1
    again = cardcat("metadata", "refresh")
    assert again.out == "Nothing to read: this version of cardcat has read everything already.\n"
    assert cardcat("metadata", "refresh", "--all", "--json").json["unchanged"] == 3
    assert cardcat("metadata", "refresh", "--all", "--kind", "video", "--json").json["to_read"] == 0


def test_a_copy_that_was_changed_needs_a_look(cardcat: Run, shelf: Shelf) -> None:
    copy = shelf.folder / "ARCHIVE/photos/2024/2024-05-01/A.JPG"
    copy.write_bytes(b"something else")
    answer = cardcat("metadata", "refresh")
    assert answer.code == 1
    assert f"These copies need a look:\n  {copy}: changed\n" in answer.out
    document = cardcat("metadata", "refresh", "--json").json
    assert (document["lost"], document["altered"]) == (
        1,
        [{"path": str(copy), "hash": sha256(jpeg(0)), "message": "changed"}],
    )


def test_without_a_catalog(cardcat: Run, tmp_path: Path) -> None:
    where = ("--catalog", str(tmp_path / "none.db"))
    answer = cardcat("metadata", "refresh", *where)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.startswith("There is no catalog")
    assert cardcat("metadata", "refresh", "--json", *where).json["to_read"] == 0
    assert not (tmp_path / "none.db").exists()


def test_an_unknown_kind(cardcat: Run) -> None:
    answer = cardcat("metadata", "refresh", "--kind", "audio")
    assert (answer.code, answer.out) == (2, "")
