"""The commands that ask and keep the catalog, on a real one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cardcat.catalog.engine import open_catalog
from cardcat.catalog.findings import record_findings
from cardcat.catalog.items import ItemRow, add_items
from cardcat.catalog.locations import remember_location
from cardcat.catalog.sessions import SessionKey, finish_session, open_session
from cardcat.catalog.volumes import remember_device, remember_volume
from cardcat.model import (
    BackupOptions,
    BackupResult,
    Finding,
    ItemState,
    Layout,
    Role,
    SessionStatus,
    Stage,
    Volume,
)
from tests.cli.conftest import Fake, Run

Golden = Callable[[str, str], None]
NOON = 1_714_564_800  # 2024-05-01 12:00:00 UTC


def volume(name: str) -> Volume:
    return Volume(
        f"uuid:{name}", Path("/media/me") / name, name, "exfat", name, "/dev/sdx1", 64_000_000_000, 9
    )


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A catalog with a session that failed, one that was completed, and their volumes."""
    path = tmp_path / "catalog.db"
    with open_catalog(path) as opened, opened.write() as c:
        device = remember_device(c, NOON)
        card = remember_volume(
            c, volume("EOS_DIGITAL"), device, NOON, uuid="11111111-0000-4000-8000-000000000000"
        )
        drive = remember_volume(
            c, volume("ARCHIVE"), device, NOON, uuid="22222222-0000-4000-8000-000000000000"
        )
        where = remember_location(c, volume_id=drive.id, uuid=None, path="photos", role=Role.BACKUP, now=NOON)
        key = SessionKey(card.id, ("DCIM", b""), where.id, Layout.TREE, ("*.LRV",))
        for status in (SessionStatus.FAILED, SessionStatus.COMPLETED):
            session = open_session(
                c,
                key,
                run_id="run",
                source_path="/media/me/EOS_DIGITAL/DCIM",
                destination_path="/media/me/ARCHIVE/photos",
                timezone="Europe/Paris",
                owner="{}",
                now=NOON,
            )
            failed = status is SessionStatus.FAILED
            items = [ItemRow("1.JPG", 1000, 0, ItemState.FAILED if failed else ItemState.SKIPPED)]
            items += [ItemRow("2.JPG", 2_500_000, 0, ItemState.VERIFIED)]
            add_items(c, session, items, NOON)
            if failed:
                trouble = Finding("1\udcff.JPG", Stage.COPY, "OSError", "Input/output error.", failed=True)
                odd = Finding("", Stage.SCAN, "ValueError", "The clock of the card is wrong.")
                record_findings(c, session, [trouble, odd], NOON)
            message = "1 file failed." if failed else None
            finish_session(
                c, session, status, message=message, is_cold=True, ignored=3, excluded=0, now=NOON + 185
            )
    return path


@pytest.mark.parametrize("words", ["sessions list", "volumes list"])
def test_no_catalog_yet_is_an_empty_list(cardcat: Run, tmp_path: Path, words: str) -> None:
    path = tmp_path / "nowhere" / "catalog.db"
    plain = cardcat(*words.split(), "--catalog", str(path))
    assert (plain.code, plain.err) == (0, "")
    assert plain.out.startswith(f"There is no catalog at {path} yet.\n")
    assert cardcat(*words.split(), "--catalog", str(path), "--json").json == []
    assert not path.parent.exists()


def test_no_catalog_yet_has_a_status(cardcat: Run, tmp_path: Path) -> None:
    path = tmp_path / "nowhere" / "catalog.db"
    for command in ("status", "migrate"):
        plain = cardcat("catalog", command, "--catalog", str(path))
        assert (plain.code, plain.out.splitlines()[0]) == (0, f"There is no catalog at {path} yet.")
        document = cardcat("catalog", command, "--catalog", str(path), "--json").json
        assert document == {"path": str(path), "exists": False}
    assert cardcat("catalog", "backup", str(tmp_path / "copy"), "--catalog", str(path)).code == 20
    assert not path.parent.exists()


@pytest.mark.parametrize("words", ["sessions list", "volumes list"])
def test_an_empty_catalog_is_an_empty_list(cardcat: Run, tmp_path: Path, words: str) -> None:
    open_catalog(tmp_path / "catalog.db").close()
    where = ("--catalog", str(tmp_path / "catalog.db"))
    assert "cardcat backup SOURCE DEST" in cardcat(*words.split(), *where).out
    assert cardcat(*words.split(), *where, "--json").json == []


@pytest.mark.parametrize("words", ["sessions list", "sessions show 1", "sessions errors 1", "volumes list"])
def test_what_a_person_reads(cardcat: Run, catalog: Path, golden: Golden, words: str) -> None:
    answer = cardcat(*words.split(), "--catalog", str(catalog))
    assert (answer.code, answer.err) == (0, "")
    golden(f"cli/{words.replace(' ', '-')}.txt", answer.out)


