"""The nightly work as the page's own button starts it: checks, duplicates, the catalog's upkeep."""

from __future__ import annotations

import logging
import time
import urllib.error
from pathlib import Path
from typing import Any

import pytest

from cardcat.zones import computer_timezone
from tests.care.bad import rot
from tests.flows.conftest import Page
from tests.support import Desk, fill, jpeg

VERIFY, DUPLICATES, CATALOG = "verify/verify-nightly", "duplicates/duplicates-daily", "catalog/catalog-weekly"
CARD = {f"DCIM/{name}.JPG": jpeg(number) for number, name in enumerate("ABC")}
DAY = "2024/2024-05-01"


@pytest.fixture
def backed_up(desk: Desk) -> Desk:
    fill(desk.card, CARD)
    desk.backup("one", "two")
    return desk


def start(page: Page, name: str, **parameters: object) -> str:
    """Press Run; the id of the run."""
    deployment = page.ask(f"/deployments/name/{name}")
    order = {"state": {"type": "SCHEDULED"}, "parameters": parameters}
    return str(page.ask(f"/deployments/{deployment['id']}/create_flow_run", order)["id"])


def run(page: Page, name: str, **parameters: object) -> tuple[str, dict[str, Any]]:
    """Press Run and wait; the type of the state it ends in, and the run."""
    id_ = start(page, name, **parameters)
    return page.wait_for_end(id_), page.ask(f"/flow_runs/{id_}")


def summary(page: Page, made: dict[str, Any]) -> str:
    (artifact,) = page.artifacts(made["id"], "markdown")
    return str(artifact["data"])


def table(page: Page, made: dict[str, Any]) -> str:
    (artifact,) = page.artifacts(made["id"], "table")
    return str(artifact["data"])


def is_ours(line: dict[str, Any]) -> bool:
    """Not what Prefect's own engine says of every run that fails in a process of its own."""
    return not str(line["message"]).startswith("Engine execution exited")


def warnings(page: Page, made: dict[str, Any]) -> list[str]:
    """What the run's log says to a person; it comes some seconds after the end of the run."""
    wanted = {"logs": {"flow_run_id": {"any_": [made["id"]]}}}
    end = time.monotonic() + 60
    while time.monotonic() < end:
        lines = page.ask("/logs/filter", wanted)
        assert not [line["message"] for line in lines if "Traceback" in line["message"] and is_ours(line)]
        if found := [line["message"] for line in lines if line["level"] == logging.WARNING]:
            return found
        time.sleep(0.5)
    return []


def test_a_check_is_seen_on_the_page_and_in_the_catalog(page: Page, backed_up: Desk) -> None:
    state, made = run(page, VERIFY, budget="10m", catalog=str(backed_up.catalog))
    assert (state, made["state"]["message"]) == ("COMPLETED", "6 copies checked, all of them right.")
    assert made["name"] == "verify all drives, 10m"
    assert made["labels"]["cardcat.owner"]
    (progress,) = page.artifacts(made["id"], "progress")
    assert progress["data"] == 100.0
    assert "**6 copies checked, all of them right.**" in summary(page, made)
    assert backed_up.ask("SELECT count(*) FROM copy_checks") == [(6,)]


def test_a_damaged_copy_makes_the_run_red_and_is_named(page: Page, backed_up: Desk) -> None:
    bad, gone = (backed_up.folder / "one" / DAY / name for name in ("A.JPG", "B.JPG"))
    before = rot(bad)
    gone.unlink()
    state, made = run(page, VERIFY, where=str(backed_up.folder / "one"), catalog=str(backed_up.catalog))
    assert state == "FAILED"
    assert made["name"] == f"verify {backed_up.folder / 'one'}, 1h"
    assert "3 copies checked: 1 damaged, 1 missing." in made["state"]["message"]
    assert "cardcat repair --dry-run" in made["state"]["message"]
    rows = table(page, made)
    assert f"{DAY}/A.JPG" in rows
    assert f"{DAY}/B.JPG" in rows
    assert "C.JPG" not in rows
    assert f"cardcat repair --catalog {backed_up.catalog}" in summary(page, made)
    assert str(bad) in "\n".join(warnings(page, made))
    assert bad.read_bytes() == before
    assert backed_up.ask("SELECT trouble FROM copy_findings ORDER BY trouble") == [("damaged",), ("missing",)]


def test_a_check_that_is_cancelled_on_the_page_ends_as_cancelled(page: Page, backed_up: Desk) -> None:
    """In the middle of a film that takes minutes to read; most of it is a hole."""
    film, size = backed_up.folder / "one" / DAY / "A.JPG", 400_000_000_000
    with film.open("r+b") as file:
        file.truncate(size)
    with backed_up.writing() as c:
        c.execute("UPDATE file_locations SET size = ? WHERE name = 'A.JPG'", (size,))
    id_ = start(page, VERIFY, budget=None, where=str(film), catalog=str(backed_up.catalog))
    end = time.monotonic() + 120
    while not page.artifacts(id_, "progress") and time.monotonic() < end:
        time.sleep(0.2)
    page.ask(f"/flow_runs/{id_}/set_state", {"state": {"type": "CANCELLING"}})
    assert page.wait_for_end(id_) == "CANCELLED"
    assert backed_up.ask("SELECT count(*) FROM copy_checks") == [(0,)]
    assert backed_up.ask("SELECT count(*) FROM copy_findings") == [(0,)]


