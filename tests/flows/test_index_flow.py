"""The index as a Prefect flow: the same as in one process, seen on the page of a real server."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cardcat.indexing import index
from cardcat.zones import computer_timezone
from tests.flows.conftest import Page
from tests.flows.test_other_flows import run, summary, table
from tests.support import fill, jpeg

INDEX = "index/index-daily"
FILES = {"a/IMG_1.JPG": jpeg(1), "a/IMG_1.XMP": b"<x/>", "b/copy.JPG": jpeg(1), "notes.txt": b"n"}
KEPT = {
    "file_locations": "name, size, role, status, evidence, content_id",
    "folders": "path",
    "locations": "role, index_mode, scan_state, total_file_count, total_byte_size",
    "media_files": "hash, camera_make, date_taken",
    "asset_groups": "kind, name",
    "duplicate_groups": "media_file_hash, total_copies",
    "index_rules": "includes, excludes, owner",
    "index_findings": "path, error_type",
}


def facts(catalog: Path) -> dict[str, list[tuple[Any, ...]]]:
    with closing(sqlite3.connect(catalog)) as c:
        return {
            name: sorted(c.execute(f"SELECT {columns} FROM {name}").fetchall())
            for name, columns in KEPT.items()
        }


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return fill(tmp_path / "library", FILES)


def test_the_flow_does_what_the_process_does(page: Page, library: Path, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog.db"
    done = page.cardcat("--catalog", catalog, "index", "--json", "--exclude", "*.tmp", library)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert [(each["path"], each["new"]) for each in answer["locations"]] == [(str(library), 4)]
    index([library], excludes=["*.tmp"], catalog=tmp_path / "other.db")
    assert facts(catalog) == facts(tmp_path / "other.db")

    made = page.ask(f"/flow_runs/{answer['flow_run_id']}")
    assert (made["name"], made["state"]["type"]) == ("index library", "COMPLETED")
    assert made["deployment_id"], "without a deployment the page can neither retry nor cancel it"
    assert made["state"]["message"] == "4 files in 1 folder: 4 new."
    (progress,) = page.artifacts(made["id"], "progress")
    assert progress["data"] == 100.0
    assert "**4 files in 1 folder: 4 new.**" in summary(page, made)
    with closing(sqlite3.connect(catalog)) as c:
        assert c.execute("SELECT flow_run_id FROM index_rules").fetchall() == [(made["id"],)]


def test_the_daily_run_takes_all_that_was_indexed_and_is_red_for_what_it_could_not_take(
    page: Page, library: Path, tmp_path: Path
) -> None:
    catalog = tmp_path / "catalog.db"
    index([library], catalog=catalog)
    fill(library, {"new.txt": b"new"})
    (library / "link").symlink_to("new.txt")
    state, made = run(page, INDEX, catalog=str(catalog))
    assert state == "FAILED"
    assert made["name"] == "index all libraries"
    assert made["state"]["message"] == "5 files in 1 folder: 1 new. 1 thing could not be taken in."
    assert "link" in table(page, made)
    (library / "link").unlink()
    state, made = run(page, INDEX, catalog=str(catalog))
    assert (state, made["state"]["message"]) == ("COMPLETED", "5 files in 1 folder: nothing has changed.")


def test_before_the_first_index_it_is_green_and_what_can_not_be_meant_is_red(
    page: Page, tmp_path: Path
) -> None:
    catalog = tmp_path / "nowhere" / "catalog.db"
    state, _ = run(page, INDEX, catalog=str(catalog))
    assert (state, catalog.parent.exists()) == ("COMPLETED", False)
    state, made = run(page, INDEX, paths=["relative"], catalog=str(catalog))
    assert state == "FAILED"
    assert "is not a full path" in made["state"]["message"]


def test_the_deployment_has_its_hour_and_a_form_that_explains_itself(page: Page) -> None:
    deployment = page.ask(f"/deployments/name/{INDEX}")
    (schedule,) = deployment["schedules"]
    assert schedule["schedule"]["timezone"] == computer_timezone()
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    assert deployment["tags"] == ["cardcat", "index"]
    for parameter in deployment["parameter_openapi_schema"]["properties"].values():
        assert parameter["description"]
        assert parameter["title"][0].isupper()
