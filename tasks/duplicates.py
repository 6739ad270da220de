"""Duplicates: counted anew in one step, and shown."""

from __future__ import annotations

from typing import Any

from prefect import State, task
from prefect.logging import get_run_logger

from cardcat.counting import Counted, count_duplicates
from cardcat.summaries import duplicates_line, duplicates_summary, duplicates_table
from tasks.page import Page
from tasks.policy import KEEP_NOTHING, RETRY_AFTER, is_worth_a_retry
from tasks.running import calmly


@task(
    name="refresh",
    task_run_name="count duplicates",
    tags=["cardcat"],
    retries=len(RETRY_AFTER),
    retry_delay_seconds=RETRY_AFTER,
    retry_condition_fn=is_worth_a_retry,
    **KEEP_NOTHING,
)
def refresh(catalog: str | None) -> Counted | State[Any] | None:
    """Count anew. All of it is one transaction, so doing it again does no harm."""
    return calmly(lambda: count_duplicates(catalog))


def show(page: Page, counted: Counted, catalog: str | None) -> None:
    """Leave the largest groups as a table, and the summary."""
    get_run_logger().info("%s", duplicates_line(counted.refreshed.now))
    if counted.largest:
        page.table("largest", duplicates_table(counted.largest), "The largest duplicates")
    page.markdown("summary", duplicates_summary(counted.refreshed, catalog))
    page.progress(100.0, duplicates_line(counted.refreshed.now))
