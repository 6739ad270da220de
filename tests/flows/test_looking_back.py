"""What `cardcat sessions` says of runs, and what the page of a real server says of the same."""

from __future__ import annotations

import json
from typing import Any

from tests.flows.conftest import Page
from tests.support import Desk, fill, jpeg

WORDS = {"completed": "COMPLETED", "failed": "FAILED", "cancelled": "CANCELLED"}


def asked(page: Page, desk: Desk, *words: str) -> Any:
    answer = page.cardcat("--catalog", desk.catalog, "sessions", *words, "--json")
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def test_every_attempt_names_the_run_that_the_page_has_and_both_ended_alike(page: Page, desk: Desk) -> None:
    fill(desk.card, {"IMG_1.JPG": jpeg(1), "IMG_2.JPG": jpeg(2)})
    order = (
        "--catalog",
        desk.catalog,
        "backup",
        "--json",
        desk.card,
        desk.make("drive"),
        desk.folder / "gone",
    )
    first = json.loads(page.cardcat(*order).stdout)
    with desk.writing() as c:  # as if a file of it had failed
        for table in ("backup_sessions", "session_attempts"):
            c.execute(f"UPDATE {table} SET status = 'failed'")
        c.execute("UPDATE backup_items SET state = 'failed' WHERE source_path = 'IMG_2.JPG'")
    done = page.cardcat("--catalog", desk.catalog, "sessions", "rerun", "1", "--json")
    assert done.returncode == 0, done.stderr

    (listed,), shown = asked(page, desk, "list"), asked(page, desk, "show", "1")
    runs = [first["flow_run_id"], json.loads(done.stdout)["flow_run_id"]]
    assert [attempt["flow_run_id"] for attempt in shown["timeline"]] == runs
    assert (listed["flow_run_id"], shown["flow_run_id"]) == (runs[1], runs[1])
    assert listed["status"] == shown["status"] == "completed"
    for attempt in shown["timeline"]:
        state = page.ask(f"/flow_runs/{attempt['flow_run_id']}")["state"]["type"]
        assert state == WORDS[attempt["status"]]
        assert (
            attempt["page"] == f"{page.api_url.removesuffix('/api')}/runs/flow-run/{attempt['flow_run_id']}"
        )
    assert shown["page"] == shown["timeline"][1]["page"]
    said = page.cardcat("--catalog", desk.catalog, "sessions", "show", "1").stdout
    assert shown["page"] in said