def test_sessions_in_json(cardcat: Run, catalog: Path) -> None:
    listed = cardcat("sessions", "list", "--catalog", str(catalog), "--json").json
    assert [row["id"] for row in listed] == [2, 1]
    assert cardcat("sessions", "list", "--catalog", str(catalog), "--json", "--limit", "1").json == listed[:1]
    assert cardcat("sessions", "show", "1", "--catalog", str(catalog), "--json").json == listed[1]
    assert listed[1] == {
        "id": 1,
        "status": "failed",
        "source_path": "/media/me/EOS_DIGITAL/DCIM",
        "destination_path": "/media/me/ARCHIVE/photos",
        "layout": "tree",
        "timezone": "Europe/Paris",
        "excludes": ["*.LRV"],
        "started_at": NOON,
        "completed_at": NOON + 185,
        "duration_seconds": 185,
        "files_scanned": 2,
        "files_copied": 1,
        "files_skipped": 0,
        "files_failed": 1,
        "files_pending": 0,
        "files_ignored": 3,
        "files_excluded": 0,
        "bytes_copied": 2_500_000,
        "attempts": 1,
        "is_cold": True,
        "error_message": "1 file failed.",
        "flow_run_id": None,
    }


def test_errors_in_json(cardcat: Run, catalog: Path) -> None:
    first, second = cardcat("sessions", "errors", "1", "--catalog", str(catalog), "--json").json
    assert (first["path"], first["path_b64"]) == ("1\\xff.JPG", "Mf8uSlBH")
    assert (first["stage"], first["message"], first["is_failure"]) == ("copy", "Input/output error.", True)
    assert (second["path"], second["is_failure"]) == ("", False)
    assert cardcat("sessions", "errors", "2", "--catalog", str(catalog), "--json").json == []


def test_volumes_in_json(cardcat: Run, catalog: Path) -> None:
    rows = cardcat("volumes", "list", "--catalog", str(catalog), "--json").json
    assert {row["label"] for row in rows} == {"EOS_DIGITAL", "ARCHIVE"}
    assert rows[0]["mount_point"] is None
    assert rows[0]["total_bytes"] == 64_000_000_000


def test_a_rerun_is_the_same_order(cardcat: Run, catalog: Path, fake: Fake) -> None:
    asked: list[tuple[BackupOptions, str | None]] = []

    def run_flow(options: BackupOptions, where: str | None) -> BackupResult:
        asked.append((options, where))
        return BackupResult(SessionStatus.COMPLETED, (), 0, 0.0)

    fake("cardcat.prefect_run", run_flow=run_flow)
    answer = cardcat("sessions", "rerun", "1", "--catalog", str(catalog), "--json")
    assert answer.json["status"] == "completed"
    options = BackupOptions(
        source=Path("/media/me/EOS_DIGITAL/DCIM"),
        destinations=(Path("/media/me/ARCHIVE/photos"),),
        layout=Layout.TREE,
        timezone="Europe/Paris",
        excludes=("*.LRV",),
        rerun=1,
    )
    assert asked == [(options, str(catalog))]


def test_a_query_leaves_no_trace(cardcat: Run, catalog: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in catalog.parent.iterdir()}
    cardcat("sessions", "list", "--catalog", str(catalog))
    cardcat("volumes", "list", "--catalog", str(catalog))
    assert {path: path.stat().st_mtime_ns for path in catalog.parent.iterdir()} == before


def test_status(cardcat: Run, catalog: Path) -> None:
    plain = cardcat("catalog", "status", "--catalog", str(catalog))
    document = cardcat("catalog", "status", "--catalog", str(catalog), "--json").json
    assert plain.code == 0
    assert plain.out.startswith(f"{catalog}: ")
    assert plain.out.endswith("The catalog is sound.\n")
    assert document["exists"] is True
    assert document["rows"]["backup_sessions"] == 2
    assert document["problems"] == []


def test_migrate_says_if_there_is_nothing_to_do(cardcat: Run, catalog: Path) -> None:
    plain = cardcat("catalog", "migrate", "--catalog", str(catalog))
    assert plain.out == f"The catalog {catalog} is up to date.\n"
    document = cardcat("catalog", "migrate", "--catalog", str(catalog), "--json").json
    assert (document["migrated"], document["needed"]) == (False, False)


def test_a_copy_and_the_way_back(cardcat: Run, catalog: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    assert cardcat("catalog", "backup", str(copy), "--catalog", str(catalog)).code == 0
    again = cardcat("catalog", "backup", str(copy), "--catalog", str(catalog))
    assert again.code == 2
    assert "already there" in again.err
    other = tmp_path / "other.db"
    assert cardcat("catalog", "restore", str(copy), "--catalog", str(other)).code == 0
    assert len(cardcat("sessions", "list", "--catalog", str(other), "--json").json) == 2


def test_a_catalog_is_replaced_by_order_only(cardcat: Run, catalog: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    cardcat("catalog", "backup", str(copy), "--catalog", str(catalog))
    words = ("catalog", "restore", str(copy), "--catalog", str(catalog))
    before = catalog.read_bytes()
    refused, dry = cardcat(*words), cardcat(*words, "--dry-run", "--json")
    assert refused.code == 2
    assert "no terminal to ask at" in refused.err
    assert "--yes" in refused.err
    assert (dry.code, dry.json) == (0, {"path": str(catalog), "restored": False})
    assert catalog.read_bytes() == before
    done = cardcat(*words, "--yes", "--json")
    assert done.code == 0
    assert Path(done.json["set_aside"]).is_file()


def test_what_is_no_catalog_is_refused(cardcat: Run, tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("not a catalog")
    for words in ("sessions list", "sessions show 1", "volumes list", "catalog status", "catalog migrate"):
        answer = cardcat(*words.split(), "--catalog", str(text))
        assert (answer.code, answer.out) == (20, "")
        assert str(text) in answer.err
    restored = cardcat("catalog", "restore", str(text), "--dry-run")
    assert restored.code == 20
    assert text.read_text() == "not a catalog"
