"""The catalog's upkeep, one task a step, and what its page shows of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prefect import State, task
from prefect.logging import get_run_logger

from cardcat import maintaining
from cardcat.catalog.upkeep import Kept
from cardcat.maintaining import Lost, Maintained, Tidied
from cardcat.summaries import space_line, upkeep_line, upkeep_summary
from tasks.page import Page
from tasks.policy import KEEP_NOTHING, RETRY_AFTER, is_worth_a_retry
from tasks.running import calmly

_STEP: dict[str, Any] = {
    "tags": ["cardcat"],
    "retries": len(RETRY_AFTER),
    "retry_delay_seconds": RETRY_AFTER,
    "retry_condition_fn": is_worth_a_retry,
    **KEEP_NOTHING,
}


@task(name="check", task_run_name="read the whole catalog", **_STEP)
def check(catalog: str | None) -> Path | State[Any]:
    """Read every page and row, and say where the catalog is."""
    return calmly(lambda: maintaining.check(catalog))


@task(name="end lost", task_run_name="end what nobody works on", **_STEP)
def end_lost(catalog: str | None) -> Lost | State[Any]:
    """End sessions and runs whose process is gone."""
    return calmly(lambda: maintaining.end_lost(catalog))


@task(name="copy catalog", task_run_name="copy the catalog and check the copy", **_STEP)
def copy(catalog: str | None, keep: int, to: Path | None) -> Kept | State[Any]:
    """Make one more copy; only when it was checked, the oldest go."""
    return calmly(lambda: maintaining.copy(catalog, keep=keep, to=to))


@task(name="tidy", task_run_name="statistics and free space", **_STEP)
def tidy(catalog: str | None) -> Tidied | State[Any]:
    """Keep it quick and small."""
    return calmly(lambda: maintaining.tidy(catalog))


def show(page: Page, done: Maintained, catalog: str | None) -> None:
    """Leave the summary with the way back, and say in the log what was done."""
    log = get_run_logger()
    log.info("%s", upkeep_line(done))
    log.info("%s", space_line(done.tidied))
    if done.lost.sessions or done.lost.runs:
        log.warning(
            "Ended, since their process is gone: %d sessions, %d runs. See: cardcat sessions list",
            len(done.lost.sessions),
            len(done.lost.runs),
        )
    page.markdown("summary", upkeep_summary(done, catalog))
    page.progress(100.0, upkeep_line(done))