def test_the_form_refuses_what_is_no_budget_and_the_flow_says_it(page: Page, backed_up: Desk) -> None:
    with pytest.raises(urllib.error.HTTPError) as told:
        start(page, VERIFY, budget="soon", catalog=str(backed_up.catalog))
    assert told.value.code in (409, 422)
    state, made = run(page, VERIFY, budget="0s", catalog=str(backed_up.catalog))
    assert (state, made["state"]["message"]) == ("FAILED", "The budget '0s' is no length of time.")


def test_duplicates_are_counted(page: Page, backed_up: Desk) -> None:
    with backed_up.writing() as c:
        c.execute("UPDATE file_locations SET role = 'library' WHERE name IN ('A.JPG', 'B.JPG')")
    state, made = run(page, DUPLICATES, catalog=str(backed_up.catalog))
    wasted = len(CARD["DCIM/A.JPG"]) + len(CARD["DCIM/B.JPG"])
    assert state == "COMPLETED"
    assert made["name"] == "count duplicates"
    assert made["state"]["message"].startswith("2 files in 4 copies: ")
    assert backed_up.ask("SELECT count(*), sum(wasted_space_bytes) FROM duplicate_groups") == [(2, wasted)]
    assert f"{DAY}/A.JPG" in table(page, made)
    assert "| 2 | 2 | 0 | 0 |" in summary(page, made)


def test_the_catalog_is_looked_after(page: Page, backed_up: Desk) -> None:
    with backed_up.writing() as c:
        c.execute("UPDATE backup_sessions SET status = 'running' WHERE id = 1")
    where = {"catalog": str(backed_up.catalog), "keep": 1}
    state, made = run(page, CATALOG, **where)
    (first,) = (backed_up.folder / "backups").iterdir()
    assert (state, made["state"]["message"]) == (
        "COMPLETED",
        f"The catalog is sound, and copied to {first}.",
    )
    assert backed_up.ask("SELECT status FROM backup_sessions WHERE id = 1") == [("failed",)]
    words = summary(page, made)
    assert "sessions 1." in words
    assert f"cardcat catalog restore {first} --catalog {backed_up.catalog}" in words

    state, _ = run(page, CATALOG, **where)
    (second,) = (backed_up.folder / "backups").iterdir()
    assert (state, second != first) == ("COMPLETED", True)

    damage(backed_up.catalog)
    state, made = run(page, CATALOG, **where)
    assert state == "FAILED"
    assert "is damaged" in made["state"]["message"]
    assert "cardcat catalog restore" in "\n".join(warnings(page, made))
    assert list((backed_up.folder / "backups").iterdir()) == [second]


def damage(catalog: Path) -> None:
    with catalog.open("r+b") as file:
        file.seek(-4096, 2)
        file.write(b"\xee" * 4096)


def test_before_the_first_backup_all_of_it_is_green(page: Page, tmp_path: Path) -> None:
    catalog = tmp_path / "nowhere" / "catalog.db"
    begun = [start(page, name, catalog=str(catalog)) for name in (VERIFY, DUPLICATES, CATALOG)]
    assert [page.wait_for_end(id_) for id_ in begun] == ["COMPLETED"] * 3
    assert not catalog.parent.exists()


def test_two_of_one_kind_are_never_at_work_at_once(page: Page, backed_up: Desk) -> None:
    begun = [start(page, CATALOG, catalog=str(backed_up.catalog)) for _ in range(3)]
    ended = sorted(page.wait_for_end(id_) for id_ in begun)
    assert ended.count("COMPLETED") == len(list((backed_up.folder / "backups").iterdir()))
    assert ended.count("COMPLETED") + ended.count("CANCELLED") == 3
    assert "CANCELLED" in ended


@pytest.mark.parametrize("name", [VERIFY, DUPLICATES, CATALOG])
def test_the_deployments_have_hours_and_a_form_that_explains_itself(page: Page, name: str) -> None:
    deployment = page.ask(f"/deployments/name/{name}")
    (schedule,) = deployment["schedules"]
    assert schedule["schedule"]["timezone"] == computer_timezone()
    assert schedule["active"]
    assert deployment["global_concurrency_limit"]["limit"] == 1
    assert deployment["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    assert deployment["tags"] == ["cardcat", name.partition("/")[0]]
    for parameter in deployment["parameter_openapi_schema"]["properties"].values():
        assert parameter["description"]
        assert parameter["title"][0].isupper()
