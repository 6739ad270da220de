"""The backup as a Prefect flow: the same job as in one process, seen on the page of a real server."""

from __future__ import annotations

import json
import logging
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import Page
from tests.support import Desk, files_below, fill, jpeg

CARD = {
    "DCIM/100/IMG_1.JPG": jpeg(1),
    "DCIM/100/IMG_1.xmp": b"one",
    "DCIM/101/IMG_1.JPG": jpeg(2),
    "DCIM/101/IMG_2.JPG": jpeg(1),
    "PRIVATE/AVCHD/BDMV/INDEX.BDM": b"i",
    "text.jpg": b"no photo",
    ".DS_Store": b"d",
}

# What may differ between two runs of one job: when, where, under which number.
DIFFERS = set(
    "id uuid date_added created_at updated_at started_at completed_at duration_seconds verified_at ended_at "
    "first_seen_at last_seen_at attempt_started_at run_id flow_run_id owner free_bytes path name "
    "destination_path folder_id content_id session_id file_location_id location_id seconds".split()
)


def facts(catalog: Path, drive: Path) -> dict[str, list[tuple[str, ...]]]:
    """Every table's rows without what may differ, with the drive's own path taken out."""
    with closing(sqlite3.connect(catalog)) as c:
        tables = [name for (name,) in c.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        found = {}
        for table in tables:
            cursor = c.execute(f"SELECT * FROM {table}")
            keep = [n for n, column in enumerate(cursor.description) if column[0] not in DIFFERS]
            found[table] = sorted(
                tuple(str(row[n]).replace(str(drive), "DRIVE") for n in keep) for row in cursor
            )
    return found


@pytest.fixture(scope="module")
def run(page: Page, tmp_path_factory: pytest.TempPathFactory) -> tuple[Desk, dict[str, Any]]:
    """A desk with a card that was backed up as a flow, and what the command answered."""
    desk = Desk(tmp_path_factory.mktemp("flow"))
    fill(desk.card, CARD)
    drive = desk.make("drive")

    done = page.cardcat("--catalog", desk.catalog, "backup", "--json", "--timezone", "UTC", desk.card, drive)

    assert done.returncode == 0, done.stderr
    return desk, json.loads(done.stdout)


def test_the_flow_does_what_the_process_does(run: tuple[Desk, dict[str, Any]], tmp_path: Path) -> None:
    desk, answer = run
    direct = Desk(tmp_path)
    direct.backup(source=desk.card)

    assert answer["status"] == "completed"
    assert files_below(desk.folder / "drive") == files_below(direct.folder / "drive")
    assert facts(desk.catalog, desk.folder / "drive") == facts(direct.catalog, direct.folder / "drive")


def test_the_run_and_the_session_name_each_other(page: Page, run: tuple[Desk, dict[str, Any]]) -> None:
    desk, answer = run
    flow_run = page.ask(f"/flow_runs/{answer['flow_run_id']}")

    assert flow_run["name"] == "card to drive"
    assert flow_run["state"]["type"] == "COMPLETED"
    assert flow_run["deployment_id"], "without a deployment the page can neither retry nor cancel it"
    assert flow_run["labels"]["cardcat.sessions"] == "1"
    assert {"backup", "cardcat"} < set(flow_run["tags"])
    assert [tag.split(":")[0] for tag in flow_run["tags"]] == ["backup", "card", "cardcat", "drive"]
    assert desk.ask("SELECT flow_run_id FROM session_details") == [(answer["flow_run_id"],)]


def test_the_page_has_progress_and_a_summary_with_the_verdict(
    page: Page, run: tuple[Desk, dict[str, Any]]
) -> None:
    _, answer = run

    progress = page.artifacts(answer["flow_run_id"], "progress")
    summary = page.artifacts(answer["flow_run_id"], "markdown")

    assert [artifact["data"] for artifact in progress] == [100.0]
    assert "completed, 5 copied (" in progress[0]["description"]
    assert "Safe to format: no" in summary[0]["data"]  # card and drive share a volume here
    assert re.search(r"\| completed \| 5, \S+ KB \| 1 \| 0 \| 0 \|", summary[0]["data"])


def test_the_log_has_a_line_a_batch_and_none_a_file(page: Page, run: tuple[Desk, dict[str, Any]]) -> None:
    _, answer = run
    lines = page.log(answer["flow_run_id"], until="5 copied")
    said = "\n".join(line["message"] for line in lines)

    assert "card: 6 files, " in said
    assert "6 of 6 files to copy, " in said
    assert re.search(r"batch 1 of 1: 6 files, \d\S* \w+ in \d", said)
    assert not [name for name in CARD if name.rpartition("/")[2] in said]


def test_what_a_person_can_mend_is_a_warning_and_stands_in_a_table(page: Page, desk: Desk) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1)})
    (desk.card / "link").symlink_to("IMG_1.JPG")
    missing = desk.folder / "nothing"
    done = page.cardcat("--catalog", desk.catalog, "backup", "--json", desk.card, desk.make("drive"), missing)

    run = json.loads(done.stdout)["flow_run_id"]
    warnings = [
        line["message"] for line in page.log(run, until="1 copied") if line["level"] >= logging.WARNING
    ]
    (table,) = page.artifacts(run, "table")
    assert (
        f"The destination {missing} is not there: no such file or directory. Nothing was copied to it."
        in warnings
    )
    assert "What to do: Is the drive plugged in and mounted? If so, make the folder on it first." in warnings
    assert [line for line in warnings if "link" in line]
    assert [row["file"] for row in table["data"]] == ["link"]


def test_a_failed_session_is_a_failed_run(page: Page, desk: Desk) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1)})
    done = page.cardcat(
        "--catalog", desk.catalog, "backup", "--json", desk.card, desk.make("drive"), desk.folder / "nothing"
    )

    answer = json.loads(done.stdout)
    assert done.returncode == 10
    assert answer["status"] == "failed"
    assert page.ask(f"/flow_runs/{answer['flow_run_id']}")["state"]["type"] == "FAILED"


def test_a_worker_runs_the_deployment(page: Page, desk: Desk) -> None:
    """As the page's own button does it: a run is made from the deployment, and a worker takes it."""
    fill(desk.card, {"IMG_1.JPG": jpeg(1)})
    deployment = page.ask("/deployments/name/backup/backup")
    made = page.ask(
        f"/deployments/{deployment['id']}/create_flow_run",
        {
            "state": {"type": "SCHEDULED"},
            "parameters": {
                "source": str(desk.card),
                "destinations": [str(desk.make("drive"))],
                "catalog": str(desk.catalog),
            },
        },
    )

    state = page.wait_for_end(made["id"])

    assert state == "COMPLETED"
    assert len(desk.on()) == 1
    assert desk.ask("SELECT status FROM backup_sessions") == [("completed",)]


def test_without_a_server_the_backup_runs_and_says_so(page: Page, desk: Desk, tmp_path: Path) -> None:
    """A home that can't be written to, so that no server can be started in it."""
    fill(desk.card, {"IMG_1.JPG": jpeg(1)})
    blocked = tmp_path / "home"
    (blocked / ".local").mkdir(parents=True)
    (blocked / ".local/share").write_text("a file where the folder of the server would be")
    alone = Page(page.environment | {"HOME": str(blocked)}, "")

    done = alone.cardcat("--catalog", desk.catalog, "backup", "--json", desk.card, desk.make("drive"))

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["flow_run_id"] is None
    assert "without a page" in done.stderr
    assert len(desk.on()) == 1
