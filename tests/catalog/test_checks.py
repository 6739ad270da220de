"""Which copy is due next, what is recorded of it, and when a finding is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from cardcat.catalog.checks import (
    RightCopy,
    Scope,
    Trouble,
    WrongCopy,
    findings_of,
    is_in_scope,
    open_findings,
    record_right,
    record_wrong,
)
from cardcat.catalog.copies import NewCopy, record_copies, set_evidence, set_status
from cardcat.catalog.due import DueCopy, due_copies, due_locations
from cardcat.catalog.engine import Catalog, open_catalog
from cardcat.catalog.evidence import open_troubles
from cardcat.catalog.knowledge import KnownCopy, copies_by_id
from cardcat.catalog.mended import Aside, record_mended, unrecorded
from cardcat.catalog.resolving import still_open
from cardcat.model import Evidence, Presence
from tests.catalog.shelf import FILE_TIME, NOON, Shelf, sha256

FILES = {f"DCIM/{name}.JPG": name.encode() for name in "ABCD"}
LATER = NOON + 1000


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Catalog]:
    shelf = Shelf(tmp_path, monkeypatch)
    shelf.back_up(FILES)
    with open_catalog(shelf.catalog) as opened:
        yield opened


def wrong(id_: int, trouble: Trouble = Trouble.DAMAGED, message: str = "other bytes") -> WrongCopy:
    name = "ABCD"[id_ - 1].encode()
    return WrongCopy(id_, trouble, message, sha256(name), sha256(b"X"), 1)


def right(id_: int, *, renews: bool = True, evidence: Evidence = Evidence.READ_BACK) -> RightCopy:
    name = "ABCD"[id_ - 1].encode()
    return RightCopy(id_, sha256(name), FILE_TIME + 7, evidence, "how", renews, "xx", "sample")


def ask(c: Connection, query: str) -> list[tuple[object, ...]]:
    return [tuple(row) for row in c.exec_driver_sql(query)]


def copy(c: Connection, id_: int) -> KnownCopy:
    (found,) = copies_by_id(c, [id_])
    return found


def due_everywhere(c: Connection, scope: Scope) -> list[DueCopy]:
    return due_copies(c, scope, [location.id for location in due_locations(c, scope)])


def due(c: Connection, scope: Scope | None = None) -> list[int]:
    return [each.id for each in due_everywhere(c, scope or Scope())]


def test_what_was_never_checked_comes_first_then_what_was_not_for_longest(catalog: Catalog) -> None:
    with catalog.write() as c:
        for id_, checked in ((1, NOON + 3), (2, NOON + 1), (3, None), (4, NOON + 2)):
            set_evidence(c, [id_], Evidence.READ_BACK_COLD, how="x", verified_at=checked)
        assert due(c) == [3, 2, 4, 1]
        assert [each.looked_at for each in due_everywhere(c, Scope())] == [0, NOON + 1, NOON + 2, NOON + 3]


def test_of_those_checked_together_the_weakest_comes_first(catalog: Catalog) -> None:
    with catalog.write() as c:
        set_evidence(c, [3], Evidence.READ_BACK, how="x", verified_at=NOON)
        set_evidence(c, [4], Evidence.CLAIMED, how="x", verified_at=NOON)
        assert due(c) == [4, 3, 1, 2]


def test_a_bad_copy_does_not_come_first_every_time(catalog: Catalog) -> None:
    """Its proof is gone, but it was looked at."""
    with catalog.write() as c:
        record_wrong(c, [wrong(1)], LATER)
        assert copy(c, 1).verified_at is None
        assert due(c) == [2, 3, 4, 1]


def test_a_warm_read_lets_the_copy_wait_though_it_proves_nothing_new(catalog: Catalog) -> None:
    with catalog.write() as c:
        record_right(c, [right(1, renews=False)], LATER)
        assert due(c) == [2, 3, 4, 1]
        known = copy(c, 1)
        assert (known.evidence, known.verified_at) == (Evidence.READ_BACK_COLD, NOON)
        assert (known.mtime_ns, known.last_seen_at) == (FILE_TIME + 7, NOON)


@pytest.mark.parametrize("status", [Presence.QUARANTINED, Presence.DELETED])
def test_what_is_set_aside_or_deleted_is_not_due(catalog: Catalog, status: Presence) -> None:
    with catalog.write() as c:
        set_status(c, [2], status)
        set_status(c, [3], Presence.MISSING)
        assert due(c) == [1, 3, 4]


def test_what_is_missing_from_a_library_is_its_owners_affair(catalog: Catalog) -> None:
    with catalog.write() as c:
        c.exec_driver_sql("UPDATE file_locations SET role = 'library' WHERE id IN (2, 3)")
        set_status(c, [2, 4], Presence.MISSING)
        set_status(c, [3], Presence.UNAVAILABLE)
        assert due(c) == [1, 3, 4]


def test_a_scope_is_a_volume_a_folder_or_a_file(catalog: Catalog) -> None:
    with catalog.write() as c:
        volume = 2
        folder = "photos/2024/2024-05-01"
        assert due(c, Scope(volume)) == due(c, Scope(volume, "photos/2024")) == [1, 2, 3, 4]
        assert due(c, Scope(volume, f"{folder}/B.JPG")) == [2]
        assert due(c, Scope(volume, "photos/2024/2024-05")) == []
        assert due(c, Scope(1)) == []
        record_wrong(c, [wrong(2)], LATER)
        for scope, number in ((Scope(volume, folder), 1), (Scope(volume, "photos/2023"), 0), (Scope(1), 0)):
            assert len(open_findings(c, scope)) == number
        assert is_in_scope(copy(c, 2), Scope(volume, f"{folder}/B.JPG"))


@pytest.mark.parametrize("trouble", [Trouble.DAMAGED, Trouble.UNREADABLE])
def test_a_bad_copy_keeps_its_status_and_loses_its_proof(catalog: Catalog, trouble: Trouble) -> None:
    with catalog.write() as c:
        record_wrong(c, [wrong(1, trouble)], LATER)
        known = copy(c, 1)
    assert (known.status, known.evidence, known.verified_at) == (Presence.PRESENT, Evidence.CLAIMED, None)
    assert known.verified_how == f"{trouble.value}: other bytes"


def test_a_copy_that_is_gone_is_missing(catalog: Catalog) -> None:
    with catalog.write() as c:
        record_wrong(c, [wrong(1, Trouble.MISSING, "not there")], LATER)
        assert copy(c, 1).status is Presence.MISSING
        record_right(c, [right(1)], LATER + 1)
        assert copy(c, 1).status is Presence.PRESENT
        assert open_findings(c, Scope()) == []


def test_what_is_found_again_stays_one_finding(catalog: Catalog) -> None:
    with catalog.write() as c:
        record_wrong(c, [wrong(1)], LATER)
        record_wrong(c, [wrong(1)], LATER + 9)
        (finding,) = open_findings(c, Scope())
        assert (finding.found_at, finding.trouble, finding.copy.id) == (LATER, Trouble.DAMAGED, 1)
        record_wrong(c, [wrong(1, Trouble.MISSING, "not there")], LATER + 20)
        assert [each.trouble for each in open_findings(c, Scope())] == [Trouble.MISSING]
        assert open_troubles(c) == {1: "missing"}
        assert still_open(c, [1, 2]) == {1}
        assert findings_of(c, [1, 2])[1].message == "not there"


def test_what_is_said_of_a_copy_twice_is_one_finding(catalog: Catalog) -> None:
    with catalog.write() as c:
        record_wrong(c, [wrong(1), wrong(1)], LATER)
        assert ask(c, "SELECT count(*) FROM copy_findings") == [(1,)]


def test_a_right_copy_has_no_findings_any_more(catalog: Catalog) -> None:
    with catalog.write() as c:
        record_wrong(c, [wrong(1), wrong(2)], LATER)
        record_right(c, [right(1)], LATER + 5)
        known = copy(c, 1)
        assert (known.evidence, known.verified_at, known.verified_how) == (
            Evidence.READ_BACK,
            LATER + 5,
            "how",
        )
        assert open_troubles(c) == {2: "damaged"}
        told = "SELECT resolved_at, resolution FROM copy_findings WHERE file_location_id = 1"
        assert ask(c, told) == [(LATER + 5, "it was read again and is right")]


def test_what_was_read_is_not_recorded_of_another_content_that_came_there_meanwhile(
    catalog: Catalog,
) -> None:
    with catalog.write() as c:
        c.exec_driver_sql("UPDATE file_locations SET content_id = 2 WHERE id = 1")
        record_right(c, [right(1)], LATER)
        assert copy(c, 1).verified_at == NOON


def test_a_content_that_was_only_claimed_learns_its_other_hashes(catalog: Catalog) -> None:
    with catalog.write() as c:
        c.exec_driver_sql("UPDATE content_identity SET xxh3_128 = NULL, sample_hash = NULL WHERE id = 1")
        record_right(c, [right(1), right(2)], LATER)
        hashes = "SELECT xxh3_128, sample_hash FROM content_identity WHERE id < 3 ORDER BY id"
        assert ask(c, hashes) == [("xx", "sample"), ("x", "s")]


def test_a_copy_that_was_backed_up_anew_has_no_findings_any_more(catalog: Catalog) -> None:
    with catalog.write() as c:
        record_wrong(c, [wrong(1), wrong(2)], LATER)
        place = "2024/2024-05-01"
        proved = NewCopy(f"{place}/A.JPG", 1, 1, FILE_TIME, Evidence.READ_BACK_COLD, LATER, "how")
        claimed = NewCopy(f"{place}/B.JPG", 2, 1, FILE_TIME, Evidence.CLAIMED, None, "how")
        record_copies(c, 1, [proved, claimed], session_id=1, now=LATER)
        assert open_troubles(c) == {2: "damaged"}
        record_right(c, [right(2)], LATER)
        assert open_troubles(c) == {}


def test_a_restored_copy_is_right_and_the_bad_file_is_on_record_where_it_is_kept(catalog: Catalog) -> None:
    aside = Aside(".cardcat/quarantine/then/2024/2024-05-01/A.JPG", 3, 5)
    with catalog.write() as c:
        record_wrong(c, [wrong(1)], LATER)
        assert unrecorded(c, 1, [aside]) == [aside]
        record_mended(c, copy(c, 1), right(1), [aside], how="restored", now=LATER + 1)
        assert unrecorded(c, 1, [aside]) == []
        assert copy(c, 1).evidence is Evidence.READ_BACK
        kept = copy(c, 5)
        assert (kept.path, kept.status, kept.evidence) == (
            aside.path,
            Presence.QUARANTINED,
            Evidence.CLAIMED,
        )
        assert (kept.size, kept.mtime_ns, kept.hash, kept.session_id) == (3, 5, sha256(b"A"), None)
        assert ask(c, "SELECT resolution FROM copy_findings") == [("restored",)]


def test_what_is_said_of_a_content_is_not_said_of_the_next_one_at_its_place(catalog: Catalog) -> None:
    """A backup may have put another content there while the first was read."""
    stale = WrongCopy(1, Trouble.MISSING, "gone", sha256(b"before"))
    with catalog.write() as c:
        record_wrong(c, [wrong(2), stale], LATER)
        assert open_troubles(c) == {2: "damaged"}
        assert copy(c, 1).status is Presence.PRESENT
        record_right(c, [replace(right(2), hash=sha256(b"before"))], LATER)
        assert open_troubles(c) == {2: "damaged"}
